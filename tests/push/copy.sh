#!/bin/sh
# A runner that cannot read the repository gets the objects it lacks.
. "$(dirname "$0")/../lib/tap.sh"

new_repo copy
ok "install" pacegate install "$bare" --gate main
git -C "$bare" config pacegate-pool.copy true
git -C "$bare" config pacegate-pool.cache "$scratch/cache"
git -C "$bare" config pacegate.rounds 12
mkdir -m 711 "$scratch/cache"
mkdir perf src
seq 1 200 | split -l 1 - src/part-
printf '#!/bin/sh\ncat /t/src/* | sort | tail -1\n' >perf/sort
chmod +x perf/sort
commit "A test over many files"
push origin main
ok "the objects were sent and the test ran" has "new: perf/sort: the first baseline"
ok "into the runner's own store" sh -c "ls '$scratch'/cache/*/pack/*.pack '$scratch'/cache/*/*/pack/*.pack 2>/dev/null | grep -q pack"
echo more >src/more
commit "One more file"
push origin main
ok "the next push sends what is new" is "$pushed" taken
ok "and is judged" grep -qE 'perf/sort .*(pass|undecided)' "$shown"
finish
