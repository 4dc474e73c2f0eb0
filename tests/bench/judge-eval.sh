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
