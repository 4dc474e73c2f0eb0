#!/bin/sh
# pacegate weighs itself: this repository's own last commits, through an
# installed gate, with its own .pacegate and perf/.
. "$(dirname "$0")/../lib/tap.sh"

origin=$(cd "$here/../.." && pwd)
if ! git -C "$origin" rev-parse -q --verify HEAD~1 >/dev/null 2>&1; then
	skip "the last two commits" "this checkout has no history"
	finish
fi
bare="$scratch/self.git"
git init -q --bare "$bare"
git config --global --add safe.directory "$origin"
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 10
git -C "$bare" config pacegate.commits 2
git clone -q "$origin" "$scratch/self" 2>/dev/null
cd "$scratch/self" || exit 1
push "$bare" HEAD~1:refs/heads/main
ok "the commit before is taken" is "$pushed" taken
ok "its tests are adopted" has "perf/judge"
echo "/* one more line */" >>gate/base/oid.c
commit "A change that changes nothing"
push "$bare" HEAD:refs/heads/main
ok "and so is the last, with a change on top" is "$pushed" taken
ok "its tests were weighed" grep -qE 'perf/judge .*(pass|undecided|new|improved)' "$shown"
ok "nothing is severely slower" lacks "severe:"
try pacegate show main --repo "$bare" --json
ok "the store's writes are a metric" has '"metric": "writes"'
finish
