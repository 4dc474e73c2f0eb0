#!/bin/sh
# Bad tests and bad configuration, with the real runner: each gets a message of
# its own that names test and reason, and the push goes on.
. "$(dirname "$0")/../lib/tap.sh"

new_repo bad
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 8
git -C "$bare" config pacegate-sandbox.memory 96M
git -C "$bare" config pacegate-sandbox.disk 32M
git -C "$bare" config pacegate-sandbox.output 64k
git -C "$bare" config pacegate-sandbox.processes 40
git -C "$bare" config pacegate-sandbox.cpuTime 1500ms
git -C "$bare" config pacegate-sandbox.wallTime 30s
git -C "$bare" config pacegate-sandbox.files 64
mkdir perf
write() { # NAME BODY
	printf '%s\n' "$2" >"perf/$1"
	chmod +x "perf/$1"
}
write fine '#!/bin/sh
exit 0'
commit "A fine test"
push origin main
ok "a fine test is adopted" has "new: perf/fine"

# one NAME BODY: pushed alone, then taken out again.
one() {
	write "$1" "$2"
	commit "$1"
	push origin main
	pacegate show main --repo "$bare" >"$scratch/report" 2>&1
	git rm -q "perf/$1"
	git commit -q -m "without $1"
	git push -q origin main 2>/dev/null
}
says() { grep -qE -- "$1" "$shown" "$scratch/report"; }

one interpreter '#!/no/such/interpreter'
ok "a missing interpreter" says 'broken: perf/interpreter: .*/no/such/interpreter'
ok "is no reason to refuse" is "$pushed" taken
one directive '#!/bin/sh
# perf: timeout=soon
exit 0'
ok "a broken directive: file and line" says 'perf/directive:2: timeout=soon: '
one event '#!/bin/sh
echo "strat transfer" >"$PERF_EVENTS"
exit 0'
ok "a malformed event" says 'perf/event.*strat'
one unended '#!/bin/sh
echo "start transfer" >"$PERF_EVENTS"
exit 0'
ok "a start without an end" says 'perf/unended.*(end|start) '
one endless '#!/bin/sh
# perf: timeout=500ms
sleep 1000'
ok "one that never ends" says 'broken: perf/endless: took longer than 500 ms \(raise timeout='
git -C "$bare" config pacegate-sandbox.wallTime 700ms
one patient '#!/bin/sh
# perf: timeout=24h
sleep 1000'
git -C "$bare" config pacegate-sandbox.wallTime 30s
ok "whose own limit is beyond the server's" says "broken: perf/patient: took longer than 700 ms .*server's wallTime"
one spin '#!/bin/sh
while :; do :; done'
ok "one that computes without end" says 'broken: perf/spin: used more than 1500 ms of CPU time'
one flood '#!/bin/sh
yes'
ok "one that prints without end" says 'broken: perf/flood: wrote more than 64 kB to stdout and stderr.*output'
one forks '#!/bin/sh
# perf: timeout=2s
f() { f | f & f; }
f'
ok "one that forks without end" says 'broken: perf/forks: '
one daemon '#!/bin/sh
setsid sleep 1000 </dev/null >/dev/null 2>&1 &
exit 0'
ok "a daemon left behind does not keep the push" is "$pushed" taken
ok "nor live on" not pgrep -f 'sleep 1000'
ok "and the pusher hears of it" says 'perf/daemon.*left processes behind'
one disk '#!/bin/sh
dd if=/dev/zero of=/tmp/x bs=1M count=200'
ok "one that fills its disk" says 'broken: perf/disk: .*disk limit (of )?32 MB'
one memory '#!/bin/sh
exec python3 -c "x = bytearray(500 << 20)"'
if [ -x /usr/bin/python3 ]; then
	ok "one that fills its memory" says 'broken: perf/memory: .*96 MB.*memory'
else
	skip "one that fills its memory" "no /usr/bin/python3"
fi
one opens '#!/bin/bash
ulimit -n
for i in {10..80}; do eval "exec $i</dev/null" || exit 9; done'
ok "one that opens too many files" says 'broken: perf/opens: exit 9'
ok "its limit is the configured one" says '[|] 64$'
ok "and it saw the reason" says 'Too many open files'
one exits '#!/bin/sh
echo the reason is here >&2
exit 7'
ok "a failing one: its status" says 'broken: perf/exits: .*exit 7'
ok "and its last words" says 'the reason is here'
one signal '#!/bin/sh
kill -SEGV $$'
ok "one that dies: its signal" says 'broken: perf/signal: .*signal'
one skips '#!/bin/sh
echo "skip no such hardware" >"$PERF_EVENTS"
exit 0'
ok "one that skips itself is not weighed" says 'unweighed.*no such hardware'

printf '#!/bin/sh\nexit 0\n' >perf/plain
chmod -x perf/plain
commit "Not executable"
push origin main
ok "one that is not executable: what to type" has "git update-index --chmod=+x perf/plain"
git rm -q -f perf/plain

printf '[pacegate\n\tbuild = true\n' >.pacegate
commit "A broken .pacegate"
push origin main
ok "a .pacegate that does not parse: file and line" has ".pacegate:1: "
printf '[pacegate]\n\tbuild = echo compiling && exit 4\n' >.pacegate
commit "A build that fails"
push origin main
ok "a build that fails: its status" has "build: exit 4"
ok "and its log" has "| compiling"
git rm -q .pacegate
write fine '#!/bin/sh
test -e broken && exit 3
exit 0'
touch broken
commit "Fails at one revision only"
push origin main
ok "a test that fails at one revision only" has "broken: perf/fine: exit 3"

git -C "$bare" config pacegate.threshold lots
git -C "$bare" config pacegate.tresholt 3%
git rm -q broken
commit "Mended"
push origin main
ok "a bad configuration does not stop the push" is "$pushed" taken
try pacegate doctor --repo "$bare"
ok "doctor names file and line of a bad value" grep -qE 'config:[0-9]+: threshold = lots: write a percentage' "$shown"
ok "and suggests the key that was meant" grep -qE 'config:[0-9]+: .*did you mean .*threshold' "$shown"
ok "and exits with 1" is "$status" 1
finish
