#!/bin/sh
# `pacegate tune` over a made history, and over one of real pushes.
. "$(dirname "$0")/../lib/tap.sh"

new_repo tune
ok "install" pacegate install "$bare" --gate main
pacegate tune --repo "$bare" >"$scratch/out"
ok "without a history it says so" grep -q "no history yet" "$scratch/out"

# history TEST METRIC RATIO...: a point each, against a baseline of 100.
history() {
	pacegate export --repo "$bare" >"$scratch/lines"
	awk -v test="$1" -v metric="$2" -v ratios="$3" 'BEGIN {
		n = split(ratios, r, " ")
		for (i = 1; i <= n; i++)
			printf "{\"table\": \"%s\", \"test\": \"%s\", " \
				"\"metric\": \"%s\", \"environment\": \"e\", " \
				"\"order\": %d, \"commit\": \"%040x\", " \
				"\"value\": %.17g, \"low\": %.17g, " \
				"\"high\": %.17g, \"base\": 100, " \
				"\"trials\": 10, \"flags\": 0, " \
				"\"time_s\": %d}\n", "series", test, metric, i,
				i, 100 * r[i], r[i] / 1.002, r[i] * 1.002, i
	}' >>"$scratch/lines"
	pacegate import --repo "$bare" <"$scratch/lines"
}
quiet="1 1.001 1 0.999 1 1.001 0.999 1 1 1.001 0.999 1"
ok "a quiet history" history perf/quiet cpu "$quiet"
ok "one with a change that stays" \
	history perf/step cpu "$quiet 1.06 1.061 1.06 1.059"
ok "one with a change that goes" \
	history perf/blip cpu "$quiet 1.06 1 0.999 1.001"
ok "more is better" history perf/blip instructions "$quiet"
ok "a name that is no word for a shell" history 'perf/$(x)' cpu "$quiet"

pacegate tune --repo "$bare" --threshold 3% --threshold 8% >"$scratch/out"
shown="$scratch/out"
ok "a line a test and metric" \
	is "$(grep -c '^perf/' "$shown")" 5
ok "quiet: no alarm" grep -qE '^perf/quiet +cpu .* 0/0/0 0 +0/0/0 0$' "$shown"
ok "a step stays" grep -qE '^perf/step +cpu .* 1/0/0 0 +0/0/0 0$' "$shown"
ok "a blip does not" grep -qE '^perf/blip +cpu .* 0/1/0 0 +0/0/0 0$' "$shown"
ok "what to paste" grep -q \
	'cpu.threshold 1%   # now 3%; noise 0.20 %, smallest detectable .* %$' \
	"$shown"
ok "a threshold above the blip" \
	grep -q '^git config pacegate-test.perf/blip:cpu.threshold 8%' "$shown"
ok "nothing to paste of a strange name" not grep -q '^git.*\$' "$shown"
eval "$(grep '^git.*quiet' "$shown" | sed "s|^git|git -C $bare|")"
pacegate tune --repo "$bare" >"$scratch/out"
ok "pasted, it is in force" not grep -q '^git config.*quiet' "$scratch/out"
pacegate tune --repo "$bare" --test perf/step --json >"$scratch/out"
ok "as JSON" python3 -c '
import json, sys
one, = json.load(open(sys.argv[1]))
assert one["points"] == 16 and one["threshold"] == 0.03, one
assert [r["stayed"] for r in one["replays"]] == [1, 1, 1, 1, 0], one
assert 0 < one["noise"] < 0.01 and one["suggested"] == 0.01, one
' "$scratch/out"
try pacegate tune --repo "$bare" --threshold 2
ok "a threshold that is none" is "$status" 2
ok "is named" has "'2' is no threshold: write it as 2%"

new_repo refs
pacegate install "$bare" --gate main >/dev/null
planted
git -C "$bare" config pacegate.refs/heads/main.threshold 5%
plant a=30 b=10
sed -i '2i# perf: threshold=2%' perf/b
commit "Two tests"
push origin main
settle
pacegate tune --repo "$bare" --json >"$scratch/out"
ok "the thresholds of the ref and of the test itself" python3 -c '
import json, sys
found = {r["test"]: r["threshold"] for r in json.load(open(sys.argv[1]))}
assert found == {"perf/a": 0.05, "perf/b": 0.02}, found
' "$scratch/out"
finish
