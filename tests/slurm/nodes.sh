#!/bin/sh
# Nodes of a real Slurm that fail under a session.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/slurm.sh"
need_slurm "nodes that fail"

ok "8 nodes come up" slurm_start 8
new_repo nodes
pacegate install "$bare" --gate main >/dev/null
on_slurm
delay=0.15 plant a=30
sed -i '2i# perf: timeout=2s' perf/a
commit "A test"
push origin main
ok "a push is weighed on a node" is "$pushed" taken
ok "its test is new" has "new: perf/a"
ok "the log says on which node" logged "on node n"

change
push origin main
ok "no change passes" has "pass: 1 test"

# A node's daemon alone: what runs there goes on.
change
push_on origin main
ok "a session runs" in_session
kill "$(slurm_pid "slurmd.$node")"
pushed_on
ok "slurmd killed in mid-session: the session goes on" has "pass: 1 test"
ok "on the same node" not logged "tried again"
slurm_node "${node#n}"

# All of a node, as when its power fails: nobody says so.
change
push_on origin main
ok "another session runs" in_session
lost=$node
slurm_kill "${lost#n}"
pushed_on
ok "a node lost in mid-session: the push is weighed all the same" \
	has "pass: 1 test"
ok "the lost node is named" logged "node $lost: the runner said nothing for"
ok "it is a node that does not answer" waited 10 slurm_is_empty
slurm_node "${lost#n}"

# A runner that is stopped, as by a machine that hangs.
change
push_on origin main
ok "a third session runs" in_session
stuck=$node
kill -STOP $(slurm_steps "${stuck#n}")
pushed_on
ok "a stuck node: the push is weighed all the same" has "pass: 1 test"
ok "the stuck node is named" logged "node $stuck: the runner said nothing for"
kill -KILL $(slurm_steps "${stuck#n}") 2>/dev/null

# Draining: what runs there ends well, and what comes goes elsewhere.
waited 30 slurm_is_empty
change
push_on origin main
ok "a fourth session runs" in_session
drained=$node
scontrol update "nodename=$drained" state=drain reason=test
pushed_on
ok "a node drained in mid-session: the session ends well" has "pass: 1 test"
: >"$bare/pacegate/log"
change
push origin main
ok "the next push is weighed" has "pass: 1 test"
ok "on another node" not logged "on node $drained:"
scontrol update "nodename=$drained" state=resume

# Broken nodes, of which the session finds the one that is not.
for i in 1 2 3; do
	printf version >"$bad/n$i"
	scontrol update "nodename=n$i" weight=1
done
for i in 4 5 6 7 8; do scontrol update "nodename=n$i" weight=100; done
printf full >"$bad/n2"
: >"$bare/pacegate/log"
change
push origin main
[ -z "${KEEP_LOG:-}" ] || cp "$bare/pacegate/log" "$KEEP_LOG"
ok "with broken nodes a push is weighed on a sound one" has "pass: 1 test"
ok "a node with an old runner is named" logged \
	"node n1: the runner is version 0.0.9"
ok "with what to do" logged "install the same version of pacegate"
ok "a node with a full disk is named" logged \
	"node n2: runner: /var/cache/pacegate: No space left on device"

git -C "$bare" config pacegate-pool.runner /nonexistent/pacegate-runner
git -C "$bare" config pacegate.failure reject
change
push origin main
ok "no runner anywhere: a failure of the gate's own" has \
	"failure of the gate itself, not of your push"
ok "that says so" has "/nonexistent/pacegate-runner: No such file"
ok "naming a node, and how many were tried" grep -qE \
	'after tries on n[0-9], n[0-9], n[0-9]: node n[0-9]: ' "$shown"
ok "and refuses as configured" is "$pushed" refused
git -C "$bare" config pacegate.failure accept

# After the push, by the worker: bounded too, and then a verdict.
git -C "$bare" config pacegate.refs/heads/main.mode report
push origin main
shown="$scratch/shown"
is_over() {
	pacegate show main --repo "$bare" >"$shown" 2>&1 && has failure
}
ok "after the push the verdict is failure, when all tries are used up" \
	waited 200 is_over
ok "with the reason" has "/nonexistent/pacegate-runner: No such file"
ok "and nothing is left in the queue" slurm_is_empty
pacegate export --repo "$bare" >"$scratch/export" 2>&1
ok "nothing of it was stored as a sample" not grep -q \
	"\"sample\".*$(git rev-parse HEAD)" "$scratch/export"
finish
