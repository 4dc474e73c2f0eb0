#!/bin/sh
# PUSHES (50) commits that change nothing, pushed one by one to a gated branch
# and weighed for real: false alarms, trials and seconds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH="${PACEGATE_BUILD:-$here/../../build}:$PATH"
dir=$(mktemp -d "${TMPDIR:-/tmp}/pacegate-bench.XXXXXX")
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
export PATH GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$dir/gitconfig"
git config --global init.defaultBranch main
git config --global user.name Ada
git config --global user.email ada@example.org
git init -q --bare "$dir/r.git"
pacegate install "$dir/r.git" --gate main >/dev/null
git clone -q "$dir/r.git" "$dir/w" 2>/dev/null
cd "$dir/w"
mkdir perf
cp "$here/../../contrib/demo/sort.c" .
printf '[pacegate]\n\tbuild = gcc -O2 -o sort sort.c\n' >.pacegate
printf '#!/bin/sh\nexec ./sort\n' >perf/sort
chmod +x perf/sort
git add -A
git commit -q -m first
git push -q origin main 2>/dev/null
start=$(date +%s)
i=0
while [ $i -lt "${PUSHES:-50}" ]; do
	i=$((i + 1))
	echo "$i" >note
	git add -A
	git commit -q -m "change nothing $i"
	git push -q origin main >>"$dir/out" 2>&1 || echo refused >>"$dir/out"
	pacegate show --repo "$dir/r.git" main --json >"$dir/$i.json"
done
spent=$(($(date +%s) - start))
python3 - "$dir" "$spent" <<'EOF'
import collections, glob, json, sys
verdicts, trials, sessions, unconfirmed = collections.Counter(), 0, 0, 0
for name in glob.glob(sys.argv[1] + "/*.json"):
    report = json.load(open(name))
    verdicts[report["verdict"]] += 1
    sessions += len(report["sessions"].split())
    for test in report["tests"]:
        trials += 2 * max(m["trials"] for m in test["metrics"])
        unconfirmed += any(m.get("unconfirmed") for m in test["metrics"])
n = sum(verdicts.values())
wrong = sum(verdicts[v] for v in ("regressed", "severe", "improved", "broken", "failure"))
print("%d pushes that change nothing: %d false alarms; %s" % (
    n, wrong, ", ".join("%d %s" % (c, v) for v, c in verdicts.most_common())))
print("  %.1f trials and %.1f s a push, %d first alarms that did not come again" % (
    trials / n, int(sys.argv[2]) / n, unconfirmed))
EOF
