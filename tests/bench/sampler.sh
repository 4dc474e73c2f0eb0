#!/bin/sh
# What the sampler does to the trial that it samples: wall and CPU time with it
# as a ratio to those without, PAIRS of each program of 50 ms interleaved in
# random order; and below it the ratio of two that are not sampled, which is what
# the machine's noise makes of no effect. The trials have the last CPU, the
# sampler the others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
PYTHONPATH=$here
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONPATH PYTHONDONTWRITEBYTECODE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
python3 - "$work" "${PAIRS:-60}" <<'PY'
import os
import random
from math import sqrt
from statistics import median
from measure import *
work, (pairs,) = arguments()
cpu = "--cpus=%d" % (os.cpu_count() - 1)
def of_50_ms(mode):
    number = 1000000
    bare = Bare(work, compile_spin(work, mode, number))
    took = min(bare.run()[1] for _ in range(5))
    bare.close()
    return compile_spin(work, mode, int(number * 5e7 / took))
def ratios(program, *options):
    """Of wall and CPU time, with the options to without."""
    sides = Trial(program, cpu), Trial(program, cpu, *options)
    got, points = [], []
    for _ in range(pairs):
        pair = [None, None]
        for side in random.sample((0, 1), 2):
            pair[side] = sides[side].run()
        got.append([b / a for a, b in zip(*pair)])
        points.append(sides[1].points)
    for side in sides:
        side.close()
    return got, median(points)
def text(values):
    """The median and its interval of 95 %, by ranks."""
    values, count = sorted(values), len(values)
    k = max(0, int(count / 2 - 0.98 * sqrt(count)))
    return "%.4f (%.4f to %.4f)" % (median(values), values[k], values[-1 - k])
print("the sampler, medians of %d pairs with their intervals of 95 %%" % pairs)
for name, mode in ("computes", "CPU"), ("memory", "MEMORY"):
    program = of_50_ms(mode)
    for what, options in ("with / without", ["--sample=1ms"]), ("without twice", []):
        got, points = ratios(program, *options)
        print("  %-9s %-15s wall %s, cpu %s%s"
              % (name, what, text([g[0] for g in got]), text([g[1] for g in got]),
                 ", %d points" % points if points else ""))
PY
