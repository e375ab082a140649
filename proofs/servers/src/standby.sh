# A standby of the server whose directory is $1, in a directory of its own that it prints; it ends when its input ends.
set -eu
directory=$(mktemp -d "${TMPDIR:-/tmp}/counterseal-standby-XXXXXX")
trap 'rm -rf "$directory"' EXIT
pg_basebackup --host="$1" --username=test --pgdata="$directory/data" --write-recovery-conf --checkpoint=fast --no-sync
postgres -D "$directory/data" -k "$directory" -c listen_addresses= -c max_connections=500 -c hot_standby=on \
    -c fsync=off -c full_page_writes=off >>"$directory/log" 2>&1 &
server=$!
echo "$directory"
cat >/dev/null
# A test may have killed it.
kill -INT "$server" 2>/dev/null || true
wait "$server" || true
