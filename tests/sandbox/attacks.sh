#!/bin/sh
# Each of attacks.c alone: it ends as the limit says that it met, nothing of it
# survives, and the sandbox works afterwards.
set -u
. "$(dirname "$0")/common"
prepare
program=pgatk$$
compile attacks.c "$work/t/$program" ||
	{ echo "Bail out! no compiler"; exit 1; }

# attack MODE NAME EXPECTED... [-- OPTIONS]: one of the outcomes
attack() {
	mode=$1 name=$2 expected=
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		expected="$expected $1"
		shift
	done
	[ $# -gt 0 ] && shift
	out=$(runner "$mode" --tree "$work/t" --timeout 1s --memory 100M \
		--disk 40M --processes 40 --output 1M --files 256 "$@" -- \
		"./$program" "$name" 2>&1)
	outcome=$(printf '%s\n' "$out" | field outcome)
	case "$expected " in
	*" $outcome "*) ok "$mode: $name ends: $outcome" ;;
	*) not_ok "$mode: $name ends" "is: $outcome" "expected:$expected" \
		"$out" ;;
	esac
	check "$mode: $name leaves nobody" "$(survivors "$program")" ""
	why=$(printf '%s\n' "$out" | field why)
}

# says NAME PATTERN: the reason names the limit
says() {
	case $why in
	*$2*) ok "$mode: $1 gives the reason" ;;
	*) not_ok "$mode: $1 gives the reason" "$why" ;;
	esac
}

for mode in $modes; do
	# Without cgroups a process alone is limited, and time limits the rest.
	if [ "$mode" = root ]; then
		attack root oom memory -- --timeout 30s
		says oom "used more than 100 MB of memory"
		attack root oom-fork memory -- --timeout 30s
		attack root memfd memory -- --timeout 30s
		attack root inodes memory failed -- --timeout 30s
	else
		attack "$mode" oom failed
		says oom "memory limit of 100 MB"
		attack "$mode" oom-fork timeout
		attack "$mode" memfd failed timeout signal
		attack "$mode" inodes failed timeout
	fi
	# So many die that what they leave to the kernel may be too much.
	attack "$mode" fork-bomb timeout memory
	attack "$mode" thread-bomb failed
	[ "$mode" = root ] && says thread-bomb "limit of 40 processes"
	attack "$mode" fill-tmp failed signal
	says fill-tmp "disk limit"
	attack "$mode" fill-shm failed signal
	says fill-shm "/dev/shm was full"
	attack "$mode" deep failed timeout memory
	attack "$mode" pipes failed memory
	attack "$mode" flood output
	says flood "1024 kB"
	attack "$mode" event-flood events timeout -- --events
	attack "$mode" sleep timeout
	says sleep "longer than 1 s"
	attack "$mode" spin cpu timeout -- --cpu 300ms
	attack "$mode" spin cpu -- --cpu 1s --timeout 60s
	says spin "CPU time"
	[ "$mode" = root ] &&
		attack root spin-spread cpu -- --cpu 500ms --timeout 60s
	attack "$mode" daemon ok
	attack "$mode" stopped timeout
	attack "$mode" kill-one ok
	attack "$mode" descriptors failed
	attack "$mode" core signal
	attack "$mode" sparse failed signal
	out=$(runner "$mode" --tree "$work/t" -- sh -c 'exit 5' 2>&1)
	check "$mode: a test's own failure is no limit" \
		"$(printf '%s\n' "$out" | field why)" "exit 5" "$out"
done

# The runner itself killed in the middle: nothing outlives it.
for mode in $modes; do
	runner "$mode" --tree "$work/t" --timeout 60s -- "./$program" sleep \
		>/dev/null 2>&1 &
	shell=$!
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		pgrep -x "$program" >/dev/null && break
		sleep 0.1
	done
	running=$(pgrep -x "$program")
	# The runner is below the shell that runner() may have forked.
	for pid in $shell $(pgrep -P $shell); do
		case $(cat /proc/$pid/comm 2>/dev/null) in
		pacegate-runner) kill -KILL $pid ;;
		esac
	done
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -z "$(survivors "$program")" ] && break
		sleep 0.1
	done
	wait $shell 2>/dev/null
	check "$mode: it was running" "$([ -n "$running" ] && echo yes)" yes
	check "$mode: nothing outlives a killed runner" \
		"$(survivors "$program")" ""
done

# The next runner sweeps the groups that the killed ones left.
if is_root; then
	runner root -- true >/dev/null 2>&1
fi
check "no groups left" "$(stale_groups)" ""
finish
