#!/bin/bash
# Makes the cluster on the first start, then becomes the server. Reads what the official image reads: POSTGRES_PASSWORD,
# POSTGRES_USER (postgres), POSTGRES_DB (the user's name), POSTGRES_HOST_AUTH_METHOD, PGDATA.
set -euo pipefail

if [ "${1:0:1}" = '-' ]; then set -- postgres "$@"; fi

if [ "$(id -u)" = 0 ] && [ "$1" = postgres ]; then
  mkdir -p "$PGDATA"
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

initialise() {
  local user=${POSTGRES_USER:-postgres}
  local database=${POSTGRES_DB:-$user}
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo 'POSTGRES_PASSWORD must be set, or POSTGRES_HOST_AUTH_METHOD=trust' >&2
    exit 1
  fi
  # What is lost with the machine before the first start has ended is made anew; no need to wait for the disk.
  initdb --no-sync --username="$user" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}")
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
  # Not to be reached by TCP before the database is there: a client that can connect may rely on it.
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses='' -c fsync=off" --wait start
  if [ "$database" != postgres ]; then
    psql --username="$user" --no-password --dbname=postgres --set=ON_ERROR_STOP=1 --set=name="$database" \
      <<< 'CREATE DATABASE :"name";'
  fi
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
}

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi

exec "$@"
