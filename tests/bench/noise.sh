#!/bin/sh
# The spread of the ratio of a program of 50 ms to itself, from experiment to
# experiment: PAIRS trials of each interleaved as the gate runs them, against
# two batches of hyperfine, one after the other; EXPERIMENTS of both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
PYTHONPATH=$here
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONPATH PYTHONDONTWRITEBYTECODE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
python3 - "$work" "${PAIRS:-20}" "${EXPERIMENTS:-8}" <<'PY'
import random
from math import log
from statistics import mean, median, stdev
from measure import *
work, (pairs, experiments) = arguments()
def of_50_ms(mode):
    """The same program under two names."""
    number = 1000000
    bare = Bare(work, compile_spin(work, mode, number))
    took = min(bare.run()[1] for _ in range(5))
    bare.close()
    return compile_spin(work, mode, int(number * 5e7 / took))
def shift(values):
    """Hodges and Lehmann's."""
    return median((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
def interleaved(program):
    sides = Trial(program), Trial(program)
    rounds = [[None, None] for _ in range(pairs)]
    for each in rounds:
        for side in random.sample((0, 1), 2):
            each[side] = sides[side].run()
    for side in sides:
        side.close()
    return [shift([log(b[i] / a[i]) for a, b in rounds]) for i in (0, 1)]
def batches(program):
    old, new = (hyperfine(work, program, pairs) for _ in range(2))
    return log(mean(new[0]) / mean(old[0])), log(new[1] / old[1])
print("ratio of a program to itself, %d pairs, spread over %d experiments"
      % (pairs, experiments))
for mode in "CPU", "MEMORY":
    program = of_50_ms(mode)
    got = {"gate": [], "hyperfine": []}
    for _ in range(experiments):
        got["gate"].append(interleaved(program))
        got["hyperfine"].append(batches(program))
    for i, metric, aim in (1, "cpu", 0.2), (0, "wall", 0.5):
        ours, theirs = (stdev(e[i] for e in got[k]) for k in ("gate", "hyperfine"))
        print("  %-6s %-4s gate %5.2f %%, hyperfine %5.2f %%: %.2f of it (aim: %.1f)"
              % (mode.lower(), metric, 100 * ours, 100 * theirs, ours / theirs, aim))
PY
