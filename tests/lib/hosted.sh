# Sourced after tap.sh: a repository whose verdicts go to tests/lib/host-server.
host="$scratch/host"
token="hush-${scratch##*.}"
mkdir "$host"
server=
serve() {
	"$here/../lib/host-server" "$host" 2>"$host/log" &
	server=$!
	waited 10 test -e "$host/port" || echo "# the server did not start"
}
unserve() { [ -z "$server" ] || kill "$server" 2>/dev/null; server=; rm -f "$host/port"; }
# Worker and deliverer of the repository, by where they are and what they say.
ours() {
	for file in $(grep -asl pacegate /proc/[0-9]*/cmdline); do
		proc=${file%/cmdline}
		case $({ tr '\0' ' ' <"$file"; } 2>/dev/null) in
		*"pacegate deliver --repo $bare"* | \
			*"pacegate work --repo $bare"*) ;;
		*"pacegate work "*)
			[ "$(readlink "$proc/cwd" 2>/dev/null)" = "$bare" ] ||
				continue ;;
		*) continue ;;
		esac
		echo "${proc#/proc/}"
	done
}
no_ours() { [ -z "$(ours)" ]; }
die() { ours | while read -r pid; do kill -9 "$pid" 2>/dev/null; done; }
trap 'unserve; die; waited 5 no_ours; rm -rf "$scratch"' EXIT
configure() { git -C "$bare" config "$@"; }
# Requests so far that are like all of these.
requests() {
	python3 - "$host/requests" "$@" <<'END'
import json, os, sys
lines = open(sys.argv[1]) if os.path.exists(sys.argv[1]) else []
for line in lines:
    if all(word in line for word in sys.argv[2:]):
        print(line, end="")
END
}
count() { requests "$@" | wc -l | tr -d ' '; }
# The states that HEAD had, in order.
states() { requests "statuses/$(git rev-parse HEAD)" |
	sed 's/.*"state": "\([a-z]*\)".*/\1/' | tr '\n' ' '; }
deliver() {
	for _ in $(seq 100); do
		pacegate deliver --repo "$bare" "$@" >"$scratch/deliver.out" 2>&1
		grep -q 'another process' "$scratch/deliver.out" || break
		sleep 0.1
	done
	cat "$scratch/deliver.out"
}
ends() { settle; deliver >/dev/null; }
outbox() { pacegate status --repo "$bare" --json |
	python3 -c 'import json, sys; print(len(json.load(sys.stdin)["outbox"]))'; }


# hosted NAME: the server, and a repository that posts there.
hosted() {
	[ -n "$server" ] || serve
	new_repo "$1"
	pacegate install "$bare" --gate main >/dev/null 2>&1
	planted
	configure pacegate.refs/heads/main.mode report
	(umask 077 && echo "$token" >"$scratch/token")
	configure pacegate-host.type github
	configure pacegate-host.url "http://127.0.0.1:$(cat "$host/port")"
	configure pacegate-host.project team/ssl
	configure pacegate-host.tokenFile "$scratch/token"
}
