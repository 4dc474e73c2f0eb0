#!/bin/sh
# `pacegate new`: what it writes runs as it is and emits its span.
. "$(dirname "$0")/../lib/tap.sh"

git init -q "$scratch/clone"
cd "$scratch/clone" || exit 1

# emits FILE: it runs, and its events are a start and an end.
emits() {
	: >"$scratch/events"
	PERF_EVENTS="$scratch/events" "$@" || return 1
	cat "$scratch/events"
	grep -q '^start work' "$scratch/events" &&
		grep -q '^end work' "$scratch/events"
}

try pacegate new perf/one
ok "in shell unless said" emits perf/one
ok "says how to try it" has "pacegate run --test perf/one"
try pacegate new perf/one
ok "what is there stays" is "$status" 2
ok "and is said" has "perf/one is there already"
try pacegate new perf/two.py
ok "python by its extension" emits perf/two.py
try pacegate new perf/three --language c
ok "C has a source" test -e perf/three.c
ok "that the build makes" sh -c "$(git config -f .pacegate pacegate.build)"
ok "and runs" emits perf/three
rm perf/three
try pacegate new perf/four.c
ok "a build that is there stays" has "add to .pacegate"
try pacegate new perf/five -l racket
if command -v racket >/dev/null; then
	ok "racket" emits perf/five
else
	ok "racket is written" grep -q "^#lang racket" perf/five
	skip "racket runs" "no racket here: make check-racket installs it"
fi
try pacegate new perf/six -l cobol
ok "an unknown language is usage" is "$status" 2
ok "with those that there are" has "shell, python, racket, c"
try pacegate new perf/seven.txt
ok "so is an extension that tells none" is "$status" 2
try pacegate new
ok "a path is wanted" is "$status" 2
rm -rf perf .pacegate
bare="$scratch/clone/.git"
pacegate new perf/real >/dev/null
git add -A && git commit -qm "a test"
echo x >x
try pacegate run --json --test perf/real
ok "weighed for real, its span is judged" python3 - "$shown" <<'PY'
import json, sys
text = open(sys.argv[1]).read()
report = json.loads(text[text.index("{"):])
names = [m["metric"] for m in report["tests"][0]["metrics"]]
assert {"wall", "cpu", "work"} <= set(names), names
PY
finish
