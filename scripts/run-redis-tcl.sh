#!/bin/sh
# Runs tests/integration/aof.tcl of a Redis checkout with aofkit's redis-check-aof and redis-check-rdb in place of its own.
#
#   scripts/run-redis-tcl.sh REDIS_CHECKOUT [SERVER_BIN] [TEST…]
#
# REDIS_CHECKOUT: a folder with Redis' source; nothing in it is changed. SERVER_BIN: a folder with redis-server, redis-cli and
# redis-benchmark (default: redis-8.6 where the tests look for servers). TEST: units (default: integration/aof).
# Needs tclsh and a build of this project (npm run build).
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
checkout=$(cd "${1:?usage: run-redis-tcl.sh REDIS_CHECKOUT [SERVER_BIN] [TEST...]}" && pwd)
shift
servers=${AOFKIT_SERVERS:-$HOME/.cache/persistence-servers}
bin=${1:-$servers/redis-8.6/bin}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- integration/aof

[ -f "$here/dist/src/compat/check-aof.js" ] || { echo "build first: npm run build" >&2; exit 1; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/aofkit-tcl-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cp -R "$checkout/tests" "$checkout/runtest" "$scratch/"
[ -f "$checkout/redis.conf" ] && cp "$checkout/redis.conf" "$scratch/"
mkdir "$scratch/src"
for name in redis-server redis-cli redis-benchmark; do ln -s "$bin/$name" "$scratch/src/$name"; done
ln -s redis-server "$scratch/src/redis-sentinel"
ln -s "$here/bin/check-aof.js" "$scratch/src/redis-check-aof"
ln -s "$here/bin/check-rdb.js" "$scratch/src/redis-check-rdb"

cd "$scratch"
# Not as many servers at once as the runner would start by itself: the tests measure times.
set -- $(for unit in "$@"; do printf -- '--single %s ' "$unit"; done)
./runtest --clients 2 "$@"
