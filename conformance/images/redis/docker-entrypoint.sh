#!/bin/bash
# Becomes the server, as the official image does: settings are arguments, data lie in /data.
set -euo pipefail

if [ "${1:0:1}" = '-' ]; then set -- redis-server "$@"; fi

# Without settings the server of the packages would listen to its own container only.
if [ "$1" = redis-server ]; then set -- "$@" --bind '* -::*' --protected-mode no --dir /data; fi

if [ "$(id -u)" = 0 ]; then
  chown -R redis:redis /data
  exec setpriv --reuid=redis --regid=redis --init-groups "$@"
fi

exec "$@"
