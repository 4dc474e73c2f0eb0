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
# The next push shows the same change against the same baseline.
echo more >x
commit "Another"
push origin main
settle
ok "a change that is known is not searched again" is \
	"$(culprit main) $(culprit main weighed)" \
	"$(commit_of 'Commit 11') $weighed"

plant a=51
commit "Still slower"
echo more >>x
commit "After it"
for n in 1 2 3 4 5 6 7; do
	echo "after $n" >x
	commit "After $n"
done
push origin main
settle
ok "a further step is" is "$(culprit main)" "$(commit_of 'Still slower')"

# With enough of a history around it.
begin logged
at() { [ "$1" != 20 ] || plant a=39; }
git -C "$bare" config pacegate.commits 60
commits 1 12
push origin main
settle
git -C "$bare" config pacegate.commits 2
commits 13 24
push origin main
settle
git -C "$bare" config pacegate.commits 60
commits 25 36
push origin main
settle
try pacegate log perf/a --metric cpu --repo "$bare" -n 0
ok "log tells it at the change" grep -qE "^\^ \+30.*; bisection: by $(
	commit_of 'Commit 20' | cut -c 1-10)" "$shown"

# In a push that is measured while it waits as well.
begin better
git -C "$bare" config pacegate.refs/heads/main.mode wait
at() { [ "$1" != 3 ] || plant a=20; }
commits 1 9
push origin main
settle
ok "an improvement is traced too" is "$(culprit main)" "$(commit_of 'Commit 3')"
ok "and has its verdict" is "$(verdict "$(commit_of 'Commit 3')")" improved
try pacegate show "$(commit_of 'Commit 3')" --repo "$bare"
ok "and its praise" has "well done, Ada: perf/a went from 30.0 ms to 20.0"

# broken: the tree as it is does not build.
broken() { sed -i 's/^{/{"build": "exit 2", /' planted; }
begin holes
at() {
	case $1 in
	7) plant a=30 && broken ;;
	9) plant a=30 ;;
	12) plant a=39 ;;
	14) plant a=39 && broken ;;
	15) plant a=39 ;;
	esac
}
commits 1 20
push origin main
settle
ok "commits that do not build are left out" is "$(culprit main)" \
	"$(commit_of 'Commit 12')"

begin stretch
at() {
	case $1 in
	7) plant a=30 && broken ;;
	9) plant a=39 && broken ;;
	11) plant a=39 ;;
	esac
}
commits 1 20
push origin main
settle
ok "one that is among them is not guessed" is "$(culprit main kind)" stretch
ok "but where it lies" is "$(culprit main good) $(culprit main bad)" \
	"$(commit_of 'Commit 6') $(commit_of 'Commit 11')"
try pacegate show main --repo "$bare"
ok "and why is said" has "perf/a: brought between $(commit_of 'Commit 6' |
	cut -c 1-10) and $(commit_of 'Commit 11' | cut -c 1-10): 4 commits \
between them cannot be told apart (build: exit 2)"

begin merged
git checkout -q -b side
at() { [ "$1" != 4 ] || plant a=39; }
commits 1 6
git checkout -q main
for n in 7 8 9; do
	echo "$n" >y
	commit "Commit $n"
done
git merge -q --no-ff -m "Merge the side" side
for n in 10 11 12; do
	echo "$n" >y
	commit "Commit $n"
done
push origin main
settle
ok "of a merge the commit on its side is named" is "$(culprit main)" \
	"$(commit_of 'Commit 4')"

begin merge
git checkout -q -b side
echo side >x
commit "On the side"
git checkout -q main
echo main >y
commit "On main"
git merge -q --no-ff --no-commit side
plant a=39
commit "Merge and more"
push origin main
settle
ok "a merge that does it by itself is named" is \
	"$(culprit main kind) $(culprit main)" \
	"merge $(commit_of 'Merge and more')"

begin spread
git -C "$bare" config pacegate.threshold 10%
git -C "$bare" config pacegate.severe 30%
at() {
	case $1 in
	3) plant a=32 ;;
	6) plant a=34 ;;
	esac
}
commits 1 9
push origin main
settle
ok "two small steps have no culprit" is "$(culprit main kind)" spread
try pacegate show main --repo "$bare"
ok "and that is said" has "no commit brings as much alone"

begin noisy
at() {
	case $1 in
	5) cat >planted <<-'NOISY' ;;
	{"perf/a": {"wall": 30e6, "cpu": 30e6, "noise": 0.3}}
	NOISY
	6) plant a=39 ;;
	esac
}
commits 1 8
push origin main
settle
ok "what is too noisy is left out like what does not build" is \
	"$(culprit main kind) $(culprit main good) $(culprit main bad)" \
	"stretch $(commit_of 'Commit 4') $(commit_of 'Commit 6')"

# Pushes that were never weighed.
begin unweighed
git -C "$bare" config pacegate.refs/heads/main.mode off
at() { [ "$1" != 2 ] || plant a=39; }
for n in 1 2 3; do
	commits "$n" "$n"
	push origin main
done
git -C "$bare" config pacegate.refs/heads/main.mode report
commits 4 4
push origin main
settle
ok "one that came with a push nobody weighed is found" is "$(culprit main)" \
	"$(commit_of 'Commit 2')"

begin killed
at() { [ "$1" != 11 ] || plant a=39; }
commits 1 40
push origin main
answers() {
	pacegate export --repo "$bare" | python3 -c '
import json, sys
n = 0
for line in sys.stdin:
    line = json.loads(line)
    if line.get("note", "").startswith("bisect "):
        n += len(json.loads(line["text"])["answers"])
print(n)'
}
worker() {
	pacegate export --repo "$bare" | python3 -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    if line["table"] == "sessions" and line.get("owner"):
        print(line["owner"].split(".")[0])'
}
has_some() { [ "$(answers)" -ge 2 ]; }
ok "a search has begun" waited 60 has_some
kill_one() { kill -9 "$(worker | sed -n 1p)"; }
ok "its process dies" waited 60 kill_one
ok "what it had learnt is there" test "$(answers)" -ge 2
settle
ok "the next worker ends it" is "$(culprit main)" "$(commit_of 'Commit 11')"
ok "without asking anew" test "$(answers)" -le 9
ok "the store is sound" pacegate verify --repo "$bare"

# Pushes that newer ones overtook.
begin overtaken
at() { [ "$1" != 3 ] || plant a=39; }
slow() { sed -i 's/"cpu": [0-9]*e6/&, "ms": 30/' planted; }
slow
for n in 1 2 3 4 5 6; do
	commits "$n" "$n"
	push origin main
done
settle
ok "one that was overtaken is found" is "$(culprit main)" \
	"$(commit_of 'Commit 3')"

# Several places: several commits are weighed at a time.
begin wide
git -C "$bare" config pacegate-pool.slots 3
git -C "$bare" config pacegate-pool.cpus 0
git -C "$bare" config pacegate-notify.command \
	"cat >>$scratch/told; echo >>$scratch/told"
at() {
	[ "$1" != 21 ] || plant a=39
	sed -i 's/"cpu": [0-9]*e6/&, "ms": 20/' planted
}
commits 1 60
push origin main
at_once() {
	[ "$(pacegate status --repo "$bare" --json | python3 -c '
import json, sys
queue = json.load(sys.stdin)["queue"]
print(sum(j["kind"] == "bisect" and j["running"] for j in queue))')" -ge 2 ]
}
ok "several commits are weighed at once" waited 60 at_once
settle
ok "and the right one is named" is "$(culprit main)" "$(commit_of 'Commit 21')"
ok "those concerned are told" python3 -c '
import json, sys
told = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
culprit, tip = sys.argv[2:]
assert any(t["report"]["commit"] == culprit and
           t["report"]["author"] == "Ada" and
           t["report"]["verdict"] == "severe" for t in told), told
assert any(t["report"]["commit"] == tip and
           t["report"]["tests"][0].get("culprit", {}).get("commit") == culprit
           for t in told), told
' "$scratch/told" "$(commit_of 'Commit 21')" "$(git rev-parse main)"
pacegate pages "$scratch/www" --repo "$bare" >/dev/null
ok "and the tip's page tells it" grep -q "brought by $(commit_of 'Commit 21' |
	cut -c 1-10) (Ada: Commit 21)" \
	"$scratch/www/commit/$(git rev-parse main).html"

# As a command, in a clone without a store.
begin command
at() { [ "$1" != 6 ] || plant a=39; }
commits 1 9
git config pacegate-pool.launch "$here/../lib/planted-runner"
git config pacegate-pool.lockDir "$scratch"
first=$(commit_of 'One test')
try pacegate bisect perf/a "$first"
ok "in a clone the commit is named" has \
	"perf/a: brought by $(commit_of 'Commit 6' | cut -c 1-10) (Ada: Commit 6)"
ok "and each answer on the way" has \
	"pacegate: $(commit_of 'Commit 6' | cut -c 1-10) beside $(commit_of \
	'Commit 5' | cut -c 1-10): changed, +30"
try pacegate bisect perf/a "$first"
ok "again nothing is weighed" lacks "beside"
ok "it goes on with what is known" has "going on with"
try pacegate bisect perf/a "$first" HEAD~4
ok "where there is no change" has "perf/a: the change is not there"
try pacegate bisect perf/a HEAD HEAD~4
ok "the wrong way round is refused" is $status 2
ok "and what to do is said" has "give the older commit first"
try pacegate bisect perf/none "$first"
ok "a test that is not there" has "there is no test perf/none"
try pacegate bisect perf/a
ok "half a command" is $status 2
try pacegate bisect perf/a "$first" --queue
ok "without a store there is no queue" has "has no store"
git checkout -q -b other HEAD~5
echo other >z
commit "Elsewhere"
git checkout -q main
try pacegate bisect perf/a other main --json
ok "another branch: from where it left" has "where other left it"
ok "as JSON" grep -q '"subject": "Commit 6"' "$shown"

# With a store: what the gate measured is not measured again.
push origin main
settle
pacegate bisect perf/a "$first" main --repo "$bare" --json \
	>"$scratch/json" 2>"$scratch/talk"
ok "the admin's repository knows it" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert found["culprit"]["commit"] == sys.argv[2], found
assert found["answers"], found
' "$scratch/json" "$(commit_of 'Commit 6')"
plant a=60
for n in 10 11 12 13; do
	echo "$n" >x
	commit "Commit $n"
done
push origin main
ok "queued for the worker" pacegate bisect perf/a "$(commit_of 'Commit 9')" \
	main --metric cpu --queue --repo "$bare"
settle
pacegate bisect perf/a "$(commit_of 'Commit 9')" main --metric cpu \
	--repo "$bare" >"$scratch/out" 2>&1
ok "who answers" grep -q "brought by $(commit_of 'Commit 10' |
	cut -c 1-10)" "$scratch/out"

begin off
git -C "$bare" config pacegate.bisect false
at() { [ "$1" != 3 ] || plant a=39; }
commits 1 9
push origin main
settle
ok "bisect = false: nothing is searched" is "$(culprit main) $(queued)" "none 0"
finish
