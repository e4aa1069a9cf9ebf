#!/bin/sh
# Backups of docker-compose.yml, in the volume "backups". Runs in the image of PostgreSQL, whose programs fit the server.
#
#   backup.sh dump               writes keck-TIME.dump, and removes all but the newest KECK_BACKUPS (7)
#   backup.sh restore            restores the newest dump into the database keck_scratch, for a drill
#   backup.sh forget             removes that database
set -eu
dir=${KECK_BACKUP_DIR:-/backups}
keep=${KECK_BACKUPS:-7}
scratch=keck_scratch
if [ -r /secrets/postgres ]; then PGPASSWORD=$(cat /secrets/postgres); export PGPASSWORD; fi

# Names have the time in them, so their order is that of time.
newest() { ls "$dir"/keck-*.dump 2> /dev/null | sort | tail -n 1; }

case ${1:-} in
  dump)
    case $keep in '' | *[!0-9]* | 0) echo 'backup.sh: KECK_BACKUPS has to be a number above 0' >&2; exit 2 ;; esac
    file=$dir/keck-$(date -u +%Y%m%dT%H%M%SZ).dump
    rm -f "$dir"/keck-*.part # of a backup that was cut
    pg_dump -Fc -f "$file.part"
    sync "$file.part"
    mv "$file.part" "$file"
    ls "$dir"/keck-*.dump | sort -r | tail -n +$((keep + 1)) | while read -r old; do rm "$old"; done
    echo "$file"
    ;;
  restore)
    dropdb --if-exists "$scratch"
    file=$(newest)
    if [ -z "$file" ]; then echo "backup.sh: there is no dump in $dir" >&2; exit 1; fi
    createdb -T template0 -E UTF8 "$scratch"
    if ! pg_restore --exit-on-error --no-owner --no-privileges -d "$scratch" "$file"; then
      dropdb "$scratch" # the drill that follows says that there is nothing
      exit 1
    fi
    ;;
  forget)
    dropdb --if-exists "$scratch"
    ;;
  *)
    echo "backup.sh: unknown command ${1:-}" >&2
    exit 2
    ;;
esac
