#!/bin/sh
# Verdicts reach the hosting service: real pushes, planted values, and a small
# service of our own (tests/lib/host-server); tests/host/ has the published
# descriptions of the real ones.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosted.sh"

hosted deliver
configure pacegate-host.pages "https://perf.example.org/"

plant a=30 b=10
commit "Two tests"
push origin main
ok "a push is taken" is "$pushed" taken
ends
ok "its commit is pending, then success" is "$(states)" "pending success "
ok "with the token" test "$(count statuses "Bearer $token")" = 2
ok "under one context" test "$(count statuses '"context": "pacegate"')" = 2
ok "with a link to its page" test \
	"$(count "https://perf.example.org/commit/$(git rev-parse HEAD).html")" = 2
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

# What is refused has landed nowhere, and nobody is told of it; what a trailer
# accepts is told at once.
configure pacegate.refs/heads/main.mode wait
plant a=60 b=5
commit "Refused"
push origin main
ends
ok "a refused push" is "$pushed" refused
ok "is told to nobody" is "$(count "$(git rev-parse HEAD)")" 0
git commit -q --amend -m "Wanted

Perf-Accept: perf/a * <=+150% | it does more"
push origin main
ends
ok "an accepted one is success, and was never pending" is "$(states)" "success "
ok "and its comment has the reason" is \
	"$(count '"POST"' "$(git rev-parse HEAD)/comments" 'is accepted: it does more')" 1
configure pacegate.refs/heads/main.mode report

# What does not build is no failed test, and no change to comment on.
sed -i 's/^{/{"build": "exit 2", /' planted
commit "Does not build"
push origin main
ends
ok "a broken build is an error" is "$(states)" "pending error "
ok "and says which" is "$(count "$(git rev-parse HEAD)" 'broken: perf/a: build: exit 2')" 1
ok "without a comment" is "$(count "$(git rev-parse HEAD)/comments")" 0
sed -i 's/"build": "exit 2", //' planted
commit "Builds again"
push origin main
ends

# A service that is down costs delay, and no worker waits for it.
unserve
echo 1 >x
commit "While the service is down"
push origin main
settle
ok "a host that is down: the status waits" is "$(outbox)" 1
ok "status says for what" sh -c 'pacegate status --repo "$1" | grep -q "github status.*waits"' - "$bare"
ok "no worker is left" sh -c 'pacegate work --repo "$1" --json | grep -q "\"busy\": false"' - "$bare"
serve
configure pacegate-host.url "http://127.0.0.1:$(cat "$host/port")"
ok "one stays behind until it is sent" waited 90 sh -c 'test "$(pacegate status --repo "$1" | grep "^outbox")" = "outbox    0"' - "$bare"
ok "and of the commit the newest word" is "$(states)" "success "

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

# Slow drift: a status and a comment of its own, once, and never a failure.
configure pacegate-test.perf/c.drift 2%
configure pacegate.study 8 # else its noise is not known that well
for ms in 30 30.3 30.6 30.9 31 31; do
	plant c=$ms
	git rm -q --cached perf/a perf/b 2>/dev/null && rm -f perf/a perf/b
	echo "$ms $((drifted = ${drifted:-0} + 1))" >x
	commit "c takes $ms ms"
	push origin main
	ends
done
ok "slow drift has a status of its own" is "$(count '"context": "pacegate/drift"')" 1
ok "which passes" is "$(count '"context": "pacegate/drift"' '"state": "success"' 'drift: perf/c: ')" 1
ok "beside the verdict" test "$(count '"context": "pacegate"' 'no change beyond the threshold')" -ge 1
ok "and a comment" is "$(count '"POST"' /comments 'drift: perf/c')" 1

finish
