#!/bin/sh
# A real Slurm whose controller, srun or partition goes away, and two gates.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/slurm.sh"
need_slurm "a controller that goes away"

ok "8 nodes come up" slurm_start 8
new_repo ctld
pacegate install "$bare" --gate main >/dev/null
on_slurm
delay=0.15 plant a=30
sed -i '2i# perf: timeout=2s' perf/a
commit "A test"
push origin main
ok "a push is weighed on a node" has "new: perf/a"

change
push_on origin main
ok "a session runs" in_session
kill "$(slurm_pid slurmctld)"
waited 10 not slurm_pid slurmctld
slurm_ctld
pushed_on
ok "slurmctld restarted in mid-session: the session goes on" \
	has "pass: 1 test"

kill "$(slurm_pid slurmctld)"
waited 10 not slurm_pid slurmctld
change
push_on origin main
sleep 4
slurm_ctld
pushed_on
ok "one that is away at first is waited for" has "pass: 1 test"

change
push_on origin main
ok "another session runs" in_session
: >"$bare/pacegate/log"
kill -9 $(pgrep -f "^srun .*--job-name=pacegate/ctld.git/")
pushed_on
ok "srun killed in mid-session: the push is weighed all the same" \
	has "pass: 1 test"
ok "the log says why it was run again" logged "srun was ended by signal 9"
ok "and the job did not outlive its srun" waited 10 slurm_is_empty

change
push_on origin main
ok "a third session runs" in_session
: >"$bare/pacegate/log"
scancel -n "$(squeue -h -t R -o %j)"
pushed_on
ok "cancelled by somebody: it is weighed all the same" has "pass: 1 test"
ok "which the log says" logged "CANCELLED AT"

# Nodes that are all taken: the push waits as long as its budget says.
git -C "$bare" config pacegate.budget 6s
scontrol update "nodename=n[1-8]" state=drain reason=test
change
push origin main
ok "without a free node the push waits, and says so" has "waiting for a node ("
ok "until its budget is used up" has "the budget is used up"
ok "and nothing of it stays in Slurm's queue" waited 5 slurm_is_empty
git -C "$bare" config --unset pacegate.budget
scontrol update "nodename=n[1-8]" state=resume
settle
pacegate show main --repo "$bare" >"$scratch/shown" 2>&1
ok "which is weighed afterwards, in the background" has "pass"

# One node: what nobody waits for gives way to a push.
scontrol update "nodename=n[2-8]" state=drain reason=test
git -C "$bare" config pacegate.refs/heads/side.mode report
git checkout -q -b side
delay=1 plant a=30
change "In the background"
git push -q origin side 2>/dev/null
ok "a session in the background runs" in_session
ok "in its own partition" is "$(squeue -h -t R -o %P)" bg
git checkout -q main
change "Somebody waits for it"
push origin main
ok "a push does not wait for it" has "pass: 1 test"
ok "the other gave way" waited 10 logged "gave way on node n1"
settle
pacegate show side --repo "$bare" >"$scratch/shown" 2>&1
ok "and was weighed afterwards" has "pass"
scontrol update "nodename=n[2-8]" state=resume

# The partition is not for one job at a time.
scontrol update partitionname=gate OverSubscribe=NO
change
push origin main
ok "a partition whose nodes are shared is not measured on" \
	has "set OverSubscribe=EXCLUSIVE for it"
scontrol update partitionname=gate OverSubscribe=EXCLUSIVE
git -C "$bare" config pacegate-pool.partition nowhere
change
push origin main
ok "one that is not there is named" has "nowhere"
finish
