#!/bin/sh
# perf: timeout=30s
# 1 MB of random data through a pipe and a checksum; the span is `transfer`.
set -eu
data=$(mktemp)
head -c 1048576 /dev/urandom >"$data"
events=${PERF_EVENTS:-/dev/null}
echo "start transfer" >"$events"
cat "$data" | sha256sum >/dev/null
echo "end transfer" >"$events"
rm -f "$data"
