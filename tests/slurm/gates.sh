#!/bin/sh
# Gates that are killed while their sessions run on a real Slurm; two on one.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/slurm.sh"
need_slurm "gates that are killed"

ok "8 nodes come up" slurm_start 8
new_repo one
pacegate install "$bare" --gate main >/dev/null
on_slurm
delay=0.15 plant a=30
commit "A test"
push origin main
ok "a push is weighed on a node" has "new: perf/a"
delay=3 plant a=30
git -C "$bare" config pacegate.refs/heads/main.mode report
one_bare=$bare one=$PWD

# A worker that is killed takes its session along, even one that waits.
change
git push -q origin main 2>/dev/null
ok "a session in the background runs" in_session
workers=$(for pid in $(pgrep -f "^[^ ]*pacegate work"); do
	tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "HOME=$HOME" && echo "$pid"
done)
ok "a worker has it" test -n "$workers"
kill -9 $workers
ok "the worker killed with -9: its job ends by itself" waited 10 slurm_is_empty
delay=0.15 plant a=30
change
git push -q origin main 2>/dev/null
settle
pacegate show main --repo "$bare" >"$scratch/shown" 2>&1
shown="$scratch/shown"
ok "the next worker does the work" has "pass"

# What a gate left behind that its host forgot: as after a power failure.
srun -Q -N1 -n1 --partition=bg --job-name=pacegate/one.git/orphan \
	--comment="$(hostname) 999999.1.$(cat /proc/sys/kernel/random/boot_id) one.git x" \
	sleep 300 2>/dev/null &
srun -Q -N1 -n1 --partition=bg --job-name=pacegate/one.git/elsewhere \
	--comment="otherhost 999999.1.x one.git x" sleep 300 2>/dev/null &
orphans_run() { [ "$(squeue -h -t R | wc -l)" = 2 ]; }
ok "two jobs nobody waits for" waited 10 orphans_run
pacegate work --repo "$bare" >/dev/null 2>&1
one_left() { [ "$(squeue -h -t R -o %j)" = pacegate/one.git/elsewhere ]; }
ok "a worker ends that of its host, and leaves other hosts' alone" \
	waited 10 one_left
scancel -n pacegate/one.git/elsewhere

# Two repositories on one cluster, whose sessions run at the same time.
new_repo two
pacegate install "$bare" >/dev/null
on_slurm
delay=0.3 plant a=30
commit "A test"
git push -q origin main 2>/dev/null
cd "$one" || exit 1
delay=0.3 plant a=30
change
git push -q origin main 2>/dev/null
both_run() {
	squeue -h -t R -o %j >"$scratch/jobs"
	grep -q pacegate/one.git "$scratch/jobs" &&
		grep -q pacegate/two.git "$scratch/jobs"
}
ok "two gates have a session each" waited 30 both_run
ok "on a node each" is "$(squeue -h -t R -o %N | sort -u | wc -l)" 2
two_bare=$bare bare=$one_bare
settle
pacegate show main --repo "$bare" >"$shown" 2>&1
ok "the one's is weighed" has "pass"
bare=$two_bare
settle
pacegate show main --repo "$bare" >"$shown" 2>&1
ok "the other's too" has "new"

# Features: of a test, and of nodes.
bare=$one_bare
git -C "$bare" config pacegate.refs/heads/main.mode wait
plant a=30 b=10
sed -i '2i# perf: needs=fast' perf/b
commit "A test that needs a fast node"
: >"$bare/pacegate/log"
push origin main
ok "tests with other needs are weighed in the same push" has "new: perf/b"
ok "in a session of its own" is \
	"$(grep -c 'session of 1 tests, 2 revisions on node' "$bare/pacegate/log")" 2
grep 'session of 1 tests' "$bare/pacegate/log" | tail -1 >"$scratch/last"
ok "on a node that has them" grep -q 'on node n[2468]:' "$scratch/last"
date >x
sed -i 's/needs=fast/needs=gpu/' perf/b
commit "A test that needs what no node has"
push origin main
ok "what no node has is said" has "it needs gpu, which no node of partition gate has"
ok "and the other test is weighed" has "pass"
finish
