#!/bin/sh
# On a terminal: a pager as git's, colours, the width; and `git pacegate`.
. "$(dirname "$0")/../lib/tap.sh"

# terminal COMMAND: its output, run on a terminal of its own.
terminal() {
	shown="$scratch/shown"
	timeout 30 script -qec "$1" /dev/null </dev/null >"$shown" 2>&1
	status=$?
}

new_repo project
planted
pacegate install "$bare" --gate main >/dev/null
plant a=30 b=10
commit one
push -q origin main
settle
plant a=60 b=10
commit "slow

Perf-Accept: perf/a wall <=+110% | why
Perf-Accept: perf/a cpu <=+110% | why"
push -q origin main
settle
export TERM=xterm
export GIT_PAGER="sed 's/^/paged: /'"
cd "$bare" || exit 1
terminal "pacegate show main"
ok "show has a pager" has "paged: commit"
ok "with colours" grep -q "$(printf '\033\[')" "$shown"
terminal "pacegate log perf/a"
ok "so has log" has "paged: wall in environment"
terminal "pacegate ledger; true"
ok "and ledger" grep -q "paged: .*why" "$shown"
terminal "pacegate compare main main"
ok "and compare" has "paged: perf/a"
terminal "NO_COLOR=1 GIT_PAGER=cat pacegate show main"
ok "cat is none" lacks "paged"
ok "NO_COLOR" not grep -q "$(printf '\033\[')" "$shown"
terminal "GIT_PAGER= pacegate show main"
ok "and so is an empty one" lacks "paged"
terminal "GIT_PAGER='exit 0' pacegate log perf/a"
ok "a pager that ends early is no failure" is "$status" 0
terminal "GIT_PAGER=/nonexistent pacegate show main"
ok "one that is not there is said" has "not found"
terminal "pacegate show main --json"
ok "JSON has none" lacks "paged"
try pacegate show main
ok "a pipe has none" lacks "paged"

mkdir "$scratch/bin"
ln -s "$(command -v pacegate)" "$scratch/bin/git-pacegate"
try env PATH="$scratch/bin:$PATH" git pacegate show main
ok "git pacegate" has "commit"
finish
