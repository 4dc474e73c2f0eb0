#!/bin/sh
# The gate's own memory for each session that runs, by /proc/PID/smaps_rollup:
# SESSIONS at a time, whose runners do nothing, beside a process that was started
# anew and did nothing either. Then jobs a second through worker, queue and judge
# with a runner that costs as good as nothing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/tap.sh"
sessions=${SESSIONS:-50}
new_repo memory
pacegate install "$bare" >/dev/null
planted
git -C "$bare" config pacegate-pool.slots "$sessions"
git -C "$bare" config pacegate-pool.cpus 0-1
printf '#!/bin/sh\nwhile read -r line; do :; done\n' >"$scratch/idle"
chmod +x "$scratch/idle"
git -C "$bare" config pacegate-pool.launch "$scratch/idle"
plant a=30
commit first
git push -q origin main 2>/dev/null
for n in $(seq 2 "$sessions"); do
	git checkout -q -B "b$n" main
	echo "$n" >x
	commit "$n"
done
git push -q origin --all 2>/dev/null
python3 - "$bare" "$sessions" "$build" <<'PY'
import json, os, signal, subprocess, sys, time
bare, sessions, build = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def jobs():
    out = subprocess.run(["pacegate", "status", "--json", "--repo", bare],
                         capture_output=True).stdout
    return [j for j in json.loads(out)["queue"] if j["running"] and j["where"]]
def private_kb(pid):
    rollup = open("/proc/%d/smaps_rollup" % pid).read().splitlines()
    return sum(int(l.split()[1]) for l in rollup if l.startswith("Private_"))
def parent(pid):
    for line in open("/proc/%d/status" % pid):
        if line.startswith("PPid:"):
            return int(line.split()[1])
start = time.monotonic()
while len(jobs()) < sessions and time.monotonic() - start < 120:
    time.sleep(0.2)
pids = [j["process"] for j in jobs()]
each = sorted(private_kb(pid) for pid in pids)
nursery = parent(pids[0])
worker = parent(nursery)
idle = subprocess.Popen([build + "/pacegate", "detect"], stdin=subprocess.PIPE)
time.sleep(0.5)
anew = private_kb(idle.pid)
idle.kill()
print("memory: %d sessions: %d kB of the gate's own each (median; most %d), "
      "worker %d kB, nursery %d kB; a pacegate started anew takes %d kB before "
      "it has done anything" % (len(pids), each[len(each) // 2], each[-1],
                                private_kb(worker), private_kb(nursery), anew))
os.kill(worker, signal.SIGTERM)
while os.path.exists("/proc/%d" % worker):
    time.sleep(0.1)
PY
git -C "$bare" config pacegate-pool.launch "$here/../lib/planted-runner"
start=$(date +%s.%N)
pacegate work --repo "$bare" >/dev/null
awk "BEGIN { printf \"jobs: %.1f a second on this machine, with a runner in Python\n\",
	$sessions / ($(date +%s.%N) - $start) }"
