#!/bin/sh
# The pages of a generated store and of real sessions in a real browser. SHOTS: a
# directory for screenshots, to be looked at by eye.
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
git init -q --bare "$scratch/large.git"
pacegate install "$scratch/large.git" >/dev/null
python3 "$here/generate.py" 60 200 |
	pacegate import --repo "$scratch/large.git" >/dev/null
# shellcheck source=tests/web/story.sh
. "$here/story.sh"
server=""
# shellcheck disable=SC2154,SC2086 # of story.sh; a list
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
# serve REPO: its address in $url.
serve() {
	port=$(python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
	pacegate serve --repo "$1" --listen "127.0.0.1:$port" \
		>"$scratch/served.$port" 2>&1 &
	server="$server $!"
	waited 20 grep -q serving "$scratch/served.$port"
	url="http://127.0.0.1:$port"
}
serve "$scratch/large.git"
large=$url
serve "$bare"
# shellcheck disable=SC2154
timeout 400 node "$here/pages.mjs" "$modules" "$large" "$url" \
	"$slow,$broken,$hostile" ${SHOTS:+"$SHOTS"}
