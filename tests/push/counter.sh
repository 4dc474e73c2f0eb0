#!/bin/sh
# Instructions counted by valgrind, judged beside the time, in real pushes.
. "$(dirname "$0")/../lib/tap.sh"

# looping N: the tree's program goes round so often.
looping() {
	cat >loop.c <<END
int main(void) {
	volatile unsigned long sum = 0;
	for (long i = 0; i < $1; i++) sum += (unsigned long)i;
	return 0;
}
END
}
# shown_json: of the tip
shown_json() { try pacegate show --repo "$bare" main --json; }

new_repo counter
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 10
mkdir perf
looping 3000000
printf '[pacegate]\n\tbuild = cc -O1 -o loop loop.c\n' >.pacegate
printf '#!/bin/sh\n# perf: timeout=60s\nexec ./loop\n' >perf/loop
chmod +x perf/loop
commit "A loop"
push origin main
shown_json
if [ -d /sys/bus/event_source/devices/cpu ]; then
	ok "auto is perf with hardware counters" has '"counter": "perf"'
else
	ok "auto is none without hardware counters, and says why" \
		has '"counter": "none: this processor offers none'
	ok "and then no instructions are told" \
		lacks '"metric": "instructions"'
	sed -i 's/timeout=60s/metrics=instructions/' perf/loop
	commit "Wants what cannot be had"
	git -C "$bare" config pacegate.refs/heads/other.mode wait
	push origin HEAD:refs/heads/other
	ok "what asks for nothing else is not weighed, and why is said" has \
		"nothing that it asks for was measured: metrics = instructions (no counter: this processor"
	git reset -q --hard HEAD~1
	try pacegate doctor --repo "$bare"
	ok "doctor says so too" has "none: no hardware counters:"
	git -C "$bare" config pacegate-sandbox.counter perf
	try pacegate doctor --repo "$bare"
	ok "perf that was asked for is missed" has "perf counts nothing here"
fi

git -C "$bare" config pacegate-sandbox.counter valgrind
if [ ! -x /usr/bin/valgrind ]; then
	skip "counter = valgrind" "no /usr/bin/valgrind, install valgrind"
	try pacegate doctor --repo "$bare"
	ok "doctor misses it" has "install valgrind"
	finish
fi
try pacegate doctor --repo "$bare"
ok "doctor says what counts" has "instructions are counted by valgrind"
echo x >x
commit "No change"
push origin main
shown_json
ok "valgrind counts" has '"counter": "valgrind"'
same_count() {
	python3 -c '
import json, sys
tests = json.load(open(sys.argv[1]))["tests"]
metric = [m for m in tests[0]["metrics"] if m["metric"] == "instructions"][0]
print(metric)
sys.exit(metric["verdict"] != "pass" or abs(metric["ratio"] - 1) > 1e-4)
' "$shown"
}
ok "the same code comes out the same" same_count
try pacegate compare main~1 main --repo "$bare"
ok "compare takes a count that stands alone as what it is" grep -qE \
	'instructions .* [+]0.00 % [.][.] [+]0.00 %, 1 rounds' "$shown"
looping 3360000
commit "12 % more work"
push origin main
ok "12 % more work is refused" is "$pushed" refused
ok "and called by its name" has "12 % more work"

git reset -q --hard HEAD~1
cat >perf/loop <<'END'
#!/bin/sh
# perf: timeout=60s
case $LD_PRELOAD in *valgrind*) exit 3 ;; esac
[ -e x ] || exit 4
./loop
END
commit "Does not run under valgrind"
git -C "$bare" config pacegate.broken reject
push origin main
ok "what valgrind cannot run is no failure of the test" is "$pushed" taken
ok "but it is said" has "no instruction counts: exit 3 under valgrind"
finish
