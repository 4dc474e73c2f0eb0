#!/bin/sh
# Slow drift: pushes whose planted values get worse little by little.
. "$(dirname "$0")/../lib/tap.sh"

# drifting NAME: a repository whose perf/a takes 30 ms.
drifting() {
	new_repo "$1"
	pacegate install "$bare" --gate main >/dev/null
	git -C "$bare" config pacegate.mode report
	planted
	# Drift below the reach of a young test's noise is not seen.
	git -C "$bare" config pacegate.study 8
	later 30 "One test"
	base=$(git rev-parse --short=10 HEAD)
}
# later MS MESSAGE [JSON]: a push of perf/a that takes so long, settled; more
# members of `planted`.
later() {
	plant "a=$1"
	[ -z "${3:-}" ] || sed -i "s/^{/{$3, /" planted
	pushes=$((${pushes:-0} + 1))
	echo "$pushes" >x
	commit "$2"
	push origin HEAD
	settle
}
# ramp MS...: several of them.
ramp() { for ms; do later "$ms" "$ms ms"; done; }
# is_alert WORDS: what the report of HEAD says of drift of perf/a's cpu.
is_alert() {
	pacegate show "$(git rev-parse HEAD)" --repo "$bare" --json \
		>"$scratch/report"
	is "$(python3 - "$scratch/report" <<'END'
import json, sys
for d in json.load(open(sys.argv[1])).get("drift", []):
    if d["metric"] == "cpu":
        print(" ".join(d[f] for f in ("state", "why") if f in d))
END
	)" "$1"
}
entries() { pacegate ledger --repo "$bare" | grep -c 'drift.* cpu'; }

# described COMMAND WORDS...: its JSON, which tells of drift, is in the manual.
described() {
	pacegate "$@" --repo "$bare" --json >"$scratch/json" &&
		grep -q '"against":' "$scratch/json" &&
		"$here/../lib/manual-json" "$build/man" "pacegate-$1.1" \
			"$scratch/json"
}

drifting slower
later 30.3 "1 % slower"
first=$(git rev-parse --short=10 HEAD)
ok "1 % slower: no alert" is_alert ""
ramp 30.6 30.9
ok "3 % slower, once: no alert" is_alert ""
ramp 31.2
ok "4 % slower, one push: no alert" is_alert ""
ramp 31.5
ok "three pushes beyond the threshold: an alert" is_alert raised
try pacegate show "$(git rev-parse HEAD)" --repo "$bare"
ok "in words" grep -qE "drift: perf/a: .* is 4\.[01] % slower \(\+3.* \.\. \+4.*\) than its baseline $base" "$shown"
ok "how it came" has ", little by little over 5 commits since $first"
ok "one line for both metrics" is "$(grep -c 'drift:' "$shown")" 1
try pacegate status --repo "$bare"
ok "status" has "drift, still: perf/a: "
ok "the manual tells of alerts: show" described show HEAD
ok "status" described status
ok "log" described log perf/a --metric cpu
ok "ledger" described ledger
try pacegate log perf/a --metric cpu --repo "$bare"
ok "log" has "drift, still: perf/a: cpu is "
pacegate pages "$scratch/pages" --repo "$bare" >/dev/null
ok "the test's page" grep -rqs 'class="change worse">drift, still: perf/a: cpu' \
	"$scratch/pages/test"
ok "the overview" sh -c "grep -A3 'id=\"drifts\"' '$scratch/pages/index.html' |
	grep -q 'perf/a</a> cpu .* by [0-9]* commits since'"
try pacegate ledger --test perf/a --repo "$bare"
ok "ledger" has "pacegate: drift: perf/a: cpu is 4.0 % slower"
ok "once" is "$(entries)" 1
later 31.5 "The same"
ok "the next push does not tell it again" is_alert stands
ok "nor does the ledger" is "$(entries)" 1
ramp 31.8 32.1 32.4 32.7
ok "another threshold is told" is_alert grew
ok "and in the ledger" is "$(entries)" 2
git checkout -q -b topic
ramp 33 33.3 33.6
ok "a topic's history is its own affair" is_alert ""
topic=$(git rev-parse --short=10 HEAD)
git checkout -q main
try pacegate log perf/a --repo "$bare"
ok "and not in the branch's log" lacks "$topic"
ok "which counts it" has "(and 3 of other branches)"
try pacegate log perf/a --repo "$bare" --rev topic
ok "but in its own" has "$topic"
later 30 "Fast again"
ok "one good push: it still stands" is_alert stands
later 30.1 "Fast again, too"
ok "two of three: gone" is_alert gone
try pacegate show "$(git rev-parse HEAD)" --repo "$bare"
ok "with praise" has "is back at its baseline of $base; well done, Ada"
try pacegate status --repo "$bare"
ok "nothing stands" lacks "drift, still"
later 30.1 "As before"
ok "it is told once" is_alert ""
ramp 30.4 30.7 31 31.3 31.6
ok "it came back: told again" is_alert raised

drifting accepted
ramp 30.3 30.6 30.9 31.2 31.5
ok "a drift" is_alert raised
plant a=31.5
git commit -q --allow-empty -am "Wanted

Perf-Accept: perf/a * <=+7% | it does more now"
push origin HEAD
settle
ok "accepted: gone" is_alert "gone accepted"
ramp 31.6 31.6 31.6
ok "what was accepted is no drift" is_alert ""
ramp 31.9 32.2 32.5 32.8 33.1
ok "what comes on top of it is" is_alert raised
old=$(git rev-parse HEAD)
ramp 32.8
ok "an older commit is accepted by hand" pacegate accept perf/a "$old" \
	--reason "it does more" --repo "$bare"
ramp 32.8
ok "gone" is_alert "gone accepted"
ok "later pushes are held against it" \
	grep -q "\"baseline\": \"$old\"" "$scratch/report"
ramp 33.1 33.4
echo '# New.' >>perf/a
ramp 33.7 34 34.3
ok "a new definition begins at nothing" is_alert ""

drifting elsewhere
ramp 30.3 30.6 30.9
later 31.5 "Another machine" '"environment": "00000000planted1"'
later 31.5 "Again" '"environment": "00000000planted1"'
later 31.5 "Thrice" '"environment": "00000000planted1"'
ok "another machine does not add to the old one" is_alert ""
raised=
for ms in 31.9 32.3 32.6 32.8 32.9; do
	later $ms "$ms there" '"environment": "00000000planted1"'
	is_alert raised >/dev/null && raised="$raised$ms"
done
ok "it has a drift of its own" test -n "$raised"
ramp 32.7
ok "which is over when it goes" is_alert "gone the environment changed"

# Where pushes wait for their verdict, as anywhere: it is no refusal.
drifting configured
git -C "$bare" config pacegate.mode wait
git -C "$bare" config pacegate.drift never
ramp 30.3 30.6 30.9 31.2 31.5
ok "never" is_alert ""
git -C "$bare" config pacegate-test.perf/a.drift 2%
ramp 31.5
ok "a threshold of its own" is_alert raised
ok "refuses nothing" is "$pushed" taken
pacegate reset perf/a --reason "a new start" --repo "$bare" >/dev/null
ramp 31.5
ok "reset: gone" is_alert "gone its baseline was reset"

# Two pushes of seven commits, the second 2 % slower: within the threshold.
drifting retrospect
for ms in 30 30.6; do
	for n in 1 2 3 4 5 6 7; do
		plant "a=$ms"
		echo "$ms $n" >x
		commit "$ms, $n"
	done
	push origin HEAD
	settle
done
culprit=$(git rev-parse HEAD~6)
try pacegate show "$culprit" --repo "$bare"
ok "what was let through" has "pass: 1 test, no change beyond the threshold"
ok "is told in retrospect" grep -qE \
	"in retrospect: perf/a: cpu became [12]\.[0-9] % slower \(.*\) with this commit" "$shown"
pacegate show "$culprit" --repo "$bare" --json >"$scratch/report"
ok "as JSON" grep -q '"later": {' "$scratch/report"
try pacegate log perf/a --metric cpu --repo "$bare"
ok "and by the log" grep -q '^^ +[12].* %.*; let through: within the threshold' "$shown"
try pacegate show "$(git rev-parse HEAD)" --repo "$bare"
ok "the last commit is innocent" lacks "in retrospect"
git rm -q -r perf
git commit -qm "No test any more"
push origin HEAD
settle
pacegate export --repo "$bare" >"$scratch/lines"
ok "all of it is sound" pacegate verify --repo "$bare"
finish
