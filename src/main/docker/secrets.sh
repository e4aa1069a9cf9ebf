#!/bin/sh
# The secrets of docker-compose.yml, in a volume. Runs as root, so that each file belongs to the one service that reads it.
#
#   secrets.sh make              draws what is missing, and writes the files that are made of it
#   secrets.sh new NAME          draws another one: postgres, redis, operator or grafana. What redis and operator had before
#                                counts as well until "forget"
#   secrets.sh forget            ends what counted before
#   secrets.sh shell             prints what a shell needs to use psql and redis-cli: eval "$(docker compose run --rm -T shell)"
#
# DATABASE_PARAMETERS, REDIS_SCHEME: what TLS adds to the URLs, see deploy.md.
set -eu
umask 077
dir=/secrets
cd "$dir"
chmod 0711 "$dir"

draw() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# file owner: standard input, put in place at once; an unchanged file is not touched
put() {
  cat > "$1.new"
  chown "$2" "$1.new"
  if cmp -s "$1.new" "$1" && [ "$(stat -c %u:%a "$1")" = "$2:600" ]; then rm "$1.new"; else mv -f "$1.new" "$1"; fi
}

write() {
  for name in postgres redis operator grafana; do
    if [ ! -s "$name" ]; then draw | put "$name" 0; fi
  done
  put grafana-password 472 < grafana
  printf 'postgres://keck:%s@postgres:5432/keck%s' "$(cat postgres)" "${DATABASE_PARAMETERS:-}" | put database-url 10001
  printf 'postgres://keck:%s@postgres:5432/keck_scratch%s' "$(cat postgres)" "${DATABASE_PARAMETERS:-}" | put scratch-url 10001
  printf '%s://keck:%s@redis:6379' "${REDIS_SCHEME:-redis}" "$(cat redis)" | put redis-url 10001
  {
    # without a password a client may only PING, which shows that Redis runs
    echo 'user default on nopass resetkeys resetchannels -@all +ping'
    # nodes speak through channels and store nothing; the last three are for doctor and for sentinels
    echo "user keck on resetkeys resetchannels &keck:* -@all +@pubsub +@connection +role +info +time $(passwords redis)"
    echo "user operator on ~* &* +@all $(passwords operator)"
  } | put users.acl 999
}

# hashes: the file is no list of passwords
passwords() {
  for file in "$1" "$1.before"; do
    if [ -s "$file" ]; then printf '#%s ' "$(sha256sum < "$file" | cut -d ' ' -f 1)"; fi
  done
}

case ${1:-make} in
  make)
    write
    ;;
  new)
    case ${2:-} in
      redis | operator) cp "$2" "$2.before" ;;
      postgres | grafana) ;;
      *) echo 'secrets.sh new: name one of postgres, redis, operator, grafana' >&2; exit 2 ;;
    esac
    draw | put "$2" 0
    write
    ;;
  forget)
    rm -f redis.before operator.before
    write
    ;;
  shell)
    echo "export PGPASSWORD=$(cat postgres) REDISCLI_AUTH=$(cat operator) GRAFANA_PASSWORD=$(cat grafana)"
    # redis-cli takes the password from the environment, and the name of the user from its arguments only
    echo 'redis-cli() { command redis-cli --user operator "$@"; }'
    ;;
  *)
    echo "secrets.sh: unknown command $1" >&2
    exit 2
    ;;
esac
