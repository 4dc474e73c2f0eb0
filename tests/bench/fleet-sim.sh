#!/bin/sh
# The scheduler and the judge under a simulated clock: a day of pushes to 500 and
# to 5,000 nodes, about 10^5 sessions, with and without preemption. How much of
# the nodes' time is in sessions, and how long pushes wait for one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
make -s -C "$here/../.." B="$build" "$build/tests/sim/fleet"
exec "$build/tests/sim/fleet" --bench
