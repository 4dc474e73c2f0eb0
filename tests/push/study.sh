#!/bin/sh
# The study of new tests: no-change sessions in the background, through real
# pushes and the worker, with planted values.
. "$(dirname "$0")/../lib/tap.sh"

new_repo study
ok "install" pacegate install "$bare" --gate main
planted
git -C "$bare" config pacegate.study 8
git -C "$bare" config pacegate.rounds 20
# studied TEST [REPO]: how many sessions its study has.
studied() {
	pacegate export --repo "${2:-$bare}" | python3 -c '
import json, sys
n = 0
for line in sys.stdin:
    line = json.loads(line)
    if line.get("note", "").endswith(" " + sys.argv[1]):
        n += len(json.loads(line["text"])["sessions"])
print(n)' "$1"
}
count() { pacegate export --repo "$bare" | grep -c "\"table\":\"$1\""; }
queued() { pacegate status --repo "$bare" --json | grep -c '"kind": "study"'; }

plant a=30 b=10
sed -i 's/"cpu": 30e6/&, "between": 0.004/' planted
commit "Two tests"
push origin main
ok "the first push is taken" is "$pushed" taken
ok "its tests are new, and studied" has \
	" ms wall; still being studied (0 of 8 sessions)"
verdicts=$(count verdicts) samples=$(count samples)
settle
ok "eight sessions each" is "$(studied perf/a) $(studied perf/b)" "8 8"
ok "kept apart from the history" is "$(count series)" 4
ok "from the samples of commits" is "$(count samples)" "$samples"
ok "and no verdicts" is "$(count verdicts)" "$verdicts"
ok "nothing is left of it" is "$(queued)" 0
try pacegate show main --repo "$bare"
ok "show tells what can be seen" \
	grep -qE '^  perf/a cpu: smallest detectable change [0-9.]+ %$' "$shown"
pacegate show main --repo "$bare" --json >"$scratch/json"
ok "the noise between sessions is learnt" python3 -c '
import json, sys
a, b = json.load(open(sys.argv[1]))["tests"]
a, b = a["metrics"][0]["noise"], b["metrics"][0]["noise"]
assert a["sessions"] == b["sessions"] == a["wanted"] == 8, a
# 0.4 % on either side; nothing but the guess that wears off.
assert 0.002 < a["sd"] < 0.012 and 0 < b["sd"] < 0.0025, (a, b)
assert a["detectable"] > b["detectable"], (a, b)
' "$scratch/json"
try pacegate log perf/b --repo "$bare"
ok "log tells it" grep -qE 'in sessions: smallest detectable change' "$shown"
pacegate log perf/b --repo "$bare" --json >"$scratch/json"
ok "in JSON too" grep -q '"detectable": 0.0' "$scratch/json"
pacegate pages "$scratch/www" --repo "$bare" >/dev/null
ok "the test's page" grep -q 'commits\{0,1\} on .*; smallest detectable change' \
	"$scratch/www/test/perf~b.html"
ok "the overview, without a study that goes on" not grep -q 'studied' \
	"$scratch/www/index.html"
try pacegate tune --repo "$bare"
ok "and tune" grep -qE '^perf/b +cpu +1 +0\.[0-9]+ % +0\.[0-9]+ %' "$shown"

git -C "$bare" config pacegate.refs/heads/release.mode recall
push origin main:refs/heads/release
ok "who is answered from the store is told what is known by now" \
	grep -qE 'new: perf/a: .* smallest detectable change [0-9.]+ %' "$shown"

echo x >x
commit "No change"
push origin main
settle
ok "no second study" is "$(studied perf/a) $(studied perf/b)" "8 8"

# slow: the sessions of what is planted take most of a second.
slow() { sed -i 's/"cpu": 30e6/&, "ms": 20/' planted; }
sed -i '2i# perf: timeout=30s' perf/a
plant a=30 b=10
slow
commit "Another definition"
push origin main
running() {
	pacegate status --repo "$bare" --json | python3 -c '
import json, sys
queue = json.load(sys.stdin)["queue"]
sys.exit(not any(j["running"] and j["kind"] == "study" for j in queue))'
}
ok "a new definition is studied anew" waited 60 running
ok "from the start" test "$(studied perf/a)" -lt 8
plant a=30 b=13
slow
commit "b is slower"
push origin main
ok "a push meanwhile is answered" is "$pushed" refused
ok "as ever" has "severe: perf/b: "
ok "before the study is done" test "$(studied perf/a)" -lt 8
git reset -q --hard HEAD~1
settle
ok "the study goes on where it was" is "$(studied perf/a) $(queued)" "8 0"
ok "what is known is not studied again" is "$(studied perf/b)" 8

# A push that nobody waits for: the worker that studies has to weigh it first.
git -C "$bare" config pacegate.refs/heads/main.mode report
sed -i '2s/.*/# perf: timeout=40s/' perf/a
commit "And another"
push origin main
ok "it is studied" waited 60 running
plant a=30 b=13
slow
commit "b is slower, weighed afterwards"
push origin main
regressed() { pacegate show main --repo "$bare" | grep -q '^severe: perf/b'; }
ok "a push is weighed" waited 60 regressed
ok "before the study goes on" test "$(studied perf/a)" -lt 8
settle
ok "which it then does" is "$(studied perf/a) $(queued)" "8 0"

new_repo killed
ok "install another" pacegate install "$bare" --gate main
planted
git -C "$bare" config pacegate.study 4
git -C "$bare" config pacegate.rounds 20
plant a=30
slow
commit "One test"
push origin main
has_some() { [ "$(studied perf/a)" -ge 1 ]; }
ok "a study has begun" waited 60 has_some
worker() {
	pacegate export --repo "$bare" | python3 -c '
import json, sys
for line in sys.stdin:
    line = json.loads(line)
    if line["table"] == "sessions" and line.get("owner"):
        print(line["owner"].split(".")[0])'
}
is_held() { [ -n "$(worker)" ]; }
ok "the worker is at it" waited 60 is_held
kill -9 "$(worker)"
before=$(studied perf/a)
ok "what it had learnt is there" test "$before" -ge 1
ok "and what it was at is queued" is "$(queued)" 1
settle
ok "the next worker ends the study" is "$(studied perf/a) $(queued)" "4 0"
ok "the store is sound" pacegate verify --repo "$bare"

new_repo none
ok "install one more" pacegate install "$bare" --gate main
planted
git -C "$bare" config pacegate.study 0
plant a=30
commit "One test"
push origin main
ok "study = 0: none is queued" is "$(queued)" 0
settle
ok "nor run" is "$(studied perf/a)" 0
try pacegate show main --repo "$bare"
ok "what is not known is said" has "perf/a cpu: still being studied (0 of 8"
git -C "$bare" config pacegate.study 51
try pacegate doctor --repo "$bare"
ok "a number that is none" has "write a whole number from 0 to 50"
finish
