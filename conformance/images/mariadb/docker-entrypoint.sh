#!/bin/bash
# Fills the data directory on the first start, then becomes the server. Reads what the official image reads:
# MARIADB_ROOT_PASSWORD (or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD), MARIADB_ROOT_HOST (%), MARIADB_DATABASE, MARIADB_USER,
# MARIADB_PASSWORD, and each of them with MYSQL_ instead.
set -euo pipefail

data=/var/lib/mysql
template=/usr/share/waybill/mariadb
first_statements=/run/mysqld/first.sql
if [ "${1:0:1}" = '-' ]; then set -- mariadbd "$@"; fi

if [ "$(id -u)" = 0 ] && [ "$1" = mariadbd ]; then
  chown -R mysql:mysql "$data" /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --init-groups "${BASH_SOURCE[0]}" "$@"
fi

root_password=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
root_host=${MARIADB_ROOT_HOST-${MYSQL_ROOT_HOST-%}}
may_be_empty=${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-${MYSQL_ALLOW_EMPTY_PASSWORD:-}}
database=${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}
user=${MARIADB_USER:-${MYSQL_USER:-}}
password=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/''/g")"; }

statements() {
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root_password");"
  if [ -n "$root_host" ] && [ "$root_host" != localhost ]; then
    echo "CREATE USER 'root'@$(quoted "$root_host") IDENTIFIED BY $(quoted "$root_password");"
    echo "GRANT ALL ON *.* TO 'root'@$(quoted "$root_host") WITH GRANT OPTION;"
  fi
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
  if [ -n "$user" ] && [ -n "$password" ]; then
    echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
    if [ -n "$database" ]; then echo "GRANT ALL ON \`${database//_/\\_}\`.* TO $(quoted "$user")@'%';"; fi
  fi
}

initialise() {
  if [ -z "$root_password$may_be_empty" ]; then
    echo 'MARIADB_ROOT_PASSWORD must be set, or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD' >&2
    exit 1
  fi
  # What mariadb-install-db made when the image was built.
  cp --archive "$template/." "$data"
  statements > "$first_statements"
}

# The first server runs the statements before it lets anyone in: a client that can connect may rely on users and database.
if [ "$1" = mariadbd ] && [ ! -d "$data/mysql" ]; then
  initialise
  set -- "$@" --init-file="$first_statements"
fi

exec "$@"
