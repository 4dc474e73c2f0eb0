#!/bin/sh
# Which tests a push runs, and against what: new, changed, deleted and renamed
# ones, directives, .pacegate.
. "$(dirname "$0")/../lib/tap.sh"

# test_file NAME [LINE...]: a test with more lines; what it takes is planted.
test_file() {
	file="perf/$1"
	shift
	printf '#!/bin/sh\n' >"$file"
	printf '%s\n' "$@" >>"$file"
	chmod +x "$file"
}

new_repo tests
pacegate install "$bare" --gate main >/dev/null
planted
# The old code could run `late` and `loop`, if it held them.
plant a=30 late=20 loop=10
rm perf/late perf/loop
commit "One test"
push origin main
ok "one test of three is there" has "main: 1 commit, 1 test, the first"

plant a=30 late=10 loop=10
commit "late is faster now, and has a test"
push origin main
ok "a new test runs on the old code too" grep -qE 'perf/late .* (20\.0|19\.9.?) ms +(10\.0|9\.9.) ms' "$shown"
ok "and shows what it came with" has "well done, Ada: perf/late went from"
ok "where nothing changed it passes" grep -qE 'perf/loop .* pass' "$shown"

plant a=30 late=10 loop=10 alone=5
commit "A test of what was not there before"
push origin main
ok "a new test that cannot run there is new" grep -qE 'perf/alone .* new' "$shown"
ok "and it is said why" has "perf/alone: does not run on the old code, so its baseline starts here: no such file"
ok "no trial of it is called broken" lacks "broken"

test_file a '# more thorough now'
plant a=60 late=10 loop=10 alone=5
commit "Changed test, changed code"
push origin main
ok "a changed test hides no change of the code" is "$pushed" refused
ok "it is laid over the old code" grep -qE 'perf/a .* (30\.0|29\.9) ms +(60\..|59\.9) ms .* severe' "$shown"
git reset -q --hard HEAD~1

test_file a '# more thorough now'
commit "Changed test alone"
push origin main
ok "a changed test alone passes" has "pass: 1 test,"
ok "and runs alone" has "main: 1 commit, 1 test against"
settle
here_now=$(git rev-parse --short=10 HEAD)
echo x >x
commit "Anything"
push origin main
ok "its baseline is where it changed" has "against several baselines"
try pacegate show main --repo "$bare" --json
ok "that commit" python3 -c "
import json
report = json.load(open('$shown'))
base = {t['test']: t['baseline'] for t in report['tests']}
assert base['perf/a'].startswith('$here_now'), base
assert not base['perf/loop'].startswith('$here_now'), base"

git rm -q perf/alone
commit "Without it"
push origin main
ok "a deleted test is said to be gone" has "perf/alone: is deleted by this push"
ok "and needs no trial" has "nothing to weigh"
chmod -x perf/loop
commit "Lost its mode"
push origin main
ok "so is one that lost its mode" has "perf/loop: is not executable any more"
chmod +x perf/loop
printf '[pacegate]\n\ttests = perf/l*\n' >.pacegate
commit "Other patterns"
push origin main
ok "and one that no pattern finds any more" has "perf/a: matches none of the"
git rm -q .pacegate
git rm -q -r perf
commit "No tests at all"
push origin main
ok "when all are gone too" has "no performance tests in this tree"
ok "each is named" has "perf/late: is deleted by this push"

# What a push touches.
new_repo touched
pacegate install "$bare" --gate main >/dev/null
planted
plant a=30 b=10 c=10
test_file a '# perf: affects=src/'
test_file b '# perf: inputs=data/big'
mkdir src data
echo 1 >src/x
echo 1 >data/big
commit one
push origin main
ok "three tests" has "main: 1 commit, 3 tests"
echo 2 >src/x
commit "src"
push origin main
ok "src/ concerns all of them" has "3 tests against"
mkdir doc
echo x >doc/x
commit "doc"
push origin main
ok "doc/ not the one that names src/" has "2 tests against"
ok "which is not in the table" lacks "perf/a "
echo x >doc/x.md
commit "prose"
push origin main
ok "prose is ignored" has "nothing to weigh: only ignored files changed"
try pacegate show --repo "$bare" main
ok "show says so too" has "unweighed: nothing to weigh: only ignored files changed"
ok "which is no error" is "$status" 0
git -C "$bare" config pacegate.ignore '*.md'
git -C "$bare" config --add pacegate.ignore 'doc/'
echo y >doc/x
commit "doc again"
push origin main
ok "and what else is configured" has "nothing to weigh"
echo 2 >data/big
commit "another input"
push origin main
ok "an input is part of its test" sh -c "pacegate show main --repo '$bare' --json | grep -q perf/b"
settle
echo 3 >src/x
commit "src again"
push origin main
ok "so its baseline moved" has "against several baselines"
echo '# comment' >>perf/c
commit "one test alone"
push origin main
ok "a test's file matters to itself alone" has "1 test against"

# Directives, also of files that cannot carry a comment.
test_file c '# perf: threshold=1%'
printf '[test "perf/a"]\n\tthreshold = 2%%\n' >.pacegate
git -C "$bare" config pacegate.study 8 # 2 % of a young test is not sure
plant a=30 b=10 c=10
commit "Tighter"
push origin main
settle
plant a=30.8 b=10 c=10.2
echo 4 >src/x
commit "2.6 % and 2 % slower"
push origin main
ok "a directive tightens" grep -qE 'perf/c .* regressed' "$shown"
ok "one in .pacegate too" grep -qE 'perf/a .* regressed' "$shown"
ok "regressed is no refusal" is "$pushed" taken
printf '[test "perf/a"]\n\ttreshold = 2%%\n[pacegate]\n\tbuilt = make\n' >.pacegate
commit "Misspelt"
push origin main
ok "a misspelt key: file and line" has ".pacegate:2: "
ok "another" has ".pacegate:4: "
ok "and what was meant" grep -qE '\.pacegate:2: .*threshold' "$shown"

# A program that the build makes, with the real runner, in an awkward place.
new_repo 'a:b "c" \é'
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 20
cat >.pacegate <<'EOF'
[pacegate]
	tests = bench/work
	tests = perf/*
	setup = cp seed prepared
	build = mkdir -p bench && cc -O1 -o bench/work work.c
[test "bench/work"]
	timeout = 20s
EOF
cat >work.c <<'EOF'
#include <stdio.h>
int main(void)
{
	volatile double sum = 0;
	if (!fopen("prepared", "r"))
		return 9;
	for (long i = 0; i < 3000000; i++)
		sum += 1.0 / (double)(i + 1);
	return sum < 1;
}
EOF
echo 1 >seed
commit "A built test"
push origin main
ok "a built test is adopted" has "new: bench/work"
ok "it was built, set up and run" lacks "broken"
sed -i 's/3000000/30000000/' work.c
commit "Ten times the work"
push origin main
ok "a change of its source shows" has "severe: bench/work"
ok "and is refused" is "$pushed" refused
git reset -q --hard HEAD~1
sed -i 's/int main(void)/int main(viod x)/' work.c
commit "Does not compile"
push origin main
ok "what the compiler says comes back" has "| work.c:2"
ok "as broken" has "broken: bench/work: build: exit"
finish
