#!/bin/bash
# Fills the data directory on the first start, then becomes the server. Reads what the official image reads:
# MYSQL_ROOT_PASSWORD (or MYSQL_ALLOW_EMPTY_PASSWORD), MYSQL_ROOT_HOST (%), MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD.
set -euo pipefail

data=/var/lib/mysql
template=/usr/share/waybill/mysql
first_statements=/var/run/mysqld/first.sql
if [ "${1:0:1}" = '-' ]; then set -- mysqld "$@"; fi

if [ "$(id -u)" = 0 ] && [ "$1" = mysqld ]; then
  chown -R mysql:mysql "$data" /var/run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --init-groups "${BASH_SOURCE[0]}" "$@"
fi

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/''/g")"; }

statements() {
  local host password
  host=$(quoted "${MYSQL_ROOT_HOST-%}")
  password=$(quoted "${MYSQL_ROOT_PASSWORD:-}")
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
  if [ -n "${MYSQL_ROOT_HOST-%}" ] && [ "${MYSQL_ROOT_HOST-%}" != localhost ]; then
    echo "CREATE USER 'root'@$host IDENTIFIED BY $password;"
    echo "GRANT ALL ON *.* TO 'root'@$host WITH GRANT OPTION;"
  fi
  if [ -n "${MYSQL_DATABASE:-}" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"; fi
  if [ -n "${MYSQL_USER:-}" ] && [ -n "${MYSQL_PASSWORD:-}" ]; then
    echo "CREATE USER $(quoted "$MYSQL_USER")@'%' IDENTIFIED BY $(quoted "$MYSQL_PASSWORD");"
    if [ -n "${MYSQL_DATABASE:-}" ]; then
      echo "GRANT ALL ON \`${MYSQL_DATABASE//_/\\_}\`.* TO $(quoted "$MYSQL_USER")@'%';"
    fi
  fi
}

initialise() {
  if [ -z "${MYSQL_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-}" ]; then
    echo 'MYSQL_ROOT_PASSWORD must be set, or MYSQL_ALLOW_EMPTY_PASSWORD' >&2
    exit 1
  fi
  # What `mysqld --initialize-insecure` made when the image was built; the server gives itself an identity of its own.
  cp --archive "$template/." "$data"
  rm -f "$data/auto.cnf"
  statements > "$first_statements"
}

# The first server runs the statements before it lets anyone in: a client that can connect may rely on users and database.
if [ "$1" = mysqld ] && [ ! -d "$data/mysql" ]; then
  initialise
  set -- "$@" --init-file="$first_statements"
fi

exec "$@"
