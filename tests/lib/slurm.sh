# Sourced after tap.sh by tests/slurm/*.sh, and by tests/bench/fleet.sh: a real
# Slurm of many nodes on loopback, all of it below $scratch, each daemon ended
# by its pid.
#
#     slurm_start 8 [MORE LINES OF slurm.conf]
#
# Nodes are n1, n2 and so on; those of even number have the feature `fast`
# beside `x86`. Partitions are `gate`, and `bg`, whose jobs it preempts.
slurm="$scratch/slurm"
export SLURM_CONF="$slurm/slurm.conf"
# Debian has the daemons where users do not look.
PATH="$PATH:/usr/sbin:/sbin"

# need_slurm WHAT: without it, or without root, the test is one skip.
need_slurm() {
	why=""
	[ "$(id -u)" = 0 ] || why="munged and slurmctld are started as root"
	for program in munged slurmctld slurmd srun; do
		command -v $program >/dev/null ||
			why="no $program: contrib/deps slurm"
	done
	[ -n "$why" ] || return 0
	skip "$1" "$why"
	finish
}

# A range of ports that nothing listens on.
slurm_ports() { # COUNT
	python3 - "$1" "$$" <<'PYTHON'
import socket, sys
count, base = int(sys.argv[1]), 20000 + int(sys.argv[2]) % 97 * 100
while True:
    try:
        for port in range(base, base + count):
            with socket.socket() as s:
                s.bind(("127.0.0.1", port))
        print(base)
        break
    except OSError:
        base += count
PYTHON
}

slurm_munge() {
	mkdir -p "$slurm/munge"
	dd if=/dev/urandom of="$slurm/munge/key" bs=128 count=1 2>/dev/null
	chmod 600 "$slurm/munge/key"
	chmod 711 "$scratch" "$slurm" "$slurm/munge"
	munged --force --socket="$slurm/munge/sock" \
		--key-file="$slurm/munge/key" --pid-file="$slurm/pid/munged" \
		--seed-file="$slurm/munge/seed" \
		--log-file="$slurm/log/munged" --num-threads=4
}

slurm_conf() { # NODES PORT [MORE]
	host=$(hostname -s)
	cat <<CONF
ClusterName=pacegate-test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$2
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge/sock
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SrunPortRange=40000-49999
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%n
SlurmctldPidFile=$slurm/pid/slurmctld
SlurmdPidFile=$slurm/pid/slurmd.%n
SlurmctldLogFile=$slurm/log/slurmctld
SlurmdLogFile=$slurm/log/slurmd.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,default_queue_depth=1000
PriorityType=priority/multifactor
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
InactiveLimit=60
KillWait=5
MinJobAge=60
MaxJobCount=20000
ReturnToService=2
MessageTimeout=30
SlurmdTimeout=${slurmd_timeout:-60}
$3
CONF
	for i in $(seq "$1"); do
		echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1" \
			"Port=$(($2 + i)) CPUs=2 RealMemory=1000" \
			"Feature=x86$([ $((i % 2)) = 1 ] || echo ,fast)"
	done
	cat <<CONF
PartitionName=gate Nodes=ALL Default=YES OverSubscribe=EXCLUSIVE PriorityTier=100 PreemptMode=OFF
PartitionName=bg Nodes=ALL OverSubscribe=EXCLUSIVE PriorityTier=1 PreemptMode=REQUEUE GraceTime=0
CONF
}

slurm_ctld() { slurmctld -f "$SLURM_CONF"; }
slurm_node() { # N: its slurmd
	mkdir -p "$slurm/spool/n$1"
	slurmd -N "n$1" -f "$SLURM_CONF"
}
slurm_up() { # NODES: whether so many are idle
	[ "$(sinfo -h -p gate -t idle -o %D)" = "$1" ]
}

slurm_start() {
	slurm_nodes=$1
	mkdir -p "$slurm/state" "$slurm/pid" "$slurm/log" "$slurm/spool"
	chmod 755 "$slurm"
	slurm_port=$(slurm_ports $(($1 + 1)))
	slurm_conf "$1" "$slurm_port" "${2:-}" >"$SLURM_CONF"
	slurm_munge && slurm_ctld || return 1
	for i in $(seq "$1"); do slurm_node "$i" || return 1; done
	waited 60 slurm_up "$1"
}

slurm_pid() { cat "$slurm/pid/$1" 2>/dev/null; }
# slurm_kill N: what a power failure does to node N: its daemon, and all that
# runs there.
slurm_kill() {
	for pid in $(slurm_pid "slurmd.n$1") $(slurm_steps "$1"); do
		kill -9 "$pid" 2>/dev/null
	done
}
# The stepds of a node with their children and these' children.
slurm_steps() {
	for pid in $(pgrep -f "^slurmstepd: \[" || :); do
		grep -qzx "SLURMD_NODENAME=n$1" "/proc/$pid/environ" \
			2>/dev/null && slurm_tree "$pid"
		for child in $(pgrep -P "$pid" || :); do
			grep -qzx "SLURMD_NODENAME=n$1" \
				"/proc/$child/environ" 2>/dev/null &&
				{ echo "$pid"; slurm_tree "$child"; }
		done
	done | sort -u
}
slurm_tree() {
	echo "$1"
	for child in $(pgrep -P "$1" || :); do slurm_tree "$child"; done
}

# The jobs first: a stepd outlives its slurmd.
slurm_stop() {
	[ -e "$SLURM_CONF" ] || return 0
	scancel -f -u "$(id -un)" 2>/dev/null
	waited 10 slurm_is_empty
	for pid in $(pgrep -f "^slurmstepd: \["); do
		for child in $(pgrep -P "$pid"); do
			grep -qzx "SLURM_CONF=$SLURM_CONF" \
				"/proc/$child/environ" && kill -9 "$pid" "$child"
		done
	done 2>/dev/null
	for name in "$slurm"/pid/slurmd.* "$slurm/pid/slurmctld" \
		"$slurm/pid/munged"; do
		[ ! -e "$name" ] || kill "$(cat "$name")" 2>/dev/null
	done
	waited 10 slurm_is_down
}
slurm_is_empty() { [ -z "$(squeue -h -t PD,R)" ]; }
slurm_is_down() {
	for name in "$slurm"/pid/*; do
		[ ! -e "$name" ] || ! kill -0 "$(cat "$name")" || return 1
	done
}
trap 'slurm_stop >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# on_slurm: this repository's sessions run on the cluster, by the double of the
# runner; what is in $bad/NODE goes wrong there.
bad="$scratch/bad"
on_slurm() {
	mkdir -p "$bad"
	printf '#!/bin/sh\nPLANTED_ON_NODE=%s exec %s "$@"\n' "$bad" \
		"$here/../lib/planted-runner" >"$scratch/node-runner"
	chmod 755 "$scratch/node-runner"
	git -C "$bare" config pacegate-pool.type slurm
	git -C "$bare" config pacegate-pool.partition gate
	git -C "$bare" config pacegate-pool.backgroundPartition bg
	git -C "$bare" config pacegate-pool.lockDir "$scratch"
	git -C "$bare" config pacegate-pool.patience 3s
	git -C "$bare" config pacegate-pool.runner "$scratch/node-runner"
}
# running: the node that a session of ours runs on, in $node.
running() {
	node=$(squeue -h -t R -o %N | head -1) && [ -n "$node" ]
}
# in_session: wait until one is among its rounds.
in_session() {
	waited 30 running && sleep 1 && running
}
# push_on ARGS...: a push in the background; `pushed_on` waits for it.
push_on() {
	shown="$scratch/shown"
	timeout 240 git push "$@" >"$shown" 2>&1 &
	pushing=$!
}
pushed_on() {
	if wait "$pushing"; then pushed=taken
	else pushed=refused; fi
	tr '\r' '\n' <"$shown" >"$shown.lines" && mv "$shown.lines" "$shown"
}
# logged TEXT: in the gate's log.
logged() { grep -qF -e "$1" "$bare/pacegate/log"; }
# change: a commit that changes nothing that is measured.
change() {
	date +%N >x
	commit "${1:-No change}"
}
