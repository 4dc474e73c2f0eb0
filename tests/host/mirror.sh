#!/bin/sh
# A service with no room for our hooks: a mirror measures, verdicts come back as
# notes, and a script of a few lines refuses by them. The service is a double,
# with the environment and the five seconds of GitHub Enterprise Server.
. "$(dirname "$0")/../lib/tap.sh"
echo "# GitHub Enterprise Server is a double: its hook environment and limits"
scripts=$(cd "$here/../../contrib/hosts" && pwd)

service="$scratch/service.git"
git init -q --bare "$service"
cat >"$service/hooks/pre-receive" <<END
#!/bin/sh
# Only what the service's documentation names, and five seconds.
exec timeout 5 env -i PATH=/usr/bin:/bin GIT_DIR="$service" \\
	GIT_OBJECT_DIRECTORY="\$GIT_OBJECT_DIRECTORY" \\
	GIT_QUARANTINE_PATH="\$GIT_OBJECT_DIRECTORY" \\
	GIT_ALTERNATE_OBJECT_DIRECTORIES="$service/objects" \\
	GITHUB_VIA="\$GITHUB_VIA" GITHUB_USER_LOGIN=ann \\
	"$scratch/hook"
END
chmod +x "$service/hooks/pre-receive"
cp "$scripts/github-pre-receive" "$scratch/hook"
git clone -q "$service" "$scratch/dev" 2>/dev/null
cd "$scratch/dev" || exit 1
plant a=30
commit one
push origin main
ok "before there is a mirror a push is taken" is "$pushed" taken

bare="$scratch/gate.git"
git clone -q --bare "$service" "$scratch/mirror.git"
git init -q --bare "$bare"
try pacegate install "$bare"
ok "the gate is installed beside the mirror" is "$status" 0
planted
mirror() { try "$scripts/mirror" "$scratch/mirror.git" "$bare"; }
mirror
ok "the mirror runs" is "$status" 0
notes() { git -C "$service" notes --ref=pacegate show "$1"; }
told=$(notes "$(git rev-parse main)")
ok "the verdict is with the service" is "${told%; still*}" \
	"new: perf/a: the first baseline, 30.0 ms wall"

plant a=60
commit "Twice as slow"
push origin HEAD:topic
ok "a branch is taken" is "$pushed" taken
push origin HEAD:main
ok "main does not know it yet" is "$pushed" taken
git push -q -f origin HEAD~1:main
mirror
severe="severe: perf/a: cpu is 100 % slower than at $(git rev-parse --short=10 HEAD~1)"
is_noted() { notes "$(git rev-parse HEAD)" | grep -qxF "$severe"; }
ok "the mirror measured it" is_noted
before=$(date +%s%N)
push origin HEAD:main
after=$(date +%s%N)
ok "then main refuses it" is "$pushed" refused
ok "with the reason" has "pacegate: refs/heads/main is refused: $severe"
ok "well within the five seconds" test $(((after - before) / 1000000)) -lt 4000

# The button makes a merge of its own, or a squash.
git checkout -q -b button HEAD~1
git merge -q --no-ff -m "Merge pull request 1" topic 2>/dev/null ||
	git merge -q --no-ff -m "Merge pull request 1" origin/topic
GITHUB_VIA="pull request merge button" push origin HEAD:main
ok "the merge of the same files is refused" is "$pushed" refused
ok "with one line" is "$(grep -c '^remote: *[^ ]' "$shown")" 1
git reset -q --hard main~1
git merge -q --squash main >/dev/null
commit "Squashed"
GITHUB_VIA="pull request merge button" push origin HEAD:main
ok "so is the squash" is "$pushed" refused

git checkout -q -B fine main~1
plant a=30
echo x >x.c
commit "No slower"
push origin HEAD:topic
mirror
GITHUB_VIA="pull request merge button" push origin HEAD:main
ok "what passed is taken" is "$pushed" taken
ok "by web without a word" is "$(grep -c '^remote: *[^ ]' "$shown")" 0
echo y >x.c
commit "Never measured"
sed -i 's/^unweighed=.*/unweighed=reject/' "$scratch/hook"
push origin HEAD:main
ok "set so, the unmeasured is refused" has "refs/heads/main is refused: not weighed yet"
push origin :topic
ok "a branch may be deleted" is "$pushed" taken
mirror
ok "and is then gone from the gate" not git -C "$bare" rev-parse -q --verify topic
mirror
ok "a mirror with nothing new is content" is "$status" 0
finish
