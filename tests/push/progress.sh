#!/bin/sh
# The bar of what takes long: on a terminal, and nowhere else.
. "$(dirname "$0")/../lib/tap.sh"

# terminal COLUMNS COMMAND: what it prints on a terminal of that width, with
# `\r` as line ends.
terminal() {
	shown="$scratch/shown"
	timeout 120 script -qec "stty cols $1 rows 40; $2" /dev/null \
		</dev/null 2>&1 | tr '\r' '\n' >"$shown"
}
# in_width COLUMNS: no bar is wider.
in_width() {
	grep '\[[#.]*\]' "$shown" | sed 's/\x1b\[K//' |
		awk -v most="$1" 'length($0) >= most { print; bad = 1 }
			END { exit bad }'
}
export TERM=xterm
new_repo project
planted
pacegate install "$bare" >/dev/null
delay=0.1
plant sort=30
commit one
plant sort=31
commit two
git config pacegate-pool.launch "$here/../lib/planted-runner"
git config pacegate-pool.lockDir "$scratch"
terminal 80 "pacegate run HEAD~1 HEAD"
ok "run has a bar" grep -q '^\[#*\.*\] *[0-9]* %  round' "$shown"
ok "that fits" in_width 80
ok "with the time left" grep -q '^\[#.* s left' "$shown"
ok "and is wiped before the answer" grep -q "^$(printf '\033')\[Kcommit" \
	"$shown"
terminal 40 "pacegate run HEAD~1 HEAD"
ok "on a narrow one too" in_width 40
terminal 80 "TERM=dumb pacegate run HEAD~1 HEAD"
ok "none where lines cannot be wiped" lacks "round"
try pacegate run HEAD~1 HEAD
ok "none in a pipe" lacks "%  round"

python3 "$here/../web/generate.py" 60 1500 >"$scratch/data"
terminal 80 "pacegate import --repo '$bare' <'$scratch/data'"
ok "import has one" grep -q '\] *[0-9]* %  lines read' "$shown"
terminal 80 "pacegate verify --repo '$bare'"
ok "verify still says what it has read" has "baselines"
terminal 80 "pacegate export --repo '$bare' >'$scratch/export'"
ok "export writes what it wrote" test -s "$scratch/export"
ok "and no bar into it" not grep -q '\[#' "$scratch/export"
terminal 80 "pacegate pages '$scratch/www' --repo '$bare'"
ok "pages has one" grep -q '\] *[0-9]* %  pages' "$shown"
try pacegate pages "$scratch/www2" --repo "$bare"
ok "none in a pipe" is "$(wc -l <"$shown")" 1
finish
