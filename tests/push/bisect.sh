#!/bin/sh
# Bisection through real pushes and the worker, with planted values: which of
# the commits that a push did not weigh has brought a change.
. "$(dirname "$0")/../lib/tap.sh"

# begin NAME: a repository whose main has one commit, measured.
begin() {
	new_repo "$1"
	ok "install $1" pacegate install "$bare" --gate main
	planted
	git -C "$bare" config pacegate.commits 4
	git -C "$bare" config pacegate.mode report
	git -C "$bare" config pacegate.refs/heads/main.mode report
	plant a=30
	commit "One test"
	push origin main
	settle
}
# commits FROM TO: so many that change nothing else; `at N` is called before
# each is made.
commits() {
	for n in $(seq "$1" "$2"); do
		at "$n"
		echo "$n" >x
		commit "Commit $n"
	done
}
commit_of() { git log --format=%H --grep="^$1\$" -1; }
# culprit REV [FIELD]: of perf/a in the report.
culprit() {
	pacegate show "$1" --repo "$bare" --json | python3 -c '
import json, sys
test = json.load(sys.stdin)["tests"][0]
print(test.get("culprit", {}).get(sys.argv[1], "none"))' "${2:-commit}"
}
verdict() {
	pacegate show "$1" --repo "$bare" --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["tests"][0]["verdict"])'
}
queued() { pacegate status --repo "$bare" --json | grep -c '"kind": "bisect"'; }

begin named
at() { [ "$1" != 11 ] || plant a=39; }
commits 1 20
sed -i 's/"cpu": 39e6/& /' planted
push origin main
settle
ok "of 20 commits the 11th is named" is "$(culprit main)" \
	"$(commit_of 'Commit 11')"
ok "as a commit" is "$(culprit main kind)" commit
ok "with its author" is "$(culprit main author)" Ada
ok "and a verdict of its own" is "$(verdict "$(commit_of 'Commit 11')")" severe
ok "the one before passes" is "$(verdict "$(commit_of 'Commit 10')")" pass
try pacegate show main --repo "$bare"
ok "show tells it" has "perf/a: brought by $(commit_of 'Commit 11' |
	cut -c 1-10) (Ada: Commit 11): +30"
ok "nothing is left to do" is "$(queued)" 0
weighed=$(culprit main weighed)
ok "with few sessions" test "$weighed" -le 5
finish
