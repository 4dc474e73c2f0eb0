#!/bin/sh
# Verdicts of real pushes whose measured values are planted.
. "$(dirname "$0")/../lib/tap.sh"

new_repo planted
ok "install" pacegate install "$bare" --gate main
planted
plant a=30 b=10
commit "Two tests"
push origin main
ok "the first push is taken" is "$pushed" taken
ok "and its tests are new" has "new: perf/a: the first baseline"

plant a=30 b=10
echo x >x
commit "No change"
push origin main
ok "no change passes" has "pass: 2 tests, no change beyond the threshold"
ok "against the commit before" has "2 tests against $(git rev-parse --short=10 HEAD~1)"

plant a=39 b=10
commit "Slower by 30 %"
push origin main
ok "30 % slower is refused" is "$pushed" refused
ok "as severe" has "severe: perf/a: "
ok "the table shows the change" grep -qE 'perf/a .*\+30\.[0-9] %.*severe' "$shown"
ok "the line to paste is printed" has "Perf-Accept: perf/a cpu <=+32% | why"
ok "and how to reproduce it" has "pacegate run $(git rev-parse --short=10 HEAD~2) $(git rev-parse --short=10 HEAD) --test perf/a"
ok "no more than a screen" test "$(grep -c '^remote:' "$shown")" -le 30
push origin main
ok "pushed again it is refused again" is "$pushed" refused
ok "from the stored verdict" has "weighed before: the verdict stands"
sed -i 's/39e6/31.8e6/g' planted
git commit -q -a --amend -m "Slower by 6 %"
push origin main
ok "6 % slower than a threshold of 3 % goes through" is "$pushed" taken
ok "as regressed" has "regressed: perf/a: "

plant a=39 b=10
commit "Slower still"
push origin main
ok "the baseline did not move with the regression" has "30 % slower than at"
git reset -q --hard HEAD~1

plant a=30 b=5
commit "b is twice as fast"
push origin main
ok "an improvement is taken" is "$pushed" taken
ok "and praised by name" has "well done, Ada: perf/b went from 10.0 ms to 5.0"

cat >planted <<'EOF'
{"perf/a": {"wall": 39e6, "cpu": 39e6, "fresh": {"wall": 30e6, "cpu": 30e6}},
 "perf/b": {"wall": 5e6, "cpu": 5e6}}
EOF
commit "An alarm that does not come again"
push origin main
ok "an alarm without confirmation refuses nothing" is "$pushed" taken
ok "and is no regression" lacks "regressed:"
ok "nor severe" lacks "severe:"

cat >planted <<'EOF'
{"perf/a": {"wall": 30e6, "cpu": 30e6, "noise": 0.3},
 "perf/b": {"wall": 5e6, "cpu": 5e6}}
EOF
commit "Too noisy"
push origin main
ok "too noisy is undecided" has "undecided: perf/a: too noisy to say"
ok "and says what could be seen" grep -qE 'a change under [0-9.]+ % cannot be seen' "$shown"

extreme() {
	cat >planted <<EOF
{"perf/a": {"wall": 30e6, "cpu": 30e6, "noise": 0, "values": [
  {"name": "zero", "value": 0, "unit": "1", "better": "lower"},
  {"name": "huge", "value": 1.1e308, "unit": "B", "better": "higher"},
  {"name": "odd", "value": $1, "unit": "1", "better": "lower"}]},
 "perf/b": {"wall": 5e6, "cpu": 5e6}}
EOF
	commit "odd is $1"
	push origin main
}
extreme -5
ok "a metric that is new does not hold up the others" has "pass: 2 tests"
git -C "$bare" log -1 --format=%H main >"$scratch/tip"
ok "and is said to be new" grep -q '"verdict": "new"' - <<EOF
$(pacegate show "$(cat "$scratch/tip")" --repo "$bare" --json)
EOF
settle
pacegate accept perf/a main --reason "more metrics" --repo "$bare" >/dev/null
extreme -6
ok "what is below zero has no ratio" has "undecided: perf/a: odd is below zero"
extreme 0
settle
pacegate accept perf/a main --reason "zero" --repo "$bare" >/dev/null
extreme 7
ok "something out of nothing" has "severe: perf/a: odd is 99900 % more"
ok "zeros and the largest numbers are what they were" \
	not grep -qE 'perf/a +(zero|huge)' "$shown"
git reset -q --hard origin/main
plant a=30 b=5
commit "Fewer metrics"
push origin main
ok "one that has gone is said" has "note: perf/a: it does not report odd any more"

for n in 1 2 3 4 5; do
	echo "$n" >x
	[ "$n" != 3 ] || plant a=45 b=5
	[ "$n" = 1 ] && plant a=30 b=5
	commit "Step $n"
done
culprit=$(git rev-parse --short=10 HEAD~2)
push origin main
ok "of several commits" has "main: 5 commits"
ok "the culprit is named" has "since $culprit"
git reset -q --hard origin/main

cat >planted <<'EOF'
{"perf/a": {"wall": 30e6, "cpu": 30e6}, "perf/b": {"wall": 5e6, "cpu": 5e6},
 "build": "exit 2"}
EOF
commit "Does not build"
push origin main
ok "a broken build goes by policy: accept" is "$pushed" taken
ok "and is said" has "broken: perf/a: build: exit 2"
ok "with the log's tail" has "planted: no rule to make it"
git -C "$bare" config pacegate.broken reject
git commit -q --amend -m "Does not build, once more"
push -f origin main
ok "reject refuses it" is "$pushed" refused
ok "and says why" has "refused: the build or a test fails"
git -C "$bare" config --unset pacegate.broken
git reset -q --hard origin/main~1

cat >planted <<'EOF'
{"perf/a": {"wall": 30e6, "cpu": 30e6},
 "perf/b": {"outcome": "failed", "why": "exit 1", "log": "assertion failed"}}
EOF
commit "b fails"
push -f origin main
ok "a test that fails here alone is broken" has "broken: perf/b: exit 1"
ok "its log is shown" has "| assertion failed"
git reset -q --hard HEAD~1

cat >planted <<'EOF'
{"perf/a": {"wall": 30e6, "cpu": 30e6, "problems": ["event 7: odd"]},
 "perf/b": {"wall": 5e6, "cpu": 5e6}}
EOF
commit "a says something odd"
push -f origin main
ok "what is odd about a test that runs is noted" has "note: perf/a: event 7: odd"
git reset -q --hard HEAD~1

for mode in garbage early die "no trials"; do
	plant a=30 b=5
	sed -i "s/^{/{\"runner\": \"$mode\", /" planted
	commit "The runner: $mode"
	push -f origin main
	ok "runner '$mode' is no pusher's fault: accept" is "$pushed" taken
	ok "and no verdict of the code ($mode)" lacks "regressed"
	case $mode in
	"no trials") ok "it says that nothing was measured" has "no trial ended" ;;
	*) ok "it is said as ours ($mode)" has "failure of the gate itself, not of your push" ;;
	esac
	git reset -q --hard HEAD~1
done
plant a=30 b=5
sed -i 's/^{/{"runner": "version", /' planted
commit "Another version of the runner"
git -C "$bare" config pacegate.failure reject
push -f origin main
ok "failure = reject refuses" is "$pushed" refused
ok "a wrong version is said clearly" has "install the same version of pacegate on both sides"
git -C "$bare" config --unset pacegate.failure
git reset -q --hard HEAD~1

git -C "$bare" config pacegate.budget 1s
plant a=30 b=5
sed -i 's/^{/{"runner": "silent", /' planted
commit "Never ends"
push -f origin main
ok "past the budget: late = accept lets it through" is "$pushed" taken
ok "and says so" has "the budget is used up"
git -C "$bare" config pacegate.late reject
git commit -q --amend -m "Never ends, again"
push -f origin main
ok "late = reject refuses" is "$pushed" refused

# The time that says little of a test is noisy: on a busy machine the wall time
# of one that computes; of one that waits its CPU time.
for times in '"wall": 9e7, "cpu": 3e7, "nvcsw": 2, "nivcsw": 9, "wall_noise"' \
	'"wall": 9e7, "cpu": 1e6, "nvcsw": 2, "nivcsw": 9, "cpu_noise"'; do
	new_repo "noise-$((noisy = ${noisy:-0} + 1))"
	pacegate install "$bare" --gate main >/dev/null
	planted
	plant a=1
	echo "{\"perf/a\": {$times: 0.2}}" >planted
	commit "Noise"
	push origin HEAD:main
	echo "{\"perf/a\": {$times: 0.2, \"why\": \"\"}}" >planted
	commit "No change"
	push origin HEAD:main
	ok "noise in the time that says little: ${times##* }" has \
		"pacegate: pass"
done
finish
