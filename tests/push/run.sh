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
try pacegate run HEAD~1..HEAD
ok "a range, as git writes it" has "severe: perf/a"
plant a=90 b=10
git update-index --refresh >/dev/null
before=$(git ls-files -s | sha1sum; git status --short)
try pacegate run
ok "what is not committed is weighed against HEAD" has "the working tree against HEAD"
ok "and found slow" is "$status" 1
ok "the index stays" is "$before" "$(git ls-files -s | sha1sum; git status --short)"
plant a=60 b=10 c=5
try pacegate run --worktree HEAD~1 --test perf/a
ok "beside an older commit" has "severe: perf/a"
try pacegate run
ok "a new file counts too" has "new: perf/c"
try pacegate run --worktree HEAD~1 HEAD
ok "the working tree and a revision are too much" is "$status" 2
pacegate run --watch --test perf/b >"$scratch/watch" 2>&1 &
watcher=$!
ok "watch weighs at once" waited 20 grep -q "pass: " "$scratch/watch"
plant b=30 a=60 c=5
ok "and again on a save" waited 20 grep -q "severe: perf/b" "$scratch/watch"
kill $watcher
git add -A && git commit -qm "b is slower"
git init -q --bare "$scratch/up.git"
git push -q "$scratch/up.git" HEAD~1:refs/heads/main
git remote add origin "$scratch/up.git" && git fetch -q && git branch -qu origin/main
commit "nothing"
try pacegate run
ok "with all committed, what would be pushed" has "HEAD against the fork from the upstream branch"
ok "as the server would see it" has "severe: perf/b"
ok "nothing was left in the clone but its cache" sh -c "! ls .git/hooks | grep -v sample"
finish
