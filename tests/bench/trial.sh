#!/bin/sh
# What a trial measures and costs: the wall time that it reports of a program
# of 1 ms, against a bare fork, exec and wait of it, beside hyperfine -N and
# perf stat; all interleaved, RUNS of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
PYTHONPATH=$here
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONPATH PYTHONDONTWRITEBYTECODE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
python3 - "$work" "${RUNS:-60}" <<'PY'
import random, shutil
from statistics import median
from measure import *
work, (runs,) = arguments()
program = compile_spin(work, "WALL", 1000000)
bare, trial = Bare(work, program), Trial(program)
takes = {"bare": lambda: bare.run()[0], "a trial": lambda: trial.run()[0],
         "hyperfine -N": lambda: hyperfine(work, program, 1)[0][0]}
if shutil.which("perf"):
    takes["perf stat"] = lambda: perf_stat(program)
values = {name: [] for name in takes}
for _ in range(runs):
    for name in random.sample(sorted(takes), len(takes)):
        values[name].append(takes[name]())
bare.close()
trial.close()
truth = quartiles(values["bare"])
print("a program of 1 ms, %d runs of each, interleaved; off: lower quartile, median"
      % runs)
for name, got in values.items():
    q = quartiles(got)
    print("  %-13s %7.3f ms, %+5.0f and %+5.0f us off, spread (quartiles) %5.0f us, %.2f"
          " of bare" % (name, q[1] / 1e6, (q[0] - truth[0]) / 1e3,
                        (q[1] - truth[1]) / 1e3, (q[2] - q[0]) / 1e3,
                        (q[2] - q[0]) / (truth[2] - truth[0])))
print("  around a trial %.2f ms (median)" % (median(trial.around) / 1e6))
print("  aim: a trial less than 50 us off, its spread no wider than the best other's")
PY
