#!/bin/sh
# What the sampler costs the trial: wall and CPU time with it as a ratio to
# those without, interleaved in random order, RUNS pairs of each program; beside
# it the same without any sampler at all, which shows what the machine's noise
# alone does to such a ratio. The trial has the last CPU, the sampler the others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
export PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/pacegate-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cat >"$work/spin.c" <<'END'
int main(void) {
	volatile unsigned long sum = 0;
	for (long i = 0; i < 25000000; i++) sum += (unsigned long)i;
	return 0;
}
END
cat >"$work/memory.c" <<'END'
#include <stdlib.h>
int main(void) {
	enum { SIZE = 32 << 20 };
	volatile char *bytes = malloc(SIZE);
	for (int k = 0; k < 12; k++)
		for (long i = 0; i < SIZE; i += 64) bytes[i]++;
	return 0;
}
END
cat >"$work/forks.c" <<'END'
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
	for (int i = 0; i < 200; i++) {
		if (!fork()) _exit(0);
		wait(NULL);
	}
	return 0;
}
END
for name in spin memory forks; do
	cc -O1 -o "$work/$name" "$work/$name.c"
done
python3 - "${RUNS:-60}" "$work" <<'EOF'
import json, math, os, random, statistics, subprocess, sys
runs, work = int(sys.argv[1]), sys.argv[2]
cpu = str(os.cpu_count() - 1)
def trial(name, sample):
    words = ["pacegate-runner", "--exec", "--cpus", cpu, "--tree", work]
    if sample:
        words += ["--sample", "1ms"]
    out = subprocess.run(words + ["--", "/t/" + name], capture_output=True,
                         text=True, check=True).stdout
    answer = json.loads(out)
    return (answer["metrics"]["wall"], answer["metrics"]["cpu"],
            len(answer.get("course", {}).get("time", [])))
def ratio(name, sample):
    both = {}
    for which in random.sample([False, True], 2):
        both[which] = trial(name, sample and which)
    return (both[True][0] / both[False][0], both[True][1] / both[False][1],
            both[True][2])
def text(values):
    values = sorted(values)
    n = len(values)
    # Ranks of the median's 95 % interval.
    k = max(0, int(n / 2 - 0.98 * math.sqrt(n)))
    return "%.4f (%.4f to %.4f)" % (statistics.median(values), values[k],
                                    values[n - 1 - k])
print("the sampler: with / without, medians of %d pairs with their 95 %% interval"
      % runs)
for name in "spin", "memory", "forks":
    trial(name, True)
    on, off = [], []
    for _ in range(runs):
        on.append(ratio(name, True))
        off.append(ratio(name, False))
    print("  %-7s sampled   wall %s  cpu %s  %d points"
          % (name, text([r[0] for r in on]), text([r[1] for r in on]),
             statistics.median(r[2] for r in on)))
    print("  %-7s not at all wall %s  cpu %s"
          % ("", text([r[0] for r in off]), text([r[1] for r in off])))
EOF
