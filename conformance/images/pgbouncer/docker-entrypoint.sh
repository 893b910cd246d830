#!/bin/bash
# Writes the configuration and becomes PgBouncer, for every database of one server. Reads UPSTREAM_HOST, UPSTREAM_PORT,
# PGBOUNCER_USER and PGBOUNCER_PASSWORD (the same for clients and server), PGBOUNCER_SETTINGS (lines of `name = value`).
set -euo pipefail

folder=/etc/pgbouncer
doubled() { printf '%s' "${1//\"/\"\"}"; }

printf '"%s" "%s"\n' "$(doubled "$PGBOUNCER_USER")" "$(doubled "$PGBOUNCER_PASSWORD")" > "$folder/userlist.txt"
cat > "$folder/pgbouncer.ini" << END
[databases]
* = host=$UPSTREAM_HOST port=$UPSTREAM_PORT

[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/userlist.txt
admin_users = $PGBOUNCER_USER
${PGBOUNCER_SETTINGS:-}
END
chown -R postgres:postgres "$folder"

exec setpriv --reuid=postgres --regid=postgres --init-groups pgbouncer "$folder/pgbouncer.ini"
