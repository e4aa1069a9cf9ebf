#!/bin/sh
# Prints the base images and those of docker-compose.yml by digest, as the registry has them now, so that what was tried is what is
# run: sh src/main/docker/pin.sh > docker-compose.override.yml, and for the build the three lines with --build-arg, which are comments.
#
#   DOCKER     the client, which has to reach the registry (docker)
#
# An image that has no digest is an error, and nothing of use is printed then.
set -eu
cd "$(dirname "$0")/../../.."
docker=${DOCKER:-docker}

# The digest of an image of a registry: of the list for all architectures where there is one
digest() {
  $docker pull -q "$1" > /dev/null
  found=$($docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" | grep -m 1 '@sha256:') || {
    echo "pin.sh: $1 has no digest: it did not come from a registry" >&2
    exit 1
  }
  echo "$found"
}

web=$(digest "$(sed -n 's/^ARG WEB_IMAGE=//p' src/main/docker/Dockerfile)")
build=$(digest "$(sed -n 's/^ARG BUILD_IMAGE=//p' src/main/docker/Dockerfile)")
run=$(digest "$(sed -n 's/^ARG RUN_IMAGE=//p' src/main/docker/Dockerfile)")
services=$(awk '
  /^services:/ { on = 1; next }
  on && /^[a-z]/ { on = 0 }
  on && /^  [a-z][a-z0-9-]*:/ { name = $1; sub(/:.*/, "", name); if ($2 ~ /^&/) anchor[substr($2, 2)] = name }
  on && /^    <<: \*/ && substr($2, 2) in anchor { print name, image[anchor[substr($2, 2)]] }
  on && /^    image: [a-z]/ { image[name] = $2; print name, $2 }' docker-compose.yml)
pinned=$(echo "$services" | while read -r name image; do
  found=$(digest "$image")
  printf '  %s:\n    image: %s\n' "$name" "$found"
done)
echo "# pinned at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
echo "# --build-arg WEB_IMAGE=$web"
echo "# --build-arg BUILD_IMAGE=$build"
echo "# --build-arg RUN_IMAGE=$run"
echo 'services:'
echo "$pinned"
