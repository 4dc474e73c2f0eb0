#!/bin/sh
# report, recall, off, per-ref and per-test settings, and who may set them.
. "$(dirname "$0")/../lib/tap.sh"

new_repo modes
pacegate install "$bare" >/dev/null
planted
plant a=30
commit one
push origin main
ok "report lets it through" is "$pushed" taken
ok "and says when it is measured" has "measured after the push"
ok "the worker starts by itself" waited 20 pacegate show main --repo "$bare"
plant a=60
commit "Twice as slow"
push origin main
ok "report refuses nothing" is "$pushed" taken
ok "the verdict comes afterwards" waited 20 sh -c "pacegate show main --repo '$bare' | grep -q severe"
ok "and the worker ends" waited 20 sh -c "! pgrep -f 'pacegate work' -u $(id -u) | xargs -r -I{} readlink /proc/{}/cwd | grep -q '$bare'"
try pacegate status --repo "$bare" --json
ok "nothing is left in the queue" grep -q '"queue": \[\]' "$shown"

git -C "$bare" config pacegate.refs/heads/release.mode recall
push origin main:release
ok "recall refuses what is known to be severe" is "$pushed" refused
ok "from the store" has "severe: perf/a"
git reset -q --hard HEAD~1
plant a=30
echo x >x
commit "Fine"
push origin HEAD:refs/heads/release
ok "recall lets the unweighed through" is "$pushed" taken
ok "with the advice" has "push it to another branch first"
git -C "$bare" config pacegate.refs/heads/release.unweighed reject
echo y >x
commit "Fine too"
push origin HEAD:refs/heads/release
ok "unless it is set to reject" is "$pushed" refused
push origin HEAD:refs/heads/topic
waited 20 pacegate show topic --repo "$bare"
push origin HEAD:refs/heads/release
ok "weighed elsewhere first it is taken" is "$pushed" taken

git -C "$bare" config pacegate.refs/heads/quiet.mode off
push origin HEAD:refs/heads/quiet
ok "off says nothing" lacks "pacegate:"
git tag v1
push origin v1
ok "tags are not weighed" lacks "pacegate:"

git -C "$bare" config 'pacegate.refs/tags/*.mode' wait
git tag v2
push origin v2
ok "unless a pattern names them" has "refs/tags/v2: "
git -C "$bare" config pacegate.refs/heads/gated.mode wait
push origin main~0:refs/heads/gated
plant a=36
commit "20 % slower"
git -C "$bare" config 'pacegate-test.perf/*.severe' 50%
push origin HEAD:refs/heads/gated
ok "a test's own severe counts" is "$pushed" taken
ok "as regressed" has "regressed: perf/a"
git -C "$bare" config --unset 'pacegate-test.perf/*.severe'

plant a=60
cat >.pacegate <<'EOF'
[pacegate]
	severe = 500%
	mode = off
EOF
cat >perf/a <<'EOF'
#!/bin/sh
# perf: threshold=400% severe=500%
exec true
EOF
commit "Loosens its own threshold"
push origin HEAD:refs/heads/gated
ok "the candidate cannot loosen the gate" is "$pushed" refused
ok "and is told where such keys belong" has ".pacegate:2"
ok "and that its directive is too loose" has "looser than the server's"
# A merge of a branch that was up to date has the branch's files.
new_repo merges
pacegate install "$bare" >/dev/null
planted
plant a=30
commit one
push origin main
git -C "$bare" config pacegate.refs/heads/main.mode recall
git -C "$bare" config pacegate.refs/heads/main.unweighed reject
git checkout -q -b topic
plant a=60
commit "Twice as slow"
push origin topic
ok "the branch is measured" waited 20 sh -c "pacegate show topic --repo '$bare' | grep -q severe"
git checkout -q main
git merge -q --no-ff -m "Merge topic" topic
push origin main
ok "its merge is known" has "severe: perf/a: cpu is 100 % slower than at"
git reset -q --hard HEAD~1
git checkout -q -b better main
echo x >x
commit "No slower"
push origin better
waited 20 pacegate show better --repo "$bare"
git checkout -q main
git merge -q --no-ff -m "Merge better" better
push origin main
ok "one that passed is taken" is "$pushed" taken
ok "as weighed" has "pass: 1 test"
try pacegate show --repo "$bare" main
ok "and its verdict is kept as its own" has "Merge better"
git checkout -q better
echo y >x
commit "Not measured yet"
git checkout -q main
git merge -q --no-ff -m "Merge more" better
push origin main
ok "a merge of what was not measured is not known" is "$pushed" refused

# A worker that waits to try again must not outlive its repository, nor take a
# slot for it.
new_repo removed
planted
pacegate install "$bare" >/dev/null
git -C "$bare" config pacegate-pool.launch /nonexistent
plant a=10
commit one
push origin main
workers() {
	for at in /proc/[0-9]*/cwd; do
		readlink "$at" 2>/dev/null
	done | grep -qF "$bare"
}
ok "a worker waits to try again" waited 10 workers
cd "$scratch" || exit 1
rm -rf "$bare" "$scratch/removed"
ok "it ends when the repository is removed" waited 20 not workers
finish
