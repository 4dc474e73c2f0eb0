#!/bin/sh
# The hooks at size, by what they read and not by the clock: as much of a large
# repository as of a small one. `make check-size` does it at full size.
. "$(dirname "$0")/../lib/tap.sh"
tools="$here/../size"

# large NAME COMMITS FILES REFS TESTS: served and cloned, with a counter.
large() {
	bare="$scratch/$1.git"
	"$tools/make-repo" "$bare" "$2" "$3" "$4" "$5"
	pacegate install "$bare" >/dev/null
	planted
	git clone -q --single-branch "$bare" "$scratch/$1"
	cd "$scratch/$1" || exit 1
}
# reads ARGS...: what a push makes pre-receive read.
reads() {
	rm -f "$scratch/count"
	COUNT_LOG="$scratch/count" LD_PRELOAD="$build/tests/size/count.so" \
		git push -q origin "$@" >"$scratch/shown" 2>&1
	sed -n 's/^pre-receive \(.*\) peak.*/\1/p' "$scratch/count"
}
# pushes NAME: small pushes of each kind, a line for what each of them reads.
pushes() {
	cd "$scratch/$1" || exit 1
	shown="$scratch/shown"
	echo "$1" >README.md
	commit "touches no test"
	echo "nothing touched: $(reads main)"
	echo "$1" >src/0/0/7
	commit "touches what some tests depend on"
	echo "touched: $(reads main)"
	git checkout -q -b topic HEAD~20
	echo topic >src/0/0/8
	commit topic
	echo "new branch: $(reads topic)"
	git tag v1
	echo "tag: $(reads v1)"
	git commit -q --amend --allow-empty -m again
	echo "forced: $(reads +topic)"
	echo "deleted: $(reads :topic)"
	git checkout -q main
}
large small 600 2000 20 300
pushes small >"$scratch/small.reads"
large big 6000 2000 2000 300
pushes big >"$scratch/big.reads"
sed 's/^/# /' "$scratch/big.reads"
ok "a push reads as much among ten times the commits and refs" \
	diff "$scratch/small.reads" "$scratch/big.reads"
ok "no ref is looked up" is "$(grep -c ' refs=0$' "$scratch/big.reads")" 6
ok "where nothing is touched no test is read" \
	test "$(sed -n 's/^nothing touched: objects=\([0-9]*\).*/\1/p' \
		"$scratch/big.reads")" -lt 60
large wide 600 20000 20 300
pushes wide >"$scratch/wide.reads"
ok "or ten times the files" diff "$scratch/small.reads" "$scratch/wide.reads"

bare="$scratch/big.git"
# A test among many is found new, touched, gone and renamed.
cd "$scratch/big" || exit 1
git mv perf/t7 perf/renamed
git rm -q perf/t8
printf '#!/bin/sh\n# perf: affects=none/\nexec true\n' >perf/added
printf '#!/bin/sh\nexec true\n' >perf/forgotten
chmod +x perf/added
printf '#!/bin/sh\n# perf: affects=none/\nexit 0\n' >perf/t9
commit "Some tests change"
push origin main
ok "of many tests those run that changed" has "main: 1 commit, 3 tests"
ok "one that is gone is named" has "perf/t8: is deleted by this push"
ok "one that moved is not" lacks "perf/t7"
ok "and one that is not executable" has "perf/forgotten: looks like a test"

# Very many commits on a branch.
python3 - "$(git rev-parse HEAD)" <<'END' | git fast-import --quiet --force
import sys
for i in range(12000):
    text = "%d\n" % i
    if i in (0, 6000):
        text += "\nPerf-Accept: perf/t%d wall <=+12%% | because\n" % (i / 1000)
    print("commit refs/heads/many\ncommitter A <a@b> %d +0000\ndata %d\n%s" % (
        1700000000 + i, len(text), text))
    if not i:
        print("from", sys.argv[1])
    print("M 100644 inline src/1/2/3\ndata <<E\n%d\nE" % i)
END
git -C "$bare" config pacegate.accepters nobody
git -C "$bare" config pacegate.commits 5
push origin many:main
ok "12,000 commits: some, evenly, are weighed" \
	has "main: 12000 commits (5 of them are weighed)"
ok "with progress while they are read" has "commits read"
ok "and the trailers of all are read" has "perf.accept does not count"
git -C "$bare" config --unset pacegate.accepters
git checkout -q many

# Very many refs.
new_repo refs
pacegate install "$bare" >/dev/null
planted
plant a=30
commit one
for i in $(seq 300); do echo "create refs/heads/b$i HEAD"; done |
	git update-ref --stdin
git branch gated
git -C "$bare" config pacegate.refs/heads/gated.mode wait
push origin 'refs/heads/*'
ok "302 refs: as many as can be are looked at" has \
	"46 refs are too many to weigh with the 256 before: let through unweighed"
ok "a gated one first" has "new: perf/a"
ok "and all land" is "$(git -C "$bare" for-each-ref | wc -l)" 302
settle
ok "what lands is settled" not sh -c \
	"pacegate export --repo '$bare' | grep -qE '\"state\":\"(pending|landed)\"'"
git -C "$bare" config 'pacegate.refs/heads/b*.mode' wait
git -C "$bare" config 'pacegate.refs/heads/b*.late' reject
git commit -q --allow-empty -m two
for i in $(seq 300); do echo "update refs/heads/b$i HEAD"; done |
	git update-ref --stdin
push origin 'refs/heads/*'
ok "too many gated ones are refused where their policy says so" has \
	"is refused: too many refs in one push to weigh them all"

# A test that seldom runs, with its record far back.
new_repo far
pacegate install "$bare" --gate main >/dev/null
planted
plant a=30
printf '#!/bin/sh\n# perf: affects=src/\nexec true\n' >perf/a
commit one
push origin main
settle
first=$(git rev-parse --short=10 HEAD)
for i in $(seq 90); do
	git commit -q --allow-empty -m "$i"
done
mkdir src
echo x >src/x
commit "touches it"
push origin main
ok "a record further back than most is found" has "1 test against $first"

# Many pushes at once.
for mode in report wait; do
	new_repo "$mode"
	pacegate install "$bare" >/dev/null
	planted
	plant a=30
	commit one
	push origin main
	git -C "$bare" config pacegate.mode "$mode"
	git -C "$bare" config pacegate.budget 60s
	for i in $(seq 12); do
		git checkout -q -b "p$i" main
		echo "$i" >n
		commit "push $i"
	done
	for i in $(seq 12); do
		timeout 200 git push -q origin "p$i" >"$scratch/out.$i" 2>&1 &
	done
	wait
	settle
	pacegate export --repo "$bare" >"$scratch/export"
	ok "$mode: 12 pushes at once all land" is \
		"$(git -C "$bare" for-each-ref 'refs/heads/p*' | wc -l)" 12
	ok "$mode: all journal entries are done" is \
		"$(grep '"table":"journal"' "$scratch/export" |
			grep -c '"state":"done"')" 13
	ok "$mode: and each has its verdict" is \
		"$(for i in $(seq 12); do
			pacegate show "$(git rev-parse "p$i")" --repo "$bare"
		done | grep -c 'pass: 1 test')" 12
	ok "$mode: nothing failed" not grep -h "failure\|cannot" "$scratch"/out.*
done
for bare in "$scratch"/*.git; do settle; done
finish
