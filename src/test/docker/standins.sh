#!/usr/bin/env bash
# Makes images with the names that docker-compose.yml and the Dockerfile use, for machines that reach no registry: of the
# programs that Debian's packages have installed here, of a JDK, and of PostgreSQL and node_exporter, whose packages are fetched
# and not installed. Instead of Grafana there is a web server that says it is well.
#
#   standins.sh FOLDER         FOLDER keeps the packages of PostgreSQL and the tree for the next time
#
#   DOCKER     the client
#   JAVA_HOME  the JDK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
docker=${DOCKER:-docker} java=${JAVA_HOME:?} work=${1:?folder}
mkdir -p "$work"
work=$(cd "$work" && pwd)
root=$work/root
export DOCKER_BUILDKIT=0 LC_ALL=C

if [ ! -e "$work/complete" ]; then
  rm -rf "$root"
  mkdir -p "$root"/{usr/{bin,sbin,lib,lib64},etc/ssl/certs,run/postgresql,tmp,var/{cache/nginx,log/nginx,lib/nginx,lib/postgresql/data},root,proc,sys,dev,prometheus,data}
  for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
  ln -s ../run "$root/var/run"
  chmod 1777 "$root/tmp"

  # Files of a package as a list, those of /bin and /lib at their place below /usr
  files() { { dpkg-query -L "$@" 2> /dev/null || true; } | grep -vE '^/(usr/share/(doc|man|info|locale|lintian|bug|bash-completion)|var/lib|etc/(init.d|cron|logrotate|default|systemd|apparmor)|(usr/)?lib/systemd)(/|$)' |
    while read -r file; do if [ ! -d "$file" ] || [ -L "$file" ]; then readlink -m "$(dirname "$file")" | sed "s#\$#/$(basename "$file")#"; fi; done | sort -u; }
  files libc6 bash dash coreutils sed grep mawk findutils diffutils util-linux passwd procps hostname libc-bin gzip tar curl wget \
    redis-server redis-tools nginx nginx-light nginx-core nginx-common prometheus > "$work/files"
  # redis-server of Debian is a link to the program of redis-tools; awk and which are links as well
  tar -C / -cf - --ignore-failed-read -T "$work/files" 2> /dev/null | tar -C "$root" -xf -
  for program in awk which; do ln -sf "$(readlink -f "$(command -v $program)")" "$root/usr/bin/$program"; done

  version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
  mkdir -p "$work/debs/partial"
  apt-get install -y -q --no-install-recommends --download-only -o Debug::NoLocking=1 -o "Dir::Cache::archives=$work/debs" \
    "postgresql-$version" "postgresql-client-$version" prometheus-node-exporter > "$work/apt.log" 2>&1
  mkdir -p "$work/postgresql"
  for deb in "$work"/debs/*.deb; do
    case $deb in *libllvm* | *libz3* | *ssl-cert* | *perl*) ;; *) dpkg-deb -x "$deb" "$work/postgresql" ;; esac
  done
  # not into the tree: a package with files in /lib would put a folder in place of that link
  for deb in "$work"/debs/prometheus-node-exporter_*.deb; do [ ! -e "$deb" ] || dpkg-deb -x "$deb" "$work/exporter"; done
  if [ -d "$work/exporter" ]; then PATH=$work/exporter/usr/bin:$PATH; fi
  cp "$(command -v prometheus-node-exporter)" "$root/usr/bin/"
  # what is installed already was not fetched
  for package in "postgresql-$version" "postgresql-client-$version"; do
    if ! ls "$work"/debs/"${package}"_* > /dev/null 2>&1; then
      files "$package" | tar -C / -cf - -T - 2> /dev/null | tar -C "$work/postgresql" -xf -
    fi
  done
  cp -a "$work/postgresql/usr/lib/postgresql" "$root/usr/lib/"
  mkdir -p "$root/usr/share"
  cp -a "$work/postgresql/usr/share/postgresql" "$root/usr/share/"
  rm -rf "$root/usr/lib/postgresql/$version/lib/bitcode" "$root/usr/lib/postgresql/$version/lib"/llvmjit*
  ln -s "/usr/lib/postgresql/$version" "$root/opt-postgresql"
  cp -a "$work"/postgresql/usr/lib/*-linux-*/lib*.so* "$root/usr/lib/" 2> /dev/null || true

  mkdir -p "$root/opt/java"
  (cd "$java" && tar -chf - --exclude=jmods --exclude=./lib/src.zip --exclude=demo --exclude=man --exclude=./lib/ct.sym --exclude=legal . 2> /dev/null || true) |
    tar -C "$root/opt/java" -xf -
  if [ -e /etc/ssl/certs/ca-certificates.crt ]; then cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"; fi

  # The libraries of all programs, where the loader looks for them
  find "$root" -type f \( -perm -u+x -o -name '*.so*' \) -print0 |
    { LD_LIBRARY_PATH="$(echo "$work"/postgresql/usr/lib/*-linux-*):$java/lib:$java/lib/server" xargs -0 ldd 2> /dev/null || true; } |
    sed -n 's/^.*=> \(\/[^ ]*\) (.*/\1/p; s/^\s*\(\/[^ ]*ld-linux[^ ]*\) (.*/\1/p' | grep -vE "^($root|$java|$work)" | sort -u > "$work/libraries"
  while read -r library; do
    target=$root$(readlink -f "$(dirname "$library")")/$(basename "$library")
    mkdir -p "$(dirname "$target")"
    [ -e "$target" ] || cp -L "$library" "$target"
  done < "$work/libraries"

  cat > "$root/etc/passwd" <<'P'
root:x:0:0:root:/root:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
nginx:x:101:101::/nonexistent:/usr/sbin/nologin
postgres:x:999:999::/var/lib/postgresql:/bin/bash
redis:x:999:999::/data:/usr/sbin/nologin
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
P
  cat > "$root/etc/group" <<'P'
root:x:0:
www-data:x:33:
nginx:x:101:
postgres:x:999:
redis:x:999:
nogroup:x:65534:
P
  printf 'root:*:19000:0:99999:7:::\n' > "$root/etc/shadow"
  cp /etc/login.defs "$root/etc/" 2> /dev/null || true
  echo '127.0.0.1 localhost' > "$root/etc/hosts"
  echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
  chown 999:999 "$root/run/postgresql" "$root/var/lib/postgresql" "$root/var/lib/postgresql/data" "$root/data"
  chmod 3777 "$root/run/postgresql"
  chown 65534:65534 "$root/prometheus"
  ln -sf /dev/stdout "$root/var/log/nginx/access.log"
  ln -sf /dev/stderr "$root/var/log/nginx/error.log"
  touch "$work/complete"
fi

tar -C "$root" --numeric-owner -cf - . | $docker import - keck-standin:latest > /dev/null

build() { # tag, then lines of a Dockerfile from standard input
  mkdir -p "$work/context"
  cp "$here/postgres-entrypoint.sh" "$work/context/"
  { echo 'FROM keck-standin:latest'; cat; } > "$work/context/Dockerfile"
  $docker build -q -t "$1" "$work/context" > /dev/null
}
for tag in 21-jdk 21-jre; do
  build "eclipse-temurin:$tag" <<'D'
ENV JAVA_HOME=/opt/java PATH=/opt/java/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
D
done
build postgres:16 <<'D'
ENV PATH=/opt-postgresql/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data
COPY postgres-entrypoint.sh /usr/local/bin/
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint.sh"]
CMD ["postgres"]
D
build redis:7 <<'D'
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
D
build nginx:1.28 <<'D'
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
D
build prom/prometheus:v3.5.0 <<'D'
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
D
build prom/node-exporter:v1.9.1 <<'D'
USER nobody
ENTRYPOINT ["/usr/bin/prometheus-node-exporter"]
D
build grafana/grafana:12.1.0 <<'D'
RUN mkdir -p /tmp/grafana && printf 'error_log /dev/stderr; pid /tmp/nginx.pid; daemon off;\nevents {}\nhttp { access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;\nserver { listen 3000; return 200 "well"; } }\n' > /etc/grafana-standin.conf
USER 472
ENTRYPOINT ["nginx", "-c", "/etc/grafana-standin.conf"]
D
