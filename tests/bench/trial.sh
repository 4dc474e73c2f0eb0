#!/bin/sh
# What a trial measures and costs: the wall time of `true` as a trial reports
# it, against a bare fork and exec of it, and against the whole trial with its
# sandbox; interleaved, RUNS of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
export PATH
python3 - "${RUNS:-60}" <<'EOF'
import json, os, statistics, subprocess, sys, time
runs = int(sys.argv[1])
def bare():
    start = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    pid = os.posix_spawn("/usr/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - start) / 1e6
def trial():
    start = time.perf_counter()
    out = subprocess.run(["pacegate-runner", "--exec", "--", "/usr/bin/true"],
                         capture_output=True, text=True, check=True).stdout
    whole = (time.perf_counter() - start) * 1e3
    return json.loads(out)["metrics"]["wall"] / 1e6, whole
walls, wholes, bares = [], [], []
for _ in range(runs):
    bares.append(bare())
    wall, whole = trial()
    walls.append(wall)
    wholes.append(whole)
m = statistics.median
spread = lambda v: (m(sorted(v)[3 * len(v) // 4:]) - m(sorted(v)[:len(v) // 4])) / m(v)
print("a trial of true, medians of %d, interleaved" % runs)
print("  measured wall   %6.2f ms, bare spawn %.2f ms: difference %+.0f us, ratio %.2f"
      % (m(walls), m(bares), (m(walls) - m(bares)) * 1e3, m(walls) / m(bares)))
print("  spread          %.0f %% of the measured wall, %.0f %% of the bare one"
      % (100 * spread(walls), 100 * spread(bares)))
print("  whole           %6.2f ms with a sandbox set up for it alone (%.0f times a bare spawn)"
      % (m(wholes), m(wholes) / m(bares)))
EOF
