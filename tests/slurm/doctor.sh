#!/bin/sh
# What `pacegate doctor` and `status` say of a Slurm, and the real runner on it.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/slurm.sh"
need_slurm "doctor on Slurm"

ok "8 nodes come up" slurm_start 8
new_repo doctor
pacegate install "$bare" --gate main >/dev/null
on_slurm
git -C "$bare" config pacegate-pool.runner "$build/pacegate-runner"
git -C "$bare" config pacegate-pool.cache "$scratch/cache"
git -C "$bare" config --unset pacegate-pool.lockDir

try pacegate doctor --repo "$bare"
ok "a partition's nodes are counted" has \
	"partition gate, for pushes that wait: 8 of 8 nodes are up"
ok "the other partition's too" has "partition bg, for all other sessions: 8 of 8"
ok "nothing is amiss with the slots" grep -qE '^ *ok +slots' "$shown"
ok "the runner was tried on a node" grep -qE \
	'version [0-9.]+, tried on node n[1-8]' "$shown"
ok "its sandbox too" has "bubblewrap"

cat >"$scratch/old-runner" <<'OLD'
#!/bin/sh
echo '{"ok": true, "sandbox": "bubblewrap 0.8.0", "version": "0.0.9", "node": "n1"}'
OLD
chmod 755 "$scratch/old-runner"
git -C "$bare" config pacegate-pool.runner "$scratch/old-runner"
try pacegate doctor --repo "$bare"
ok "an old runner is bad" is "$status" 1
ok "and said to be" has "node n1 has version 0.0.9 of the runner"
git -C "$bare" config pacegate-pool.runner /nonexistent/pacegate-runner
try pacegate doctor --repo "$bare"
ok "a node without one is bad" has "/nonexistent/pacegate-runner: No such file"
git -C "$bare" config pacegate-pool.runner "$build/pacegate-runner"

scontrol update partitionname=bg OverSubscribe=NO
try pacegate doctor --repo "$bare"
ok "nodes that are shared are bad" has "set OverSubscribe=EXCLUSIVE for it"
scontrol update partitionname=bg OverSubscribe=EXCLUSIVE PriorityTier=100
try pacegate doctor --repo "$bare"
ok "one tier for both is told" has "wants a lower PriorityTier"
scontrol update partitionname=bg PriorityTier=1
git -C "$bare" config pacegate-pool.partition nowhere
try pacegate doctor --repo "$bare"
ok "a partition that is not there is bad" has "partition nowhere"
git -C "$bare" config pacegate-pool.partition gate

try pacegate status --repo "$bare"
ok "status counts nodes as slots" has "slots     0 of 8 taken"

# The whole way once, with the real runner: objects sent, built, run, judged.
mkdir perf
printf '#!/bin/sh\n# perf: timeout=20s\ni=0; while [ $i -lt 2000 ]; do i=$((i+1)); done\n' \
	>perf/loop
chmod +x perf/loop
commit "A real test"
push origin main
ok "a real push is weighed by the real runner on a node" has "new: perf/loop"
sed -i 's/2000/20000/' perf/loop
commit "Ten times the work"
date >x
push origin main
ok "the test's own change is weighed" is "$pushed" taken
ok "the log names the nodes" logged "on node n"
finish
