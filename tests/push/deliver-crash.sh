#!/bin/sh
# Whoever dies between a push and its status: nothing is lost, and nothing is
# said twice with another meaning.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosted.sh"

delivering() { ours | grep -q .; }
in_flight() { test "$(count "statuses/$(git rev-parse HEAD)")" -gt "${1:-0}"; }
# right: HEAD ends in failure, after any number of equal words, and has one
# comment.
right() {
	said=$(states)
	case $said in *"pending "*"failure "*"pending "*) echo "$said"; return 1 ;; esac
	case $said in *"failure ") ;; *) echo "$said"; return 1 ;; esac
	python3 - "$host/requests" "$(git rev-parse HEAD)" <<'END'
import json, sys
made = [r for r in map(json.loads, open(sys.argv[1]))
        if r["method"] == "POST" and r["path"].endswith(
            sys.argv[2] + "/comments")]
assert len(made) == 1, "%d comments" % len(made)
END
}

# all_sent: what the dead one sent may be on its way: the next waits a little.
empty() { [ "$(outbox)" = 0 ]; }
all_sent() { settle; waited 60 empty; }

hosted crash
plant a=30
commit "A test"
git push -q origin main 2>/dev/null
ends

# Before the service notes the pending status, and after it, before it answers.
for where in delay delay-after; do
	echo 4 >"$host/$where"
	plant a=$((40 + ${#where}))
	commit "Slower, $where"
	git push -q origin main 2>/dev/null
	waited 10 delivering
	[ "$where" = delay ] || waited 10 in_flight 0
	sleep 0.3
	ok "one delivers ($where)" delivering
	die
	rm "$host/$where"
	waited 10 no_ours
	all_sent
	ok "killed with a status in flight ($where)" right
done

# With the comment in flight.
plant a=60
commit "Slower, with a comment"
git push -q origin main 2>/dev/null
waited 20 in_flight 0
echo 1 >"$host/delay-after"
commented() { test "$(count '"POST"' "$(git rev-parse HEAD)/comments")" = 1; }
ok "a comment is on its way" waited 20 commented
die
rm "$host/delay-after"
waited 10 no_ours
all_sent
ok "killed with a comment in flight" right

# At any time.
for n in 2 5; do
	plant a=$((60 + n * 10))
	commit "Slower, and killed at moment $n"
	git push -q origin main 2>/dev/null
	sleep "0.$n"
	die
	waited 10 no_ours
	all_sent
	ok "killed at moment $n" right
done
ok "and nothing is left to be sent" is "$(outbox)" 0

# Two pushes at once, and what the second says of the commits of the first.
plant a=200
commit "One"
git branch one
plant a=260
commit "Two"
git push -q origin one:main 2>/dev/null &
first=$!
git push -q origin HEAD:refs/heads/two 2>/dev/null
wait $first
all_sent
ok "of two pushes at once the newest word counts" right
finish
