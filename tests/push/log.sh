#!/bin/sh
# `pacegate log` over a made history, and `pacegate detect` on made series.
. "$(dirname "$0")/../lib/tap.sh"

new_repo log
ok "install" pacegate install "$bare" --gate main
try pacegate log perf/step --repo "$bare"
ok "without a history it says so" has "no history of perf/step"
ok "as a wrong word" is "$status" 2
try pacegate log --repo "$bare"
ok "a test has to be said" has "say which test"

# 60 commits, from the 41st on slower by a tenth, and five lone ones before.
awk 'BEGIN {
	srand(3)
	for (i = 1; i <= 60; i++) {
		x = -6; for (k = 0; k < 12; k++) x += rand()
		v = 5e7 * exp(x / 100) * (i > 40 ? 1.1 : 1)
		printf "{\"table\": \"series\", \"test\": \"perf/step\", " \
			"\"metric\": \"cpu\", \"environment\": \"e\", " \
			"\"order\": %d, \"commit\": \"%040x\", " \
			"\"value\": %.17g, \"low\": 1, \"high\": 1, " \
			"\"base\": 100, \"trials\": 10, \"flags\": 0, " \
			"\"time_s\": %d}\n", i, i, v, i
	}
}' >"$scratch/points"
pacegate export --repo "$bare" >"$scratch/lines"
cat "$scratch/points" >>"$scratch/lines"
ok "a history with a step" pacegate import --repo "$bare" <"$scratch/lines"
try pacegate log perf/step --repo "$bare"
ok "shown" is "$status" 0
ok "what it is of" has "cpu in environment e: 60 commits"
ok "the newest 20" is "$(grep -c '  1970-01-01 00:0' "$shown")" 20
ok "and how many more" has "... 40 more"
ok "one change" is "$(grep -c '^^ +' "$shown")" 1
ok "a mark below the plot" grep -qE '^ {46,50}\^$' "$shown"
ok "the newest level is not the best" has "against the best level"
pacegate log perf/step --repo "$bare" --json >"$scratch/out"
ok "as JSON" python3 -c '
import json, sys
one, = json.load(open(sys.argv[1]))
assert len(one["points"]) == 60 and one["metric"] == "cpu", one
change, = one["changes"]
assert int(change["first"], 16) <= 41 <= int(change["last"], 16), change
assert change["low"] < 1.1 < change["high"], change
assert 1.08 < one["since_best"] < 1.12, one
' "$scratch/out"
try pacegate log perf/step --repo "$bare" --metric wall
ok "a metric that it has not" has "no history of perf/step, metric wall"

# 90 commits: a new definition at the 31st, half as slow again; a step of 2 % at
# the 61st, which the gate let through; the 20th is accepted.
awk 'BEGIN {
	srand(5)
	for (i = 1; i <= 90; i++) {
		x = -6; for (k = 0; k < 12; k++) x += rand()
		v = 5e7 * exp(x / 400) * (i > 30 ? 1.5 : 1) * (i > 60 ? 1.02 : 1)
		printf "{\"table\": \"series\", \"test\": \"perf/two\", " \
			"\"metric\": \"cpu\", \"environment\": \"e\", " \
			"\"order\": %d, \"commit\": \"%040x\", " \
			"\"value\": %.17g, \"low\": 1, \"high\": 1, " \
			"\"base\": 100, \"trials\": 10, \"flags\": 0, " \
			"\"time_s\": %d}\n", i, i, v, i
		held = i == 20 || i == 31 ? i : i > 31 ? 31 : i > 20 ? 20 : 1
		printf "{\"table\": \"baselines\", \"test\": \"perf/two\", " \
			"\"commit\": \"%040x\", \"baseline\": \"%040x\", " \
			"\"why\": \"%s\", \"definition\": \"%s\", " \
			"\"since_s\": %d}\n", i, held, i == 1 ? "new" : \
			i == 20 ? "accepted" : i == 31 ? "definition" : \
			"held", (i > 30 ? "two" : "one"), i
		if (i < 55 || i > 66) continue
		printf "{\"table\": \"verdicts\", \"commit\": \"%040x\", " \
			"\"test\": \"perf/two\", \"metric\": \"\", " \
			"\"time_s\": %d, \"doc\": {\"test\": \"perf/two\", " \
			"\"verdict\": \"pass\", \"metrics\": [{" \
			"\"metric\": \"cpu\", \"verdict\": \"pass\"}]}}\n", i, i
		printf "{\"table\": \"verdicts\", \"commit\": \"%040x\", " \
			"\"test\": \"\", \"metric\": \"\", \"time_s\": %d, " \
			"\"doc\": {\"commit\": \"%040x\", " \
			"\"verdict\": \"pass\"}}\n", i, i, i
	}
}' >>"$scratch/lines"
ok "a history with two definitions" \
	pacegate import --repo "$bare" <"$scratch/lines"
try pacegate log perf/two -n 0 --repo "$bare"
ok "two epochs" has "90 commits in 2 epochs"
ok "the second begins with the definition" is \
	"$(grep -c "^- a new epoch: the test's definition changed" "$shown")" 1
ok "no change is seen across" is "$(grep -c '^^' "$shown")" 1
ok "the one within was let through" \
	grep -q '^^ +[12]\.[0-9]* %.*; let through: within the threshold$' "$shown"
ok "accepted baselines are shown" has "= the baseline from here on: accepted"
pacegate log perf/two --repo "$bare" --json >"$scratch/out"
ok "as JSON" python3 -c '
import json, sys
one, = json.load(open(sys.argv[1]))
assert [(int(e["commit"], 16), e["why"]) for e in one["epochs"]] == [
	(1, "first"), (31, "definition")], one["epochs"]
assert [(int(b["commit"], 16), b["why"]) for b in one["baselines"]] == [
	(1, "new"), (20, "accepted"), (31, "definition")], one["baselines"]
change, = one["changes"]
assert change["verdict"] == "pass" and one["noise"] < 0.01, one
' "$scratch/out"

# made NAME N AT RATIO: N rows, from AT on times RATIO.
made() {
	awk -v name="$1" -v n="$2" -v at="$3" -v ratio="$4" 'BEGIN {
		srand(length(name) + n)
		for (i = 0; i < n; i++) {
			x = -6; for (k = 0; k < 12; k++) x += rand()
			printf "%s,%d,%.8g\n", name, i, \
				100 * exp(x / 100) * (i >= at ? ratio : 1)
		}
	}'
}
detect() { pacegate detect "$@" <"$scratch/csv"; }
{ echo series,index,value; made a 100 60 1.2; made 'f(1,2)' 100 30 0.8; } \
	>"$scratch/csv"
detect >"$scratch/both"
ok "two series" is "$(cat "$scratch/both")" "a,60,+
f(1,2),30,-"
{ echo series,index,value; made 'f(1,2)' 100 30 0.8; made quiet 200 999 1
	made a 100 60 1.2; } >"$scratch/csv"
ok "their order is irrelevant, and so is a quiet one" \
	is "$(detect | sort)" "$(sort "$scratch/both")"
awk 'BEGIN { for (i = 0; i < 200; i++) print "same," i ",7" }' >>"$scratch/csv"
ok "a constant one changes nothing" \
	is "$(detect | sort)" "$(sort "$scratch/both")"
sed -i 's/$/\r/' "$scratch/csv"
ok "lines may end in CR" is "$(detect | sort)" "$(sort "$scratch/both")"
{ echo series,index,value; made a 100 60 1.2 | sed 'p;p;p;p'; } >"$scratch/csv"
ok "runs of a commit are one point" is "$(detect)" "a,60,+"
ok "of five no more than needed" \
	is "$(detect --runs 2>&1 >/dev/null)" "3.08 runs a commit"
{ echo series,index,value; made a 100 60 1.2 | awk -F, -v OFS=, \
	'{ $2 *= 2; print }'; } >"$scratch/csv"
ok "an index may leave gaps" is "$(detect)" "a,120,+"
printf 'series,index,value\na,1,2\na,0,2\n' >"$scratch/csv"
try detect
ok "an index that falls is refused" has "sort each series by index"
printf 'series,index,value\na,0,2\na,1,two\n' >"$scratch/csv"
try detect
ok "no number is refused" has "line 3: 'a,1,two': write series,index,value"
printf 'series,index,value\n' >"$scratch/csv"
ok "nothing in, nothing out" is "$(detect)" ""
: >"$scratch/csv"
ok "no input at all" is "$(detect)" ""
finish
