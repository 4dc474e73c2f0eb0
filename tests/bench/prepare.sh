#!/bin/sh
# Preparing COMMITS commits of a tree of FILES files: first with the objects at
# hand, where each commit changes ten files, then with the trees kept.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PACEGATE_BUILD=${PACEGATE_BUILD:-$here/../../build}
PYTHONPATH=$here/../push
PYTHONDONTWRITEBYTECODE=1
export PACEGATE_BUILD PYTHONPATH PYTHONDONTWRITEBYTECODE
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 711 "$work"
python3 - "$work" "${COMMITS:-10}" "${FILES:-10000}" <<'PY'
import os, subprocess, sys, time
from runner import GIT_ENV, LIMITS, Repository, Session, spec_of, test_of
work, commits, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
repository = Repository(os.path.join(work, "r.git"))
def stream():
    """For git fast-import: 100 directories, files of about 3 kB."""
    for number in range(commits + 1):
        yield "commit refs/heads/c%d\ncommitter A <a@b> 0 +0000\ndata 0\n" % number
        if number:
            yield "from refs/heads/c%d\n" % (number - 1)
        else:
            text = "#!/bin/sh\n"
            yield "M 100755 inline perf/x\ndata %d\n%s\n" % (len(text), text)
        for i in range(files) if not number else range(number, files, files // 10):
            text = "%d %d\n" % (i, number) * 350
            yield "M 100644 inline d%d/f%d\ndata %d\n%s\n" % (i % 100, i, len(text), text)
subprocess.run(["git", "fast-import", "--quiet"], cwd=repository.path, check=True,
               input="".join(stream()).encode(), env=GIT_ENV)
trees = repository.git("rev-parse", *("c%d^{tree}" % i for i in range(commits + 1)))
trees = trees.decode().split()
limits = dict(LIMITS, session_ms=600000, disk_bytes=1 << 30)
def prepare(trees):
    """Seconds from the first revision's phase to the first trial's end."""
    run = Session(os.path.join(work, "cache"))
    test = test_of("perf/x", range(len(trees)), rounds=1, warmup=0)
    run.send(spec_of(repository, trees, [test], limits=limits))
    run.until(lambda m: "phase" in m or "trial" in m)
    start = time.monotonic()
    run.until(lambda m: "trial" in m)
    took = time.monotonic() - start
    run.finish()
    return took
prepare(trees[:1])
new = prepare(trees[1:])
kept = prepare(trees[1:])
print("%d commits of %d files, one such tree kept from before" % (commits, files))
print("  %d new trees   %.2f s (aim: under 2 s)" % (commits, new))
print("  all kept       %.2f s" % kept)
PY
