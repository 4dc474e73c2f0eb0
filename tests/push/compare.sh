#!/bin/sh
# `pacegate compare`: two commits by what the store holds of them.
. "$(dirname "$0")/../lib/tap.sh"

new_repo project
planted
ok "install" pacegate install "$bare" --gate main
plant a=30 b=10
commit one
push -q origin main
settle
plant a=31 b=10
commit two
push -q origin main
settle
plant a=31.2 b=10
commit three
push -q origin main
settle
try pacegate compare HEAD~1 --repo "$bare"
ok "two revisions have to be said" is "$status" 2
try pacegate compare main~1 main --repo "$bare"
ok "neighbours" is "$status" 0
ok "with their tests" has "perf/b"
ok "measured apart where no session ran both, or with rounds" \
	grep -Eq "measured apart|rounds" "$shown"
try pacegate compare main~2 main --repo "$bare"
ok "a commit and its baseline were side by side" grep -Eq \
	"^perf/a +wall +(29.9|30.[01]) ms +31.[123] ms +.[34]\.[0-9] %  .3\.[0-9] % .* rounds" "$shown"
try pacegate compare main~2 main --json --repo "$bare"
ok "JSON" python3 - "$shown" <<'PY'
import json, sys
rows = json.load(open(sys.argv[1]))
row = [r for r in rows if (r["test"], r["metric"]) == ("perf/a", "wall")][0]
assert abs(row["ratio"] - 1.04) < 0.01, row
assert row["low"] < row["ratio"] < row["high"], row
PY
commit "nothing measured"
git push -q "$bare" HEAD:refs/other/x
try pacegate compare main refs/other/x --repo "$bare"
ok "nothing in common is said" has "no test was measured at both"
ok "as a wrong word" is "$status" 2
finish
