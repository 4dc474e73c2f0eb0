#!/bin/sh
# `pacegate serve` against clients that are slow, broken, hostile and many, while
# its store is written to.
. "$(dirname "$0")/../lib/tap.sh"

git init -q --bare "$scratch/project.git"
pacegate install "$scratch/project.git" >/dev/null
python3 "$here/generate.py" 1000 20 |
	pacegate import --repo "$scratch/project.git" >/dev/null 2>&1
port=$(python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
pacegate serve --repo "$scratch/project.git" --listen "127.0.0.1:$port" \
	>"$scratch/served" 2>&1 &
server=$!
waited 20 grep -q serving "$scratch/served"
while sleep 0.5; do
	python3 "$here/generate.py" 3 10 |
		pacegate import --repo "$scratch/project.git" >/dev/null 2>&1
done &
writer=$!
trap 'kill $server $writer 2>/dev/null; rm -rf "$scratch"' EXIT
timeout 280 python3 "$here/clients.py" "$port" "$server"
