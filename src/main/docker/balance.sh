#!/bin/sh
# nginx of docker-compose.yml: nginx.conf as it is, before whichever containers the services have now.
#
#   balance.sh run       starts nginx, and asks the resolver of Docker once a second which containers there are; when they have
#                        changed, nginx reads its configuration again, and nobody is cut
#   balance.sh health    whether nginx answers and the question above is still asked
#
#   KECK_NODES           the services: keck-node-1 keck-node-2 keck-node-3. All of them answer on port 3000, the first one alone
#                        on 3001, the second one on 3002, and so on
#   KECK_HOSTS           names of this server, separated by commas
#   KECK_PROXIES         addresses and networks of proxies before this one, separated by commas: from these the client's address
#                        is what X-Forwarded-For says
#   KECK_CERTIFICATE, KECK_CERTIFICATE_KEY   files for TLS; read again when they have changed
set -u
source=${KECK_NGINX_CONF:-/etc/keck/nginx.conf}
work=${KECK_WORK:-/tmp/keck}
nodes=${KECK_NODES:-keck-node-1 keck-node-2 keck-node-3}
certificate=${KECK_CERTIFICATE:-}
# Each reading leaves workers behind that end with their last connection. A container that starts again and again must not
# fill the memory with them: as many readings at once, then one a minute.
burst=10

addresses() { getent ahostsv4 "$1" | awk '$2 == "STREAM" { print $1 }' | sort -u; }

# What nginx.conf has for its upstream, without the servers
body() { awk '/^    upstream keck \{/ { on = 1; next } on && /^    \}/ { on = 0 } on && $1 != "server"' "$source"; }

upstream() { # name addresses...
  name=$1; shift
  printf 'upstream %s {\n%s\n' "$name" "$body"
  for address; do echo "        server $address:3000 max_fails=0;"; done
  if [ $# = 0 ]; then echo '        server 127.0.0.1:9 down; # no container'; fi
  echo '}'
}

# The part that changes
containers() {
  body=$(body)
  all=
  port=3001
  map='map $server_port $keck_nodes { default keck;'
  for node in $nodes; do
    # shellcheck disable=SC2046
    set -- $(addresses "$node")
    all="$all $*"
    upstream "$node" "$@"
    map="$map $port $node;"
    port=$((port + 1))
  done
  # shellcheck disable=SC2086
  upstream keck $all
  echo "$map }"
  if [ -n "${KECK_PROXIES:-}" ]; then
    for proxy in $(echo "$KECK_PROXIES" | tr , ' '); do echo "set_real_ip_from $proxy;"; done
    echo 'real_ip_header X-Forwarded-For; real_ip_recursive on;'
  fi
  if [ -n "$certificate" ]; then
    echo "ssl_certificate $certificate; ssl_certificate_key $KECK_CERTIFICATE_KEY;"
    cat "$certificate" "$KECK_CERTIFICATE_KEY" | cksum | sed 's/^/# /'
  fi
}

# The part that stays
main() {
  tls=; if [ -n "$certificate" ]; then tls=' ssl'; fi
  port=3000
  listen=
  for _ in main $nodes; do
    listen="$listen listen $port$tls\\1;"
    port=$((port + 1))
  done
  names=$(echo "${KECK_HOSTS:-}" | tr , ' ')
  awk '/^    upstream keck \{/ { on = 1 } !on; on && /^    \}/ { on = 0 }' "$source" |
    sed -e "s/listen 127\.0\.0\.1:3000\([^;]*\);/$listen/" \
      -e "s/server_name localhost/server_name localhost nginx $names/" \
      -e 's#proxy_pass http://keck;#proxy_pass http://$keck_nodes;#' \
      -e "s#^http {#http {\n    include $work/containers.conf;#"
}

prepare() {
  mkdir -p "$work"
  main > "$work/nginx.conf"
  containers > "$work/containers.conf"
}

watch() {
  credit=$burst
  turn=0
  while :; do
    sleep 1
    turn=$((turn + 1))
    if [ $((turn % 60)) = 0 ] && [ "$credit" -lt "$burst" ]; then credit=$((credit + 1)); fi
    touch "$work/beat"
    containers > "$work/containers.next"
    if cmp -s "$work/containers.next" "$work/containers.conf" || [ "$credit" = 0 ]; then continue; fi
    if ! grep -q ':3000 ' "$work/containers.next"; then continue; fi # none at all: the resolver is away, or everything is
    credit=$((credit - 1))
    cp "$work/containers.conf" "$work/containers.before"
    mv "$work/containers.next" "$work/containers.conf"
    if nginx -t -q -c "$work/nginx.conf"; then
      kill -HUP 1
      echo "balance.sh: nodes are now $(sed -n '/^upstream keck {/,/^}/s/^ *server \([0-9.]*\):3000 .*/\1/p' "$work/containers.conf" | tr '\n' ' ')"
    else
      echo 'balance.sh: nginx does not accept the new configuration; the one before it stays' >&2
      mv "$work/containers.before" "$work/containers.conf"
    fi
  done
}

case ${1:-run} in
  run)
    prepare
    watch &
    exec nginx -c "$work/nginx.conf" -g 'daemon off;'
    ;;
  prepare)
    prepare
    ;;
  health)
    scheme=http; if [ -n "$certificate" ]; then scheme=https; fi
    curl -kfsS -o /dev/null "$scheme://127.0.0.1:3000/health" && [ -n "$(find "$work/beat" -mmin -1)" ]
    ;;
  *)
    echo "balance.sh: unknown command $1" >&2
    exit 2
    ;;
esac
