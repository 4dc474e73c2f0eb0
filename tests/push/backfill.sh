#!/bin/sh
# Backfill through real pushes and the worker, with planted values: a new test
# is laid over the commits from before it.
. "$(dirname "$0")/../lib/tap.sh"

# old N MS: a commit without the test, at which it would take so long.
old() {
	plant "a=$2"
	rm -r perf
	echo "$1" >x
	[ -z "$broken" ] || sed -i 's/^{/{"build": "exit 2", /' planted
	commit "Commit $1"
}
broken=
commit_of() { git log --format=%H --grep="^$1\$" -1; }
# points: of perf/a's cpu, oldest first: the start of the subject, the value in
# ms, and whether it was backfilled.
points() {
	pacegate log perf/a --metric cpu --json --repo "$bare" |
		python3 -c '
import json, subprocess, sys
for history in json.load(sys.stdin):
    for point in history["points"]:
        subject = subprocess.run(["git", "log", "-1", "--format=%s",
            point["commit"]], capture_output=True).stdout.decode().strip()
        print(subject.split()[-1], round(point["value"] / 1e6),
              "b" if point.get("backfilled") else "-")'
}
queued() {
	pacegate status --repo "$bare" --json | grep -c '"kind": "backfill"'
}

new_repo fill
ok "install" pacegate install "$bare" --gate main
planted
git -C "$bare" config pacegate.backfill 16
git -C "$bare" config pacegate-test.perf/none.backfill 0
for n in $(seq 1 12); do old "$n" 20; done
broken=1
old 13 20
broken=
for n in $(seq 14 24); do old "$n" 30; done
push origin main
plant a=30 none=10
commit "The test"
push origin main
settle
points >"$scratch/points"
ok "a new test gets a history" is "$(cat "$scratch/points")" "$(
	for n in $(seq 9 12); do echo "$n 20 b"; done
	for n in $(seq 14 24); do echo "$n 30 b"; done
	echo 'test 30 -')"
try pacegate log perf/a --metric cpu --repo "$bare"
ok "log marks its points" has "20.0 ms  backfilled"
ok "of no other test" is "$(pacegate log perf/none --json --repo "$bare" |
	grep -c backfilled)" 0
ok "nothing is left of it" is "$(queued)" 0
try pacegate backfill perf/a --repo "$bare"
ok "how far it is is said" has \
	"perf/a: backfill, 0 to do, 15 done, 1 left out"
ok "and what was left out" has "$(commit_of 'Commit 13' |
	cut -c 1-10) left out: build: exit 2"
try pacegate show "$(commit_of 'Commit 18')" --repo "$bare"
ok "it makes no verdicts of the commits" lacks "perf/a"
ok "and moves no baseline" is "$(pacegate export --repo "$bare" |
	grep -c '"table":"baselines".*perf/a')" 1
pacegate pages "$scratch/www" --repo "$bare" >/dev/null
ok "the test's page marks them" grep -q 'backfilled' \
	"$scratch/www/test/perf~a.html"
ok "and so does its data" grep -q '"backfilled"' \
	"$scratch/www/test/perf~a.json"
ok "the store is sound" pacegate verify --repo "$bare"

# More of them, by hand; what is done stays.
try pacegate backfill perf/a --commits 21 --repo "$bare"
ok "by hand" has "perf/a: 5 commits queued, 5 to do, 15 done, 1 left out"
settle
ok "only those that are missing" is "$(points | sed -n 1,2p)" "4 20 b
5 20 b"
try pacegate backfill perf/a --commits 3 --since "$(commit_of 'Commit 1')" \
	--repo "$bare"
ok "evenly since a commit" has "1 commit queued"
settle
ok "that commit too" is "$(points | sed -n 1p)" "1 20 b"
try pacegate log perf/a --metric cpu --repo "$bare"
ok "log shows the old step" grep -qE '^\^ \+[45][0-9]\.[0-9] %.* by '"$(
	commit_of 'Commit 14' | cut -c 1-10)" "$shown"
try pacegate backfill perf/a --again --repo "$bare"
ok "once more what failed" has "1 commit queued"
settle
try pacegate backfill perf/a --repo "$bare" --json
ok "the manual has every member of that" "$here/../lib/manual-json" \
	"$build/man" pacegate-backfill.1 "$shown"
ok "as JSON" grep -q '"why": "build: exit 2"' "$shown"
try pacegate backfill perf/unknown --commits 3 --repo "$bare"
ok "a test without a history" has "no history of perf/unknown"
try pacegate backfill perf/a --commits 0 --repo "$bare"
ok "a number that is none" has "--commits: write a number from 1 to 1000"

# A push comes first.
new_repo busy
ok "install another" pacegate install "$bare" --gate main
planted
git -C "$bare" config pacegate.backfill 30
slow() { sed -i 's/"cpu": [0-9]*e6/&, "ms": 20/' planted; }
for n in $(seq 1 30); do
	plant a=30
	slow
	rm -r perf
	echo "$n" >x
	commit "Commit $n"
done
push origin main
plant a=30
slow
commit "The test"
push origin main
done_of() {
	pacegate backfill perf/a --json --repo "$bare" 2>/dev/null |
		python3 -c 'import json, sys
print(len(json.load(sys.stdin).get("done", [])))'
}
has_some() { [ "$(done_of)" -ge 2 ]; }
ok "a backfill has begun" waited 60 has_some
plant a=39
slow
commit "Slower"
push origin main
ok "a push meanwhile is answered" has "severe: perf/a: "
ok "before the backfill is done" test "$(done_of)" -lt 30
git reset -q --hard HEAD~1
worker() {
	pacegate export --repo "$bare" | python3 -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    if line["table"] == "sessions" and line.get("owner"):
        print(line["owner"].split(".")[0])'
}
kill_one() { kill -9 "$(worker | sed -n 1p)"; }
ok "its process dies" waited 60 kill_one
settle
ok "the next worker ends it" is "$(done_of) $(queued)" "30 0"
ok "each commit has its one point" is "$(points | sort | uniq -d | wc -l) \
$(points | wc -l)" "0 31"
ok "the store is sound again" pacegate verify --repo "$bare"
finish
