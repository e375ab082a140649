# A private server in a directory of its own, reached by its socket only. It prints the directory when the
# server has begun, begins it again for each line of its input, and ends it when its input ends, however the tests end.
set -eu
directory=$(mktemp -d "${TMPDIR:-/tmp}/counterseal-postgres-XXXXXX")
trap 'rm -rf "$directory"' EXIT
initdb --pgdata="$directory/data" --username=test --auth=trust --encoding=UTF8 --no-locale --no-sync >"$directory/log"
servers=
begin() {
    postgres -D "$directory/data" -k "$directory" -c listen_addresses= -c max_connections=500 \
        -c fsync=off -c full_page_writes=off >>"$directory/log" 2>&1 &
    servers="$servers $!"
}
begin
echo "$directory"
while read -r _; do begin; done
# A test may have killed some.
for server in $servers; do
    kill -INT "$server" 2>/dev/null || true
    wait "$server" || true
done
