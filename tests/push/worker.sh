#!/bin/sh
# The worker as a scheduler: several jobs at a time, in their order; newer pushes
# overtake older ones; what is killed goes back to the queue.
. "$(dirname "$0")/../lib/tap.sh"

# queue EXPRESSION: of the queue, as python's `jobs`.
queue() {
	pacegate status --repo "$bare" --json >"$scratch/status.json" &&
		python3 - "$scratch/status.json" "$1" <<'PY'
import json, sys
jobs = json.load(open(sys.argv[1]))["queue"]
running = [j for j in jobs if j["running"]]
sys.exit(0 if eval(sys.argv[2]) else json.dumps(jobs, indent=1))
PY
}
empty() { queue 'not jobs'; }
workers() { pgrep -f "[p]acegate work --repo" | while read -r pid; do
	[ "$(readlink "/proc/$pid/cwd")" = "$bare" ] && echo "$pid"; done; }
# children: those that run a job. scheduler: the one that they are of.
children() { pacegate status --repo "$bare" --json | python3 -c '
import json, sys
for job in json.load(sys.stdin)["queue"]:
    if job["running"]:
        print(job["process"])'; }
parent() { sed -n 's/^PPid:[[:blank:]]*//p' "/proc/$1/status"; }
scheduler() { parent "$(parent "$(children | sed -n 1p)")"; }
idle() { [ -z "$(workers)" ]; }
# done_all: the queue is empty, and the worker has ended.
done_all() { waited 90 empty && waited 30 idle; }
# says REV VERDICT
says() { pacegate show "$1" --repo "$bare" | grep -q "^$2"; }

# hold: sessions wait from now on until `release`.
cat >"$scratch/gated" <<GATED
#!/bin/sh
while [ -e "$scratch/hold" ]; do
	sleep 0.1
	kill -0 \$PPID 2>/dev/null || exit 1
done
exec "$here/../lib/planted-runner" "\$@"
GATED
chmod +x "$scratch/gated"
hold() { touch "$scratch/hold"; }
release() { rm -f "$scratch/hold"; }
# another BRANCH [TEXT]: a commit on it, pushed.
another() {
	git checkout -q -B "$1" || exit 1
	git rev-list --count HEAD >"x$1"
	commit "${2:-$1}"
	git push -q origin "$1" 2>/dev/null
}
# from_main BRANCH: the first commit of a branch.
from_main() { git checkout -q main && another "$@"; }
# running COUNT: so many have a slot.
running() { queue "len(running) == $1 and all(j['where'] for j in running)"; }
queued() { queue "len(jobs) == $1"; }

new_repo many
pacegate install "$bare" >/dev/null
planted
git -C "$bare" config pacegate-pool.launch "$scratch/gated"
git -C "$bare" config pacegate-pool.slots 2
git -C "$bare" config pacegate-pool.cpus 0-1
plant a=30
commit first
git push -q origin main 2>/dev/null
done_all
hold
for n in 1 2 3 4 5; do
	from_main "topic$n"
done
ok "two slots: two jobs at a time" waited 30 running 2
ok "the others wait" waited 30 queued 5
ok "the first come first" queue \
	'sorted(j["ref"][-1] for j in running) == ["1", "2"]'
ok "each has a slot of its own" queue \
	'sorted(j["where"] for j in running) == ["slot 0", "slot 1"]'
try pacegate status --repo "$bare"
ok "status tells what runs where" grep -qE 'topic1 .*slot [01]' "$shown"
release
ok "all are weighed" done_all
all_pass() { for n in 1 2 3 4 5; do says topic$n pass || return 1; done; }
ok "each for itself" all_pass

# Newer pushes to a branch overtake older ones.
hold
from_main busy
from_main other
waited 30 running 2
git checkout -q busy
for n in 2 3 4; do
	another busy
done
git checkout -q other
another other
waited 30 queued 6
release
ok "many pushes to a branch are done" done_all
ok "the newest of it is weighed" says busy pass
ok "the first, which ran by then, too" says busy~3 pass
try pacegate show busy~2 --repo "$bare"
ok "one between was overtaken" has "unweighed: overtaken by"
ok "by one that is weighed in its place" has "which is weighed in its place"
ok "another branch is not concerned" says other pass
pacegate export --repo "$bare" >"$scratch/export"
ok "nothing is left in the queue of it" not grep -q '"table":"sessions"' \
	"$scratch/export"

# What the older one would have run is run all the same.
git -C "$bare" config pacegate-pool.slots 1
git checkout -q main
cat >perf/b <<'PERF'
#!/bin/sh
# perf: affects=b/
exec true
PERF
chmod +x perf/b
sed -i 's/^{/{"perf\/b": {"wall": 3e7, "cpu": 3e7}, /' planted
mkdir b
echo 1 >b/x
commit "A test of b/ alone"
git push -q origin main 2>/dev/null
done_all
hold
from_main held
waited 30 running 1
echo 2 >b/x
sed -i 's/"wall": 3e7, "cpu": 3e7/"wall": 5e7, "cpu": 5e7/' planted
another held "b is slower"
another held "What does not touch b"
waited 30 queued 3
release
done_all
ok "a change of the one overtaken is found by the newer one" says held \
	'severe: perf/b'
brought() {
	pacegate show held --repo "$bare" |
		grep -q "brought by $(git rev-parse --short=10 held~1)"
}
ok "and a bisection tells which commit it was" brought
git checkout -q main

# Who says something is not overtaken; where overtake is false, nobody is.
hold
from_main said
waited 30 running 1
another said "said

Perf-Expect: perf/a wall -20%"
another said
waited 30 queued 3
release
done_all
ok "a push with a trailer is not overtaken" not says said~1 unweighed
git -C "$bare" config pacegate.refs/heads/every.overtake false
hold
from_main every
for n in 2 3 4; do
	another every
done
waited 30 queued 4
release
done_all
all_weighed() { for n in 0 1 2 3; do says every~$n pass || return 1; done; }
ok "overtake = false: every push is weighed" all_weighed

# New tests go first.
hold
from_main plain1
waited 30 running 1
from_main plain2
git checkout -q -B fresh main
plant a=30 new=20
commit "A new test"
git push -q origin fresh 2>/dev/null
waited 30 queued 3
ok "a new test is ahead of pushes that came before" queue \
	'[j["ref"][11:] for j in jobs if not j["running"]] == ["fresh", "plain2"]'
release
done_all

# One pusher, and one repository, are to leave something to others.
git -C "$bare" config pacegate-pool.slots 2
for limit in perPusher perRepository; do
	git -C "$bare" config "pacegate-pool.$limit" 1
	hold
	from_main "$limit-1"
	from_main "$limit-2"
	waited 30 running 1
	waited 30 queued 2
	sleep 1
	ok "$limit = 1: one at a time" queue 'len(running) == 1'
	git -C "$bare" config --unset "pacegate-pool.$limit"
	release
	done_all
done

# Two repositories that share a slot take turns.
many=$bare
new_repo second
for repo in "$many" "$bare"; do
	[ "$repo" = "$many" ] || pacegate install "$repo" >/dev/null
	planted
	git -C "$repo" config pacegate-pool.lockDir "$scratch"
	git -C "$repo" config pacegate-pool.slots 1
	printf '#!/bin/sh\necho %s >>"%s/turns"\nexec "%s/gated" "$@"\n' \
		"$(basename "$repo" .git)" "$scratch" "$scratch" >"$repo/turn"
	chmod +x "$repo/turn"
	git -C "$repo" config pacegate-pool.launch "$repo/turn"
done
plant a=30
commit first
git push -q origin main 2>/dev/null
done_all
rm -f "$scratch/turns"
hold
for n in 1 2 3 4 5; do
	from_main "turn$n"
	(cd "$scratch/many" && bare=$many && from_main "turn$n")
done
waited 30 queued 5
release
done_all
bare=$many
done_all
turns() {
	uniq -c "$scratch/turns" | awk '{ runs++; if ($1 > most) most = $1 }
		END { exit !(runs >= 6 && most <= 3) }'
}
ok "two repositories that share a slot take turns" turns
cd "$scratch/many" || exit 1
git -C "$bare" config pacegate-pool.launch "$scratch/gated"
git -C "$bare" config pacegate-pool.slots 2

# Killed in mid-session: a job's process, then the scheduler.
hold
from_main killed1
from_main killed2
waited 30 running 2
before=$(scheduler)
kill -9 "$(children | sed -n 1p)"
ok "a job whose process is killed goes back, and is begun anew" waited 30 \
	queue 'len(running) == 2 and sum(j["tries"] for j in jobs) == 1'
ok "by the same worker" is "$(scheduler)" "$before"
waited 30 running 2
kill -9 "$(scheduler)"
ok "with the scheduler its processes end" waited 60 idle
ok "both jobs wait" queue 'len(jobs) == 2 and not running'
ok "which is no try" queue 'sum(j["tries"] for j in jobs) == 1'
release
pacegate work --repo "$bare" >"$scratch/work.out" 2>&1
ok "the next worker does them" grep -q '^2 weighed' "$scratch/work.out"
ok "the store is sound" pacegate verify --repo "$bare"

# A stop is no failure.
hold
from_main stopped
waited 30 running 1
kill -TERM "$(scheduler)"
ok "a worker that is stopped ends" waited 60 idle
ok "its job waits, and has not failed" queue \
	'len(jobs) == 1 and not running and not jobs[0]["tries"]'
release
settle
ok "and is weighed by the next one" says stopped pass

# A process that always dies.
printf '#!/bin/sh\nkill -9 $PPID\n' >"$scratch/deadly"
chmod +x "$scratch/deadly"
git -C "$bare" config pacegate-pool.launch "$scratch/deadly"
from_main deadly
ok "a job that kills its process is given up" done_all
try pacegate show deadly --repo "$bare"
ok "with the reason" has "failure: its process died 6 times"
finish
