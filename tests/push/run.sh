#!/bin/sh
# `pacegate run` in a developer's clone: no hooks, no server.
. "$(dirname "$0")/../lib/tap.sh"

git init -q "$scratch/clone"
cd "$scratch/clone" || exit 1
bare="$scratch/clone/.git"
planted
plant a=30 b=10
commit one
plant a=60 b=10
commit "a is slower"
try pacegate run
ok "a regression exits with 1" is "$status" 1
ok "names it" has "severe: perf/a"
try pacegate run --test perf/b HEAD~1 HEAD
ok "one test alone" is "$status" 0
ok "and no other" lacks "perf/a"
try pacegate run HEAD~1 HEAD --json
ok "JSON" python3 -c "import json; r = json.load(open('$shown')); assert r['verdict'] == 'severe', r"
try pacegate run HEAD HEAD~1
ok "the other way round it is an improvement" has "improved: perf/a"
ok "and exits with 0" is "$status" 0
try pacegate run nosuch
ok "an unknown revision is usage" is "$status" 2
ok "and is named" has "nosuch"
try pacegate run --tset x
ok "an unknown option is usage" is "$status" 2
ok "nothing was left in the clone but its cache" sh -c "! ls .git/hooks | grep -v sample"
finish
