#!/bin/sh
# web-build.sh FOLDER TARGET: builds the pages or scripts in src/main/FOLDER, and puts what its web/ has into TARGET.
# Without Node Keck is built without them, and says so; where CI=true that is an error.
set -eu
cd "$(dirname "$0")/$1"
target=$2

# fail MESSAGE: an error on CI, a remark elsewhere.
fail() {
  echo "src/main/$name: $1" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  echo "src/main/$name: Keck is built without it" >&2
  exit 0
}

name=$1
major=$({ node --version 2>/dev/null || true; } | sed -n 's/^v\([0-9]*\).*/\1/p')
[ "${major:-0}" -ge 20 ] || fail "Node 20 or newer is not installed"
command -v npm >/dev/null 2>&1 || fail "npm is not installed"

# npm writes this file last, so an interrupted installation is repeated.
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ package-lock.json -nt "$installed" ]; then
  npm ci --no-audit --no-fund --loglevel=error || fail "npm ci failed"
fi

built=node_modules/.built
if [ ! -d web ] || [ ! -f "$built" ] || [ -n "$(find . ../client/src ../../site/markdown -name node_modules -prune -o -name web -prune -o -name dist -prune -o -type f -newer "$built" -print)" ]; then
  npm run --silent build
  touch "$built"
fi
mkdir -p "$target"
cp -R web/. "$target/"
