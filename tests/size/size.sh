#!/bin/sh
# The hooks at full size (`make check-size`): 10^6 commits, 200,000 files,
# 100,000 refs, 1,000 tests, pushes of 100,000 commits and refs, 50 pushes at
# once. What a push reads is asserted; what it takes is printed, for the hooks
# alone (cpu_ms, peak_kb) and as the pusher waits. The repository is made once,
# in SIZE_DIR (build/size), and served as forks that share its objects.
. "$(dirname "$0")/../lib/tap.sh"
cache=${SIZE_DIR:-$here/../../build/size}
commits=${SIZE_COMMITS:-1000000} files=${SIZE_FILES:-200000}
refs=${SIZE_REFS:-100000} many=${SIZE_PUSH:-100000}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
large="$cache/$commits-$files-$refs.git"
if [ ! -e "$large/made" ]; then
	echo "# making $large, once; it takes minutes"
	rm -rf "$large"
	"$here/make-repo" "$large" "$commits" "$files" "$refs" 1000 &&
		touch "$large/made"
fi
main=$(git -C "$large" rev-parse main)
PUSH_TIMEOUT=3600
git config --global pacegate-pool.lockDir "$scratch"
git config --global gc.auto 0
git config --global receive.autogc false

# fork NAME: $bare, which borrows the objects and has all the refs.
fork() {
	bare="$scratch/$1.git"
	git init -q --bare "$bare"
	echo "$large/objects" >"$bare/objects/info/alternates"
	cp "$large/packed-refs" "$bare/"
	pacegate install "$bare" >/dev/null
	planted
}
# write PARENT PATH TEXT: a commit that changes one file, on stdout.
write() {
	git rev-parse -q --verify "$1" >/dev/null || return 1
	rm -f "$scratch/index"
	printf '%s\n' "$3" | git hash-object -w --stdin >"$scratch/blob"
	printf '100644 %s\t%s\n' "$(cat "$scratch/blob")" "$2" |
		"$here/put" "$1" | xargs -I @ git commit-tree -p "$1" \
			-m "writes $2" @
}
# told WHAT ARGS...: push, and print what that took; $counts for asserts.
told() {
	what=$1
	shift
	rm -f "$scratch/count"
	from=$(date +%s%N)
	COUNT_LOG="$scratch/count" LD_PRELOAD="$build/tests/size/count.so" \
		push "$@"
	counts=$(sed -n 's/^pre-receive //p' "$scratch/count")
	post=$(sed -n 's/^post-receive.*peak_kb/peak_kb/p' "$scratch/count")
	echo "# $what: $(($(date +%s%N) / 1000000 - from / 1000000)) ms in all"
	echo "#   pre-receive $counts; post-receive $post"
}
# at_most NAME LIMIT: a count of the last push.
at_most() {
	got=$(echo "$counts" | sed "s/.*\\b$1=\\([0-9]*\\).*/\\1/")
	[ -n "$got" ] && [ "$got" -le "$2" ] || { echo "$1: $got"; return 1; }
}

fork served
git clone -q --bare --shared --single-branch --branch main "$large" \
	"$scratch/work"
cd "$scratch/work" || exit 1
git remote set-url origin "$bare"

for packs in "" "with a commit-graph, a multi-pack-index and bitmaps: "; do
	[ -z "$packs" ] || {
		(cd "$bare" && git config repack.writeBitmaps true &&
			git commit-graph write --reachable &&
			git multi-pack-index write) 2>/dev/null
	}
	push -f origin "$main:refs/heads/main"
	a=$(write "$main" README.md "$packs")
	told "${packs}nothing touched" origin "$a:refs/heads/main"
	ok "${packs}a push that touches no test reads little" at_most objects 60
	b=$(write "$a" src/3/4/5 "$packs")
	told "${packs}one file" origin "$b:refs/heads/main"
	ok "${packs}one that touches some: the tests alone" at_most objects 1300
	c=$(write "$main~40" src/3/4/6 "$packs")
	told "${packs}a new branch" origin "$c:refs/heads/new"
	ok "${packs}a new branch: no ref is looked up" at_most refs 0
	told "${packs}a tag of what is there" origin "$main~30:refs/tags/v1"
	ok "${packs}a tag" at_most objects 5
	told "${packs}back by three" -f origin "$main~1:refs/heads/main"
	ok "${packs}a forced push" at_most objects 1000
	push origin :refs/heads/new :refs/tags/v1
done

python3 - "$main" "$many" <<'END' | git fast-import --quiet --force
import sys
for i in range(int(sys.argv[2])):
    text = "%d\n" % i
    if i % 10000 == 0:
        text += "\nPerf-Accept: perf/t%d wall <=+12%% | because\n" % (i / 10000)
    print("commit refs/heads/many\ncommitter A <a@b> %d +0000\ndata %d\n%s" % (
        1600000000 + i, len(text), text))
    if not i:
        print("from", sys.argv[1])
    print("M 100644 inline src/1/2/%d\ndata <<E\n%d\nE" % (i % 100, i))
END
push -f origin "$main:refs/heads/main"
git -C "$bare" config pacegate.accepters nobody
told "$many commits" origin many:refs/heads/main
ok "$many commits: eight are weighed" has "(8 of them are weighed)"
ok "with progress" has "commits read"
ok "the trailers of all are read" has "perf.accept does not count"
ok "each commit is read twice at most" at_most objects $((2 * many + 3000))
told "$many commits back" -f origin "$main:refs/heads/main"
ok "as are those of a push that takes them back" at_most objects \
	$((2 * many + 3000))
orphan=$(GIT_COMMITTER_DATE="1000000000 +0000" git commit-tree -m orphan "$main^{tree}" </dev/null)
told "an orphan in the place of them all" -f origin \
	"$orphan:refs/heads/main"
ok "an orphan: a bounded part of history is read" at_most objects 500000
ok "which goes through" is "$pushed" taken

fork mirror
cp "$large/packed-refs" "$scratch/work/packed-refs"
git -C "$bare" config pacegate.refs/heads/main.mode wait
rm -f "$bare/packed-refs"
told "a mirror of $refs refs" --mirror "$bare"
ok "a mirror goes through" is "$pushed" taken
ok "and says what is not looked at" has "refs are too many to weigh"
ok "with little read" at_most objects 600000

for mode in report wait; do
	fork "$mode"
	git -C "$bare" config pacegate.mode "$mode"
	for i in $(seq 50); do
		write "$main" src/0/0/0 "$mode $i" >"$scratch/$mode.$i"
	done
	from=$(date +%s)
	for i in $(seq 50); do
		timeout 1200 git push -q "$bare" \
			"$(cat "$scratch/$mode.$i"):refs/heads/p$i" \
			>"$scratch/out.$i" 2>&1 &
	done
	wait
	echo "# $mode: 50 pushes at once: $(($(date +%s) - from)) s"
	settle
	pacegate export --repo "$bare" >"$scratch/export"
	ok "$mode: 50 pushes at once all land" is \
		"$(git -C "$bare" for-each-ref 'refs/heads/p*' | wc -l)" 50
	ok "$mode: all journal entries are done" is \
		"$(grep '"table":"journal"' "$scratch/export" |
			grep -c '"state":"done"')" 50
done

if [ -n "${SIZE_IMPORT:-}" ]; then
	bare="$scratch/empty.git"
	git init -q --bare "$bare"
	pacegate install "$bare" --gate main >/dev/null
	planted
	told "the first push of $commits commits" "$bare" \
		"$main:refs/heads/main"
	ok "an import goes through" is "$pushed" taken
	ok "and its tip alone is weighed" has "(only the tip is weighed)"
	ok "of a bounded part of it" at_most objects 300000
else
	skip "the first push of $commits commits" "SIZE_IMPORT=1 has it"
fi
finish
