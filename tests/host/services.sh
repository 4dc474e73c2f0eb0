#!/bin/sh
# Services that are not in Debian, by doubles: a repository as Gitea, Forgejo or
# GitLab lays it out, and a driver that starts hooks as theirs does (order,
# input, environment, what ends it). They show that ours fit in; they are not
# the services themselves.
. "$(dirname "$0")/../lib/tap.sh"
echo "# Gitea, Forgejo and GitLab are doubles: their layout and hook drivers"

script() { # FILE: a program from stdin
	mkdir -p "$(dirname "$1")"
	{
		echo '#!/bin/sh'
		cat
	} >"$1"
	chmod 755 "$1"
}
accept() { # the accepted regression that tells who pushed
	commit "Slower, wanted

Perf-Accept: perf/a wall <=+150% | $1
Perf-Accept: perf/a cpu <=+150% | $1"
}
who() { # REASON NAME: the ledger has them together
	pacegate ledger --repo "$bare" | grep -qF "$2: $1"
}
remote_lines() { grep '^remote:' "$shown" | grep -c '[^ ]' ; }

# Gitea keeps its hooks in hooks/NAME.d/gitea. Its driver runs every executable
# of NAME.d with the lines on stdin, also after one failed; the first failure
# is the answer.
gitea_writes_hooks() {
	for name in pre-receive post-receive; do
		script "$bare/hooks/$name" <<-END
			lines=\$(cat) failed=0
			for hook in hooks/$name.d/*; do
				[ -f "\$hook" ] && [ -x "\$hook" ] || continue
				echo "\$lines" | "\$hook" || {
					code=\$?
					[ \$failed != 0 ] || failed=\$code
				}
			done
			exit \$failed
		END
		script "$bare/hooks/$name.d/gitea" <<-END
			grep -q . || exit 9
			echo $name >>"$scratch/gitea.ran"
			[ -n "\$GITEA_PUSHER_NAME" ] || exit 3
		END
	done
}
new_repo gitea
gitea_writes_hooks
cp "$bare/hooks/pre-receive" "$scratch/driver"
try pacegate install "$bare" --gate main
ok "Gitea: installed without a word of where" is "$status" 0
ok "which says what it did" has "hooks/pre-receive.d/pacegate -> "
ok "and that pushers are named as Gitea does" has "git config pacegate-host.type gitea"
ok "the driver is as it was" cmp "$bare/hooks/pre-receive" "$scratch/driver"
planted
try pacegate doctor --repo "$bare"
ok "doctor finds the hooks" lacks "is not ours"
export GITEA_PUSHER_NAME=ann GITEA_DEPLOY_KEY_ID=0 GITEA_REPO_NAME=gitea
plant a=30
commit one
push origin main
ok "a push is weighed, once" is "$(grep -c 'new: perf/a' "$shown")" 1
ok "after Gitea's own check" grep -q pre-receive "$scratch/gitea.ran"
plant a=60
commit "Twice as slow"
push origin main
ok "one that is severe is refused" is "$pushed" refused
git reset -q --hard HEAD~1
plant a=60
accept "gitea push"
GL_USERNAME=mallory REMOTE_USER=mallory GL_USER=mallory
export GL_USERNAME REMOTE_USER GL_USER
push origin main
ok "an accepted one is taken" is "$pushed" taken
ok "by the name that Gitea gave, and no other" waited 20 who "gitea push" ann
unset GL_USERNAME REMOTE_USER GL_USER
plant a=100
accept "gitea key"
GITEA_DEPLOY_KEY_ID=7 push origin main
ok "a deploy key is not its owner" waited 20 who "gitea key" "a deploy key"
# Merged by the button: the service pushes from a clone of its own.
plant a=200
commit "Merge pull request 7"
GITEA_PUSH_TRIGGER=pr-merge-to-base SSH_ORIGINAL_COMMAND=gitea-internal \
	GITEA_PR_ID=7 push origin main
ok "a merge by web is refused" is "$pushed" refused
ok "with one line" is "$(remote_lines)" 1
ok "that has the reason" has "pacegate: refs/heads/main is refused: severe: perf/a: cpu is 100 % slower than at"
git reset -q --hard HEAD~1
echo x >x
commit "Merge pull request 8"
GITEA_PUSH_TRIGGER=pr-merge-to-base push origin main
ok "another is taken" is "$pushed" taken
ok "without a word" is "$(remote_lines)" 0
gitea_writes_hooks
try pacegate doctor --repo "$bare"
ok "when Gitea writes its hooks anew ours stay" lacks "is not ours"
GITEA_PUSHER_NAME="" push origin HEAD:refs/heads/other
ok "what Gitea refuses stays refused" is "$pushed" refused
try pacegate uninstall "$bare"
ok "uninstall leaves Gitea's" is "$(ls "$bare/hooks/pre-receive.d")" gitea
ok "and no type" not git -C "$bare" config pacegate-host.type
try pacegate install "$bare" --drop-in gitea
ok "what is not ours is not moved from among its hooks" is "$status" 2
ok "and the way out is said" has "choose another name"
pacegate uninstall "$bare" >/dev/null
git -C "$bare" config pacegate-host.type none
pacegate install "$bare" >/dev/null
ok "an admin who says that it is none is believed" test -L "$bare/hooks/pre-receive"
unset GITEA_PUSHER_NAME GITEA_DEPLOY_KEY_ID GITEA_REPO_NAME

# GitLab has core.hooksPath point at its own, which runs custom_hooks/NAME, then
# custom_hooks/NAME.d/*, and stops at the first failure. They get an
# environment of their own.
mkdir -p "$scratch/@hashed/ab/cd"
new_repo "@hashed/ab/cd/abcd"
for name in pre-receive post-receive; do
	script "$scratch/gitlab/$name" <<-END
		lines=\$(cat)
		for hook in custom_hooks/$name custom_hooks/$name.d/*; do
			[ -x "\$hook" ] && [ "\${hook%\~}" = "\$hook" ] || continue
			echo "\$lines" | env -i PATH=/usr/bin:/bin LANG=C GIT_DIR=. \\
				GIT_OBJECT_DIRECTORY="\$GIT_OBJECT_DIRECTORY" \\
				GIT_ALTERNATE_OBJECT_DIRECTORIES="\$GIT_ALTERNATE_OBJECT_DIRECTORIES" \\
				GL_ID="\$GL_ID" GL_USERNAME="\$GL_USERNAME" \\
				GL_PROTOCOL="\$GL_PROTOCOL" GL_PROJECT_PATH=group/project \\
				"\$hook" || exit 1
		done
	END
done
try pacegate install "$bare" --gate main
ok "GitLab: installed without a word of where" is "$status" 0
ok "which says what it did" has "custom_hooks/pre-receive.d/pacegate -> "
ok "and that pushers are named as GitLab does" has "git config pacegate-host.type gitlab"
planted
try pacegate doctor --repo "$bare"
ok "doctor finds the hooks" lacks "is not ours"
git -C "$bare" config core.hooksPath "$scratch/gitlab"
export GL_ID=user-4 GL_USERNAME=ann GL_PROTOCOL=ssh
plant a=30
commit one
push origin main
ok "a push is weighed, once" is "$(grep -c 'new: perf/a' "$shown")" 1
script "$bare/custom_hooks/pre-receive.d/00-other" <<-END
	echo other ran
	[ ! -e "$scratch/other.refuses" ]
END
script "$bare/custom_hooks/pre-receive.d/zz-old~" </dev/null
plant a=60
accept "gitlab push"
GITEA_PUSHER_NAME=mallory REMOTE_USER=mallory push origin main
ok "the others of the directory run too" has "other ran"
ok "GitLab's name counts" waited 20 who "gitlab push" ann
plant a=100
accept "gitlab key"
GL_USERNAME="" GL_ID=key-7 push origin main
ok "a deploy key has its own" waited 20 who "gitlab key" key-7
touch "$scratch/other.refuses"
echo x >x
commit "Refused by another"
push origin main
ok "what another hook refuses is not weighed" lacks "pacegate:"
rm "$scratch/other.refuses" "$bare/custom_hooks/pre-receive.d/00-other"
plant a=200
commit "Merge branch 'topic'"
GL_PROTOCOL=web push origin main
ok "a merge by web is refused" is "$pushed" refused
ok "with one line" is "$(remote_lines)" 1
ok "that GitLab shows" has \
	"remote: GL-HOOK-ERR: pacegate: refs/heads/main is refused: severe: perf/a: cpu is 100 % slower than at"
git -C "$bare" config pacegate.refs/heads/main.mode recall
git -C "$bare" config pacegate.refs/heads/main.unweighed reject
git reset -q --hard HEAD~1
echo y >y
commit "Never weighed"
GL_PROTOCOL=web push origin main
ok "so is one that was not weighed" has \
	"remote: GL-HOOK-ERR: pacegate: refs/heads/main is refused: not weighed yet"
ok "with one line" is "$(remote_lines)" 1
push origin main
ok "over ssh the mark is not seen" lacks "GL-HOOK-ERR"
try pacegate uninstall "$bare"
ok "uninstall takes out what it put in" is \
	"$(ls "$bare/custom_hooks/pre-receive.d")" "zz-old~"
unset GL_ID GL_USERNAME GL_PROTOCOL
# Nothing here runs systemd; it reads its units.
if command -v systemd-analyze >/dev/null; then
	sed "s|/usr/local/bin/pacegate|$build/pacegate|; s|=git$|=root|" \
		"$here/../../contrib/systemd/pacegate@.service" \
		>"$scratch/pacegate@x.service"
	ok "systemd understands the worker's unit" \
		systemd-analyze verify --man=no "$scratch/pacegate@x.service"
else
	skip "the worker's unit" "no systemd-analyze here"
fi
finish
