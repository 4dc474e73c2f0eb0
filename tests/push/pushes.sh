#!/bin/sh
# What a push can bring.
. "$(dirname "$0")/../lib/tap.sh"

new_repo 'push:es "é'
pacegate install "$bare" >/dev/null
git -C "$bare" config pacegate.mode wait
planted
plant a=30
commit one
push origin main
ok "the first push into an empty repository" has "main: 1 commit, 1 test, the first of their kind"
push origin main
ok "a push that brings nothing runs no hook" lacks "pacegate"
git checkout -q -b topic
echo 1 >x
commit "on topic"
push origin topic
ok "a new branch" has "topic: 1 commit, 1 test against"
push origin topic:again
ok "a branch where another one is: its verdict is recalled" has "weighed before"
git tag -a -m "annotated" v1
git tag v2
push origin v1 v2
ok "tags of both kinds are taken" is "$pushed" taken
git tag -a -m tree vtree "$(git rev-parse 'HEAD^{tree}')"
blob=$(git hash-object -w .git/config)
git tag vblob "$blob"
push origin vtree vblob
ok "tags of trees and blobs too" is "$pushed" taken
push origin :again
ok "a deletion" is "$pushed" taken

echo 2 >x
git commit -q -a --amend -m "rewritten"
push -f origin topic
ok "a forced push" has "topic: 1 commit, 1 test against"
git checkout -q main
echo m >m
commit "on main"
git merge -q --no-edit topic
push origin main
ok "a merge counts along the first parent" has "main: 2 commits"
for i in 1 2 3; do
	git checkout -q -b "o$i" main
	echo "$i" >"o$i"
	commit "o$i"
done
git checkout -q main
echo more >m
commit "main moves on"
git merge -q --no-edit o1 o2 o3
push origin main
ok "an octopus merge" has "main: 2 commits, 1 test"
git checkout -q -b ff main
echo f >f
commit "ahead"
push origin ff main ff:fast
settle
ok "the worker finds nothing wrong with any of them" not grep -qE 'fail|cannot' "$scratch/work.out"
ok "several refs at once" is "$(grep -cE 'pacegate: (ff|fast): ' "$shown")" 2
git checkout -q main
plant a=60
commit "slow"
echo fine >f2
git branch -q fine ff
push --atomic origin main fine
ok "--atomic: one refusal" is "$pushed" refused
ok "takes the other along" not git -C "$bare" rev-parse -q --verify refs/heads/fine
git reset -q --hard HEAD~1

# Never more than a screen.
for i in $(seq 30); do
	git checkout -q -b "many$i" main
	echo "$i" >many
	[ "$i" != 17 ] || plant a=60
	commit "many $i"
done
push origin 'refs/heads/many*'
ok "thirty branches fit a screen" one_screen
ok "the slow one is shown" has "severe: perf/a"
ok "and named as refused" has "refs/heads/many17 is refused: severely slower"
ok "and what was not shown is counted" grep -q 'more lines did not fit' "$shown"
git checkout -q main
git -C "$bare" config pacegate.broken reject
plant a=30
python3 - >planted <<'EOF'
import json
log = "".join("line %d of a long log\n" % i for i in range(100))
what = {"perf/b%d" % i: {"outcome": "failed", "why": "exit %d" % i,
                         "log": log + str(i)} for i in range(9)}
what["perf/a"] = {"wall": 60e6, "cpu": 60e6}
json.dump(what, open(1, "w"))
EOF
for i in 0 1 2 3 4 5 6 7 8; do cp perf/a "perf/b$i"; done
commit "All goes wrong"
push origin main
ok "much that is wrong fits a screen" one_screen
ok "the worst first" has "severe: perf/a"
ok "the others with their reasons" has "broken: perf/b0: exit 0"
ok "and the line to paste" has "Perf-Accept: perf/a cpu"
git -C "$bare" config --unset pacegate.broken
git reset -q --hard HEAD~1

plant a=30
printf 'x\n' >"$(printf 'new\nline')"
printf 'x\n' >"$(printf 'latin-\351')"
ln -s /etc/passwd link
ln -s ../../.. perf/up
git -c protocol.file.allow=always submodule -q add "$bare" sub 2>/dev/null
git add -A
printf 'caf\351 \033[2J\n\nbody \370\n' | git -c i18n.commitEncoding=latin1 commit -q -F -
push origin main
ok "odd names, links, a submodule, another encoding" is "$pushed" taken
ok "and no control characters come back" not grep -q "$(printf '\033\\[2J')" "$shown"
settle
ok "show copes with it" sh -c "pacegate show main --repo '$bare' | grep -q pass"

tree=$(printf '100644 blob %s\t..\n' "$blob" | git mktree 2>/dev/null ||
	printf '100644 ..\0' | cat - | git hash-object -t tree --literally -w --stdin)
bad=$(git commit-tree -p HEAD -m dots "$(git mktree <<EOF2
$(git ls-tree HEAD)
040000 tree $tree	zz
EOF2
)" 2>/dev/null)
if [ -n "$bad" ]; then
	push origin "$bad:refs/heads/dots"
	ok "a tree with .. hangs nothing" test -n "$pushed"
else
	skip "a tree with .." "this git makes none"
fi

new_repo import
pacegate install "$bare" --gate main >/dev/null
planted
python3 - <<'EOF' | git fast-import --quiet
print("blob\nmark :1\ndata <<E\n#!/bin/sh\nexec true\nE\n")
print('blob\nmark :2\ndata <<E\n{"perf/a": {"wall": 3e7, "cpu": 3e7}}\nE\n')
for i in range(100000):
    print("commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 2\nm\n" % (1500000000 + i))
    if i == 0:
        print("M 100755 :1 perf/a\nM 100644 :2 planted")
    else:
        print("M 100644 inline n\ndata <<E\n%d\nE" % i)
EOF
push origin main
ok "an import of 100,000 commits goes through" is "$pushed" taken
ok "and says that the tip alone is weighed" has "(only the tip is weighed)"
ok "which it is" has "new: perf/a"
# From a shallow clone, whose parents the server has, or never will have.
new_repo full
pacegate install "$bare" --gate main >/dev/null
planted
plant a=30
for n in 1 2 3; do
	echo $n >x
	commit $n
done
push origin main
git clone -q --depth 1 "file://$bare" "$scratch/cut"
cd "$scratch/cut" || exit 1
plant a=60
commit "Slow, from a shallow clone"
push origin main
ok "a push from a shallow clone is weighed" has "severe: perf/a: cpu is 100 % slower than at"
plant a=31
commit "Not slow"
bare="$scratch/new.git"
git init -q --bare "$bare"
pacegate install "$bare" --gate main >/dev/null
planted
push "$bare" main
ok "where its parents are missing git refuses it" has "shallow update not allowed"
ok "and we did not fail" lacks "failure of the gate"
git -C "$bare" config receive.shallowUpdate true
push "$bare" main
ok "a server that takes it has its history begin there" is "$pushed" taken
ok "and nothing failed" lacks "failure of the gate"
plant a=62
commit "Slow"
push "$bare" main
ok "the next one is held against it" has "severe: perf/a: cpu is 100 % slower than at"
finish
