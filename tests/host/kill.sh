#!/bin/sh
# kill -9 of who delivers, at each step of each request: before the service has
# done anything, after it has and before it answers, and after it answered. In
# the end everything was said, nothing twice with another meaning, and no older
# word came after a newer one.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
umask 022
fake
new_repo kill
pacegate install "$bare" --gate main >/dev/null 2>&1
planted
git -C "$bare" config pacegate.refs/heads/main.mode report
git -C "$bare" config pacegate-host.type github
git -C "$bare" config pacegate-host.url "$url/ok/github"
git -C "$bare" config pacegate-host.project ada/engine
git -C "$bare" config pacegate-host.tokenFile "$token"

outbox() { pacegate status --repo "$bare" --json |
	python3 -c 'import json, sys; print(len(json.load(sys.stdin)["outbox"]))'; }
# deliver_all: again and again, as workers do that come after dead ones.
deliver_all() {
	for _ in $(seq 200); do
		settle
		[ "$(outbox)" != 0 ] || return 0
		pacegate deliver --repo "$bare" >/dev/null 2>&1
		sleep 0.1
	done
	pacegate status --repo "$bare"
	return 1
}
# kills ROUNDS: for the requests that follow.
kills() {
	for _ in $(seq "$1"); do
		for when in asked done answered; do echo "$when $bare"; done
	done >"$dir/kills"
}
# words: of HEAD, the states in the order of their posts.
words() {
	python3 - "$dir/requests" "$(git rev-parse HEAD)" <<'END'
import json, sys
words = []
for line in open(sys.argv[1]):
    request = json.loads(line)
    if request["path"].endswith("/statuses/" + sys.argv[2]):
        words.append(json.loads(request["body"])["state"])
print(*words)
END
}
# in_order PATTERN: and nothing but it; each word may be said again.
in_order() {
	words | grep -qxE "$1" || { words; return 1; }
}
comments() {
	curl -s "$url/ok/github/repos/ada/engine/commits/$(git rev-parse HEAD)/comments" |
		python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
}

plant a=30 b=10
commit "Two tests"
kills 2
push origin main
ok "everything is delivered in the end" deliver_all
ok "its words came in order" in_order '(pending ?)*success( success)*'
for round in 1 2 3; do
	plant a=$((30 + 10 * round)) b=10
	commit "Slower, $round"
	kills 3
	push origin main
	ok "$round: everything is delivered in the end" deliver_all
	ok "$round: its words came in order" \
		in_order '(pending ?)*failure( failure)*'
	ok "$round: it is commented once" is "$(comments)" 1
done
for when in asked done answered; do
	ok "some were killed when $when" test \
		"$(grep -cx $when "$dir/killed")" -ge 3
done
echo "# $(wc -l <"$dir/killed") killed in all"
: >"$dir/kills"
finish
