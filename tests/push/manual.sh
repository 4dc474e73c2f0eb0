#!/bin/sh
# The manual and the commands: every member of every --json is described, and
# what is described is written.
. "$(dirname "$0")/../lib/tap.sh"

man="$build/man"
# described COMMAND FILE...: by its page.
described() {
	command=$1
	shift
	"$here/../lib/manual-json" "$man" "pacegate-$command.1" "$@"
}
# json COMMAND WORDS...: its JSON is described; kept in $scratch/COMMAND.
json() {
	command=$1
	shift
	pacegate "$command" --json "$@" >"$scratch/$command" 2>"$scratch/err"
	code=$?
	ok "$command --json $*: ends well" test $code -le 1 -a ! -s "$scratch/err"
	ok "$command --json $*: is described" described "$command" \
		"$scratch/$command"
}
# with COMMAND WORD...: the JSON of the last one has these members.
with() {
	command=$1
	shift
	for word; do
		ok "$command --json told of $word" grep -q "\"$word\":" \
			"$scratch/$command"
	done
}

new_repo project
json_of_install="$scratch/install"
pacegate install "$bare" --gate main --json >"$json_of_install"
ok "install --json is an array of sentences" python3 -c '
import json, sys
did = json.load(open(sys.argv[1]))
assert did and all(isinstance(line, str) for line in did), did' \
	"$json_of_install"
planted
weighed() { # MESSAGE
	commit "$1"
	push -q origin main
	settle
}
plant a=30 b=10
weighed one
plant a=60 b=10
weighed "slow

Perf-Accept: perf/a wall <=+110% | why
Perf-Accept: perf/a cpu <=+110% | why"
slow=$(git rev-parse HEAD)
plant a=60 b=40
weighed "slower, and nobody knows"
git mv perf/b perf/c
plant a=60 c=10
weighed "Rename

Perf-Rename: perf/b -> perf/c"

cd "$bare" || exit 1
json show main
json show "$slow"
with show accepted measured ratio noise sd
json show main~1
json show main --course
json log perf/a
with log changes points epochs baselines since_best
json compare main~2 main
with compare rounds low
json tune
with tune replays suggested
json ledger
with ledger measured who
json verify
json expire --keep 3650d
json accept perf/a main --reason why
json reset perf/a main --reason why
json deliver
json work
json doctor
# What waits: a command that fails.
git config pacegate-notify.command false
cd "$scratch/project" || exit 1
git commit -q --allow-empty -m more
plant a=61 c=10
weighed "to be told"
cd "$bare" || exit 1
json status
with status queue outbox refused tries why
json canary --pairs 0
cd "$scratch/project" || exit 1
git config pacegate-pool.launch "$here/../lib/planted-runner"
git config pacegate-pool.lockDir "$scratch"
python3 - >"$scratch/series" <<'PY'
print("series,index,value")
for at in range(40):
    print("a,%d,%g" % (at, (100 if at < 20 else 120) + at % 3))
PY
pacegate detect --json <"$scratch/series" >"$scratch/detect"
ok "detect --json is described" described detect "$scratch/detect"
with detect first score
plant a=90 c=10
pacegate run --json >"$scratch/run" 2>/dev/null
ok "run --json is described" described run "$scratch/run"
with run verdict ratio low threshold
git checkout -q .
git commit -q --allow-empty -m nothing
pacegate run HEAD HEAD --json >"$scratch/run" 2>/dev/null
ok "run --json of nothing to weigh is JSON" described run "$scratch/run"
pacegate uninstall "$bare" --json >"$scratch/uninstall"
ok "uninstall --json is an array" python3 -m json.tool "$scratch/uninstall"
# Commands that have --json, all of them are above.
for command in $(pacegate --help | sed -n 's/^  \([a-z]\{3,\}\) .*/\1/p'); do
	pacegate "$command" --help | grep -q -- --json || continue
	# These are in tests of their own.
	case $command in bisect | backfill) continue ;; esac
	ok "$command --json was tried" test -e "$scratch/$command"
done

# Every page is found by man, and by `pacegate help`.
if command -v man >/dev/null; then
	for page in pacegate pacegate-show pacegate.config pacegate-trailers; do
		try man -M "$man" "$page"
		ok "man $page" grep -qi "^NAME" "$shown"
	done
	try pacegate help show
	ok "pacegate help show" grep -q "pacegate.show . what the gate says" \
		"$shown"
	try pacegate help config
	ok "pacegate help config" has "pacegate.config"
	mkdir "$scratch/bin"
	ln -s "$(command -v pacegate)" "$scratch/bin/git-pacegate"
	ln -s pacegate.1 "$scratch/git-pacegate.1"
	try pacegate help shwo
	ok "one that there is not" is "$status" 2
	ok "and which may be meant" has "did you mean \`pacegate help show\`"
else
	skip "man" "none here: contrib/deps check"
fi
finish
