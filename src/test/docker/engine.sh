#!/usr/bin/env bash
# Runs an engine of Docker of its own, in namespaces of its own: its networks, ports, packet filter and mounts touch nothing of
# this machine, and all of it ends with this process. The socket is FOLDER/docker.sock; its networks are
# reached by nsenter at the one child of this process.
#
#   engine.sh FOLDER
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
export dir
exec unshare --net --mount --pid --fork --kill-child=KILL --mount-proc bash -euc '
  ip link set lo up
  mkdir -p "$dir/root"
  # layers of an image cannot lie on a file system of layers, so they are kept in memory there
  if [ "$(stat -fc %T "$dir")" = overlayfs ]; then mount -t tmpfs -o size=6g none "$dir/root"; fi
  exec dockerd --data-root "$dir/root" --exec-root "$dir/exec" -H "unix://$dir/docker.sock" --pidfile "$dir/engine.pid" \
    --bridge none --storage-driver overlay2 --oom-score-adjust 0
'
