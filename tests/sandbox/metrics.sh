#!/bin/sh
# Every metric of a trial, from programs whose metrics are known (metrics.c);
# perf counters by the kernel's own, since the way is the same as that of the
# processor's; instructions by valgrind.
set -u
. "$(dirname "$0")/common"
prepare
cc -O2 -Wall -Wextra -Werror -o "$work/t/metrics" "$here/metrics.c" || exit 1

# measure MODE THING COUNT [OPTIONS]: leaves $out
measure() {
	mode=$1 thing=$2 times=$3
	shift 3
	out=$(runner "$mode" --tree "$work/t" "$@" -- /t/metrics "$thing" \
		"$times" 2>&1)
}

# within NAME MEMBER METRIC LOW HIGH: of the last run
within() {
	if printf '%s\n' "$out" | python3 -c '
import json, sys
value = json.load(sys.stdin)[sys.argv[1]][sys.argv[2]]
print(value)
sys.exit(not float(sys.argv[3]) <= value <= float(sys.argv[4]))' \
		"$2" "$3" "$4" "$5" >"$work/value" 2>&1; then
		ok "$1"
	else
		not_ok "$1" "is: $(tail -1 "$work/value")" \
			"expected: $4 to $5" "$out"
	fi
}

for mode in $modes; do
	measure "$mode" spin 100
	within "$mode: time in user mode" metrics user 90e6 140e6
	within "$mode: and next to none in the kernel" metrics sys 0 30e6
	within "$mode: cpu is their sum" metrics cpu 99e6 140e6
	within "$mode: wall is no less than one CPU's" metrics wall 99e6 60e9
	measure "$mode" kernel 100
	within "$mode: time in the kernel" metrics sys 60e6 140e6
	measure "$mode" fork 37
	within "$mode: processes started" metrics processes 38 38
	measure "$mode" touch 64
	within "$mode: largest resident set" metrics maxrss 67108864 75e6
	within "$mode: minor faults" metrics minflt 16384 17000
	if printf '%s\n' "$out" | grep -q '"sandbox":"[^"]*memory'; then
		within "$mode: peak of the group" metrics peak 64e6 80e6
	else
		skip "$mode: peak of the group" "no memory group"
	fi
	measure "$mode" nap 200
	within "$mode: voluntary switches" metrics nvcsw 200 220
	measure "$mode" rivals 100
	within "$mode: involuntary switches" metrics nivcsw 5 100000

	measure "$mode" hold 64 --sample 1ms
	case $mode in root) column=memory ;; *) column=rss ;; esac
	printf '%s\n' "$out" | grep -q '"sandbox":"[^"]*memory' || column=rss
	check "$mode: the sampler sees the memory and where it is from" \
		"$(printf '%s\n' "$out" | python3 -c '
import json, sys
course = json.load(sys.stdin)["course"]
column = course[sys.argv[1]]
print(64e6 < max(column) < 80e6 and max(course["threads"]) == 1)' \
			"$column" 2>&1)" True "$out"

	if [ "$mode" = plain ] &&
		[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
		skip "$mode: perf counters" "kernel.perf_event_paranoid > 2"
	else
		measure "$mode" touch 64 --count software
		within "$mode: perf counts the test" counted minflt 16384 17000
		measure "$mode" rivals 50 --count software
		within "$mode: and its children" counted cpu 90e6 160e6
		measure "$mode" stop 16 --count software
		check "$mode: a test cannot reach the counters" \
			"$(printf '%s\n' "$out" | field status)" 0 "$out"
		within "$mode: nor stop them" counted minflt 4096 4400
	fi
	measure "$mode" spin 1 --count perf
	if [ -d /sys/bus/event_source/devices/cpu ]; then
		within "$mode: the processor counts instructions" counted \
			instructions 1e5 1e9
	else
		check "$mode: without hardware counters there is no count" \
			"$(printf '%s\n' "$out" | grep -c instructions)" 0
	fi
done

case $(stat -f -c %T "$work") in
tmpfs | ramfs | overlayfs)
	skip "block output, block input, major faults" "no disk below $work"
	;;
*)
	chmod 777 "$work/t"
	measure root write 8 --tree-writable
	within "block output, in 512 bytes" metrics oublock 16384 17000
	measure root read 8
	within "block input, in 512 bytes" metrics inblock 16384 17000
	within "major faults" metrics majflt 100 2100
	;;
esac

if [ -x /usr/bin/valgrind ]; then
	cat >"$work/loop.c" <<'END'
#include <stdlib.h>
int main(int argc, char **argv) {
	volatile unsigned long sum = 0;
	long count = argc > 1 ? atol(argv[1]) : 0;
	for (long i = 0; i < count; i++) sum += i;
	return argc > 2;
}
END
	cc -O1 -o "$work/t/loop" "$work/loop.c"
	# instructions WORDS...: of /t/loop
	instructions() {
		out=$(runner "$mode" --tree "$work/t" --count valgrind -- "$@" \
			2>&1)
		printf '%s\n' "$out" | sed -n 's/.*"instructions":\([0-9]*\).*/\1/p'
	}
	for mode in $modes; do
		first=$(instructions /t/loop 2000000)
		check "$mode: valgrind counts the same twice" \
			"$(instructions /t/loop 2000000)" "${first:-none}" "$out"
		more=$(instructions /t/loop 2020000)
		check "$mode: 1 % more rounds are 1 % more instructions" \
			"$(python3 -c "print(round(($more / $first - 1) * 100, 1))")" \
			1.0 "$first $more"
		both=$(instructions /bin/sh -c '/t/loop 2000000; /t/loop 2000000')
		check "$mode: children are counted" \
			"$((both > 2 * first && both < 3 * first))" 1 "$out"
		instructions /t/loop 1 fail >/dev/null
		instructions /t/loop 1 fail
		check "$mode: a failure is told as one" \
			"$(printf '%s\n' "$out" | field why)" \
			"exit 1 under valgrind"
	done
else
	skip "instructions by valgrind" "no /usr/bin/valgrind"
fi
finish
