#!/bin/sh
# Verdicts reach the hosting service: real pushes, planted values, and a small
# service of our own (tests/lib/host-server); tests/host/ has the published
# descriptions of the real ones.
. "$(dirname "$0")/../lib/tap.sh"
umask 022

host="$scratch/host"
mkdir "$host"
server=
serve() {
	"$here/../lib/host-server" "$host" 2>"$host/log" &
	server=$!
	waited 10 test -e "$host/port" || echo "# the server did not start"
}
unserve() { [ -z "$server" ] || kill "$server" 2>/dev/null; server=; rm -f "$host/port"; }
trap 'unserve; rm -rf "$scratch"' EXIT
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
# said STATE: what the last status was of HEAD.
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

serve
new_repo deliver
pacegate install "$bare" --gate main >/dev/null 2>&1
planted
configure pacegate.refs/heads/main.mode report
(umask 077 && echo hush-hush-token >"$scratch/token")
configure pacegate-host.type github
configure pacegate-host.url "http://127.0.0.1:$(cat "$host/port")"
configure pacegate-host.project team/ssl
configure pacegate-host.tokenFile "$scratch/token"
configure pacegate-host.pages "https://perf.example.org/"

plant a=30 b=10
commit "Two tests"
push origin main
ok "a push is taken" is "$pushed" taken
ends
ok "its commit is pending, then success" is "$(states)" "pending success "
ok "with the token" test "$(count statuses 'Bearer hush-hush-token')" = 2
ok "under one context" test "$(count statuses '"context": "pacegate"')" = 2
ok "with a link to its page" test \
	"$(count "https://perf.example.org/commit/$(git rev-parse HEAD)")" = 2
ok "a first baseline is no news for a comment" is "$(count comments)" 0
ok "nothing is left" is "$(outbox)" 0

plant a=39 b=5
commit "Slower, and @all <img src=x>"
push origin main
ends
ok "a regression is failure" is "$(states)" "pending failure "
ok "and says what" test "$(count failure 'severe: perf/a: ' 'than at')" = 1
ok "it is commented once" is "$(count '"POST"' "commits/$(git rev-parse HEAD)/comments")" 1
requests '"POST"' /comments |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["body"]["body"])' \
		>"$scratch/comment"
shown="$scratch/comment"
ok "with absolute and relative change" grep -qE \
	'^\| `perf/a` \| (cpu|wall) \| 30.0 ms \| 39.0 ms \| \+[89]\.[0-9]+ ms, \*\*\+(29|30)' "$shown"
ok "how to reproduce it" has "pacegate run $(git rev-parse --short=10 HEAD~) $(git rev-parse --short=10 HEAD) --test perf/a"
ok "the trailer to paste" has "Perf-Accept: perf/a cpu <=+"
ok "praise by name" has 'Well done, Ada: `perf/b` went from 10.0 ms to'
ok "a hidden marker" has "<!-- pacegate"
ok "and the page" has "[All figures](https://perf.example.org/commit/"

# The same commit, weighed again: what changes is put right where it stands, and
# what is worse is said anew.
again() {
	git push -q -f origin HEAD~:main 2>/dev/null && ends
	git push -q origin HEAD:main 2>/dev/null && ends
}
configure pacegate.severe never
again
ok "another verdict edits the comment" is "$(count '"PATCH"' '**regressed**')" 1
ok "and makes no second one" is "$(count '"POST"' /comments)" 1
configure --unset pacegate.severe
again
ok "a worse one is a new comment" is "$(count '"POST"' /comments)" 2
ok "doctor tries the host" sh -c 'pacegate -C "$1" doctor | grep "ok *host"' - "$bare"

# A service that is down costs delay, and no worker waits for it.
unserve
echo 1 >x
commit "While the service is down"
push origin main
settle
ok "a host that is down: the status waits" is "$(outbox)" 2
ok "status says for what" sh -c 'pacegate status --repo "$1" | grep -q "github status.*waits"' - "$bare"
ok "no worker is left" sh -c 'pacegate work --repo "$1" --json | grep -q "\"busy\": false"' - "$bare"
serve
configure pacegate-host.url "http://127.0.0.1:$(cat "$host/port")"
ok "one stays behind until it is sent" waited 90 sh -c 'test "$(pacegate status --repo "$1" | grep "^outbox")" = "outbox    0"' - "$bare"
ok "and of the commit the newest word" is "$(states)" "failure "

# A token that is not taken: kept, shown, and sent again after the fix.
echo 401 >"$host/code"
echo 2 >x
commit "With a wrong token"
push origin main
ends
ok "401 is refused for good" sh -c 'pacegate status --repo "$1" | grep -q "refused: .*401"' - "$bare"
ok "doctor says what to do" sh -c '! pacegate -C "$1" doctor >"$2" && grep -q "bad *outbox.*deliver --again" "$2"' - "$bare" "$scratch/doctor"
rm "$host/code"
deliver >/dev/null
ok "it is not tried by itself" not has "nothing"
ok "--again sends it" sh -c 'echo "$1" | grep -q "^[1-9][0-9]* delivered, 0 to be tried again, 0 refused"' - "$(deliver --again)"
ok "and nothing is left" is "$(outbox)" 0

finish
