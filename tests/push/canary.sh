#!/bin/sh
# The canary: planted slowdowns, and none, of built-in tests and of one of the
# repository; its record, what the doctor makes of it, the worker in idle time.
. "$(dirname "$0")/../lib/tap.sh"

# record EXPRESSION: of the record, as python's `rows`, by test and size.
record() {
	pacegate canary --repo "$bare" --pairs 0 --json >"$scratch/record" &&
		python3 - "$scratch/record" "$1" <<'PY'
import json, sys
record = json.load(open(sys.argv[1]))
rows = {(r["test"], r["size"]): r for r in record["rows"]}
sys.exit(0 if eval(sys.argv[2]) else "%s in %s" % (sys.argv[2], rows))
PY
}
canary() { try pacegate canary --repo "$bare" "$@"; }

new_repo planted
pacegate install "$bare" >/dev/null
planted
git -C "$bare" config pacegate.study 8
canary --pairs 0
ok "a record that is empty" has 'no canary has run yet'
canary --slower 0% --slower 10% --pairs 2
ok "one push gives a pair of each kind" record \
	'len(rows) == 6 and all(r["pairs"] == 2 for r in rows.values())'
ok "planted slowdowns are found, and no others" record \
	'all(r["alarms"] == (2 if r["size"] else 0) for r in rows.values())'
ok "they are told one by one" has 'memory, planted +10.0 %:'
ok "with an exact interval" has 'found in 2 of 2, 100.0 % (15.8 to 100.0 %)'
pacegate pages "$scratch/www" --repo "$bare" >/dev/null
ok "the overview has the record" grep -qE \
	'canary memory, \+10 % planted: 2 of 2 alarms' "$scratch/www/index.html"
canary --kind cpu --slower 1% --json
ok "--json: a line for each pair, then the record" python3 -c '
import json, sys
text = open(sys.argv[1]).read()
first, end = json.JSONDecoder().raw_decode(text)
assert first["test"] == "cpu" and not first["alarm"], first
assert json.loads(text[end:])["rows"]' "$shown"
ok "described in the manual" "$here/../lib/manual-json" "$build/man" \
	pacegate-canary.1 "$shown"
ok "what lies below the threshold is not counted against it" sh -c \
	"pacegate doctor --repo '$bare' | grep canary | grep -v ' ok '; [ \$? = 1 ]"
git -C "$bare" config pacegate-test.canary/cpu.threshold 0.5%
canary --kind cpu --slower 1%
ok "a threshold of its own, rows of their own" has \
	'cpu, planted  +1.0 %, threshold 0.5 %: found in 1 of 1'
git -C "$bare" config --unset pacegate-test.canary/cpu.threshold
git -C "$bare" config pacegate-pool.launch \
	"env PLANTED_DULL=1 $here/../lib/planted-runner"
canary --kind wait --slower 20% --pairs 3
planted
try pacegate doctor --repo "$bare"
ok "the doctor warns when the gate no longer bites" has \
	'the gate does not bite: 0 % of 3 planted slowdowns of 20 % were found in wait'

canary --kind disk
ok "no such kind" has '--kind disk: write cpu, memory or wait'
canary --kind cpu --test perf/a
ok "one or the other" is "$status" 2

plant a=20 b=20
commit first
git push -q origin HEAD:main 2>/dev/null
settle
canary --test perf/none
ok "no such test" has 'perf/none is no test at HEAD'
git -C "$bare" config pacegate-test.perf/a.threshold 5%
pacegate export --repo "$bare" | grep -v canary >"$scratch/before"
canary --test perf/a --slower 0% --slower 4% --slower 20%
ok "a test of the repository" record 'rows[("perf/a", 0.2)]["alarms"] == 1'
ok "by the threshold of that test" record \
	'[rows["perf/a", 0.04][k] for k in ("alarms", "threshold")] == [0, 0.05]'
pacegate export --repo "$bare" | grep -v canary >"$scratch/after"
ok "leaves no trace in the history" cmp "$scratch/before" "$scratch/after"
ok "nor refs" is "$(git -C "$bare" for-each-ref | wc -l)" 1

# In idle time.
canary --every 1d
ok "--every is kept" is "$(git -C "$bare" config pacegate.canary)" 1d
pacegate work --repo "$bare" >/dev/null
ok "not before its time has come" record 'rows[("cpu", 0.1)]["pairs"] == 2'
git -C "$bare" config pacegate.canary 1s
sleep 1.1
flock "$scratch/pacegate.wanted" sleep 60 &
blocking=$!
ok "while somebody blocks, the worker waits with it" not timeout 3 \
	pacegate work --repo "$bare"
ok "and has counted nothing" record 'rows[("cpu", 0.1)]["pairs"] == 2'
kill "$blocking"
pacegate work --repo "$bare" >/dev/null
ok "in idle time one of each" record \
	'rows[("cpu", 0.1)]["pairs"] == 3 and rows[("memory", 0)]["pairs"] == 3'
sleep 1.1
git -C "$bare" config pacegate-pool.launch false
ok "one that fails does not stop the worker" pacegate work --repo "$bare"
ok "it is in the log" grep -q 'canary: .*the runner' "$bare/pacegate/log"
canary --every never
ok "--every never" not git -C "$bare" config pacegate.canary

# For real: through the runner and its sandbox.
new_repo real
pacegate install "$bare" >/dev/null
mkdir perf
cat >perf/sleep <<'EOT'
#!/bin/sh
# perf: rounds=40
sleep 0.01
[ "$(cat built)" = yes ]
EOT
chmod +x perf/sleep
printf '[pacegate]\n\tbuild = echo "yes" >built # done\n' >.pacegate
commit first
git push -q origin HEAD:main 2>/dev/null
canary --kind cpu --kind wait --slower 100%
ok "for real: what computes and what waits, twice as slow" record \
	'all(rows[(k, 1)]["alarms"] for k in ("cpu", "wait"))'
canary --test perf/sleep --slower 100%
ok "for real: a test with a build, twice as slow" record \
	'rows[("perf/sleep", 1)]["alarms"] == 1'

# The table of `make bench-judge`, from what an earlier run measured.
mkdir "$scratch/judge"
python3 - >"$scratch/judge/pairs" <<'PY'
import json
pair = {"verdict": "pass", "metric": "cpu", "ratio": 1, "trials": 16,
        "sessions": 1, "ms": 2000, "time": 0, "load": 1, "threshold": 0.03,
        "candidate": False, "alarm": False}
for i in range(170):
    for kind in ("cpu", "memory", "wait"):
        print(json.dumps(dict(pair, test=kind, size=0.0)))
for i in range(20):
    print(json.dumps(dict(pair, test="cpu", size=0.05, candidate=True,
                          alarm=i > 0, ms=61000 if i == 1 else 4000)))
PY
JUDGE_DIR="$scratch/judge" JUDGE_PLANTED=0 JUDGE_TABLE="$scratch/table" \
	try "$here/../bench/judge-gate"
ok "no false alarm in 510 pairs" has \
	'| no change, 3 %, all | 510 | 0 | 0 | 0 | 0.0 % (0.0 to 0.7) |'
ok "what is found too late is not found" has \
	'| +5 %, 3 %, computes | 20 | 20 | 19 | 0 | 90.0 % (68.3 to 98.8) |'
ok "the table is kept" grep -q '^| +5 %, 3 %' "$scratch/table"

# The program itself.
cd "$scratch" && mkdir -p t/work && cd t
cp "$build/pacegate-canary" work/work
echo 0 >work/size
printf 'test' >work/test
printf '#!/bin/sh\necho "$@"; exit 7\n' >test
chmod +x test
work/work plant
try ./test 'a  b' c
ok "a planted test ends as before" is "$status" 7
ok "with its arguments" is "$(cat "$shown")" 'a  b c'
printf '#!/bin/sh\nkill -9 $$\n' >test.planted
try ./test
ok "or dies as before" is "$status" 137
finish
