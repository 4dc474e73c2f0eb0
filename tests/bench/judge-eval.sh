#!/bin/sh
# The history judge on recorded real series: false alarms, steps found, speed.
# EVAL_DIR: where they lie (third-party data, not in this repository).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
eval=${EVAL_DIR:-$here/../../../shared/eval}
if [ ! -x "$eval/score" ]; then
	echo "judge-eval: no recorded series in $eval: set EVAL_DIR; left out"
	exit 0
fi
python3 "$eval/score" --kinds sh,aa,pow,drift,maa,mul \
	"$build/pacegate" detect

# Speed: 1000 series of 1000 points, two in three with a step.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN {
	srand(1); print "series,index,value"
	for (s = 0; s < 1000; s++)
		for (i = 0; i < 1000; i++) {
			x = -6; for (k = 0; k < 12; k++) x += rand()
			printf "s%d,%d,%.6f\n", s, i, \
				100 * exp(x / 100 + (i > 400 && s % 3) * 0.04)
		}
}' >"$dir/csv"
python3 - "$build/pacegate" "$dir/csv" <<'EOF'
import resource, subprocess, sys
before = resource.getrusage(resource.RUSAGE_CHILDREN)
for _ in range(5):
    subprocess.run([sys.argv[1], "detect"], stdin=open(sys.argv[2]),
                   stdout=subprocess.DEVNULL, check=True)
after = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print("speed: %.0f us of cpu for a series of 1000 points" % (cpu / 5 * 1e3))
EOF
