#!/bin/sh
# The share of a session's time that is not trials: TESTS tests of 50 ms at 3
# revisions, ROUNDS rounds of them, the trees kept from a session before.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PACEGATE_BUILD=${PACEGATE_BUILD:-$here/../../build}
PYTHONPATH=$here/../push
PYTHONDONTWRITEBYTECODE=1
export PACEGATE_BUILD PYTHONPATH PYTHONDONTWRITEBYTECODE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
${CC:-cc} -O2 -static -DMODE=WALL -DNUMBER=50000000 -o "$work/spin" \
	"$here/spin.c"
python3 - "$work" "${TESTS:-20}" "${ROUNDS:-5}" <<'PY'
import os, sys, time
from runner import LIMITS, Repository, Session, spec_of, test_of
LONG = dict(LIMITS, session_ms=600000)
def slope(long, short):
    each = (long[0] - short[0]) / (long[1] - short[1])
    return 1e3 * each, short[0] - each * short[1]
work, tests, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
repository = Repository(os.path.join(work, "r.git"))
with open(os.path.join(work, "spin"), "rb") as file:
    spin = file.read()
def tree(number):
    files = {"perf/t%d" % i: ("100755", spin) for i in range(tests)}
    return repository.tree(dict(files, README=("100644", "%d\n" % number)))
trees = [tree(i) for i in range(3)]
def session(rounds):
    """Seconds of the whole and of the trials, how many, CPU seconds around."""
    wanted = [test_of("perf/t%d" % i, [0, 1, 2], rounds=rounds)
              for i in range(tests)]
    start = time.monotonic()
    run = Session(os.path.join(work, "cache"))
    run.send(dict(spec_of(repository, trees, wanted), limits=LONG))
    run.finish()
    whole = time.monotonic() - start
    metrics = [t["metrics"] for t in run.all("trial")]
    used = sum(os.times()[2:4])
    cpu = used - session.used - sum(m["cpu"] for m in metrics) / 1e9
    session.used = used
    return whole, sum(m["wall"] for m in metrics) / 1e9, len(metrics), cpu
session.used = 0
session(1)
whole, trials, count, cpu = session(rounds)
short, short_trials, short_count, short_cpu = session(1)
print("a session of %d tests of 50 ms at 3 revisions, %d rounds: %d trials"
      % (tests, rounds, count))
print("  whole %.2f s, not trials: %.1f %% of it (aim: under 15 %%)"
      % (whole, 100 * (whole - trials) / whole))
print("  around a trial %.2f ms, for the session %.2f s"
      % slope((whole - trials, count), (short - short_trials, short_count)))
print("  as CPU time: %.2f ms and %.2f s, which other load stretches less"
      % slope((cpu, count), (short_cpu, short_count)))
PY
