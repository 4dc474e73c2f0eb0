#!/bin/sh
# The pages of a generated store in a real browser. SHOTS: a directory for
# screenshots, to be looked at by eye.
. "$(dirname "$0")/../lib/tap.sh"

modules=${PACEGATE_MODULES:-$build/web}
mkdir -p "$modules"
cp "$here/package.json" "$here/package-lock.json" "$modules"
(cd "$modules" && npm ci --no-audit --no-fund) >"$scratch/npm" 2>&1 || {
	sed 's/^/# /' "$scratch/npm"
	echo "not ok 1 - the browser's driver could not be installed"
	echo "1..1"
	exit 1
}
git init -q --bare "$scratch/project.git"
pacegate install "$scratch/project.git" >/dev/null
python3 "$here/generate.py" 60 200 |
	pacegate import --repo "$scratch/project.git" >/dev/null
port=$(python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
pacegate serve --repo "$scratch/project.git" --listen "127.0.0.1:$port" \
	>"$scratch/served" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
waited 10 grep -q serving "$scratch/served"
timeout 300 node "$here/pages.mjs" "$modules" "http://127.0.0.1:$port" \
	${SHOTS:+"$SHOTS"}
