#!/bin/sh
# install and uninstall, and living beside other hooks.
. "$(dirname "$0")/../lib/tap.sh"

state() { # everything that an admin would miss
	(cd "$bare" && find hooks config -type f -o -type l | sort |
		while read -r f; do
			echo "$f $(readlink "$f" || sha256sum <"$f")"
		done)
}

new_repo plain
state >"$scratch/before"
try pacegate install "$bare" --gate main
ok "install" is "$status" 0
ok "main waits" is "$(git -C "$bare" config pacegate.refs/heads/main.mode)" wait
ok "the hooks are there" test -L "$bare/hooks/pre-receive" -a -L "$bare/hooks/post-receive"
state >"$scratch/installed"
find "$bare/pacegate" -name data.mdb -exec sha256sum {} + >"$scratch/store"
try pacegate install "$bare" --gate main
ok "twice" is "$status" 0
ok "says that nothing changes" has "nothing to change"
state >"$scratch/again"
ok "and changes nothing" cmp "$scratch/installed" "$scratch/again"
ok "the store neither" sh -c "sha256sum -c --quiet '$scratch/store'"
try pacegate uninstall "$bare"
ok "uninstall" is "$status" 0
state >"$scratch/after"
ok "puts back what was there" cmp "$scratch/before" "$scratch/after"
ok "and keeps the store" test -e "$bare/pacegate/data.mdb"
try pacegate uninstall "$bare" --purge
ok "until --purge" test ! -e "$bare/pacegate"

new_repo chained
hook() { # NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$bare/hooks/$1"
	chmod +x "$bare/hooks/$1"
}
hook pre-receive "echo previous pre \$(wc -l) lines"
hook post-receive "cat >>'$scratch/post'; echo previous post"
state >"$scratch/before"
pacegate install "$bare" >/dev/null
planted
ok "the hook that was there is the first of its directory" test -x "$bare/hooks/pre-receive.d/00-previous"
printf '#!/bin/sh\necho second pre\n' >"$bare/hooks/pre-receive.d/20-second"
printf '#!/bin/sh\necho backup runs\n' >"$bare/hooks/pre-receive.d/30-old~"
printf '#!/bin/sh\necho not executable runs\n' >"$bare/hooks/pre-receive.d/40-no"
chmod +x "$bare/hooks/pre-receive.d/20-second" "$bare/hooks/pre-receive.d/30-old~"
plant a=10
commit one
git branch side
push origin main side
ok "it runs, with the push's lines on stdin" has "previous pre 2 lines"
ok "others of the directory too" has "second pre"
ok "in order" test "$(grep -n 'previous pre' "$shown" | cut -d: -f1)" -lt "$(grep -n 'second pre' "$shown" | cut -d: -f1)"
ok "before the weighing" test "$(grep -n 'second pre' "$shown" | cut -d: -f1)" -lt "$(grep -n 'pacegate: main' "$shown" | cut -d: -f1)"
ok "no backup" lacks "backup runs"
ok "nothing that is not executable" lacks "not executable runs"
ok "post-receive too" has "previous post"
ok "with its lines" grep -q refs/heads/side "$scratch/post"
printf '#!/bin/sh\necho first refuses; exit 3\n' >"$bare/hooks/pre-receive.d/10-first"
chmod +x "$bare/hooks/pre-receive.d/10-first"
commit two
push origin main
ok "the first failure wins" is "$pushed" refused
ok "and the later ones do not run" lacks "second pre"
ok "nor does the gate" lacks "pacegate:"
rm "$bare"/hooks/pre-receive.d/[1234]*
git -C "$bare" config --remove-section pacegate-pool
pacegate uninstall "$bare" >/dev/null
state >"$scratch/after"
ok "uninstall puts the old hooks back" cmp "$scratch/before" "$scratch/after"

new_repo elsewhere
mkdir "$scratch/shared"
git -C "$bare" config core.hooksPath "$scratch/shared"
pacegate install "$bare" >/dev/null
ok "core.hooksPath counts" test -L "$scratch/shared/pre-receive"

new_repo dropin
printf '#!/bin/sh\nin=$(cat)\nfor h in hooks/pre-receive.d/*; do echo "$in" | "$h" || exit 1; done\n' \
	>"$bare/hooks/pre-receive"
chmod +x "$bare/hooks/pre-receive"
pacegate install "$bare" --drop-in pacegate --gate main >/dev/null
planted
ok "a host's own driver stays" not test -L "$bare/hooks/pre-receive"
plant a=10
commit one
push origin main
ok "and runs us, once" is "$(grep -c 'pacegate: main: 1 commit' "$shown")" 1
new_repo dropin_name
pacegate install "$bare" --drop-in 50-weigh >/dev/null
try pacegate doctor --repo "$bare"
ok "doctor finds a drop-in of any name" lacks "is not ours"
rm "$bare/hooks/pre-receive.d/50-weigh"
try pacegate doctor --repo "$bare"
ok "and misses it when it is gone" has "pre-receive is not ours"

# Root puts it into a repository that somebody else serves.
as_other() { setpriv --reuid=65533 --regid=65533 --clear-groups "$@"; }
if [ "$(id -u)" = 0 ] && as_other test -x "$build/pre-receive"; then
	new_repo others
	chown -R 65533:65533 "$bare"
	try pacegate install "$bare" --gate main
	ok "root installs into another's repository" is "$status" 0
	ok "as that user" is "$(find "$bare" ! -user 65533)" ""
	try as_other env HOME="$scratch" pacegate doctor --repo "$bare"
	ok "who finds all in order" lacks "bad "
	ln -s /root "$bare/hooks/post-receive.d"
	rm "$bare/hooks/post-receive"
	echo "not ours" >"$bare/hooks/post-receive"
	try pacegate install "$bare"
	ok "a link of that user leads root nowhere" not test -e /root/00-previous
	rm "$bare/hooks/post-receive.d" "$bare/hooks/post-receive"
	try pacegate uninstall "$bare"
	ok "and root takes it out" is "$status" 0
	ok "again as that user" is "$(find "$bare" ! -user 65533)" ""
else
	skip "root installs for others" "not root, or the build is hidden from others"
fi

# A host may run the hooks for all of its repositories.
new_repo stranger
for name in pre-receive post-receive; do
	ln -s "$(readlink -f "$build/$name")" "$bare/hooks/$name"
done
plant a=10
commit one
push origin main
ok "hooks in a repository without a store take the push" is "$pushed" taken
ok "and have nothing to say" lacks "pacegate:"
git -C "$bare" config pacegate.refs/heads/main.mode wait
commit two
push origin main
ok "unless somebody wants pushes weighed there" has "failure of the gate itself"

# As gitolite does: the repository's hooks are links to links to ours.
new_repo linked
mkdir "$scratch/common"
for name in pre-receive post-receive; do
	ln -s "$(readlink -f "$build/$name")" "$scratch/common/$name"
	ln -s "$scratch/common/$name" "$bare/hooks/$name"
done
pacegate install "$bare" --gate main >/dev/null
planted
plant a=10
commit one
push origin main
ok "hooks that a host links are ours" not test -e "$bare/hooks/pre-receive.d"
ok "and run once" is "$(grep -c 'pacegate: main: 1 commit' "$shown")" 1

# Another prefix, as after a change from `make install` to a package.
new_repo moved
mkdir "$scratch/old"
for name in pacegate pacegate-runner pacegate-shim pre-receive post-receive \
	slot-users; do
	[ ! -e "$build/$name" ] || cp "$build/$name" "$scratch/old/"
done
state >"$scratch/before"
PACEGATE_LIBEXEC="$scratch/old" "$scratch/old/pacegate" install "$bare" \
	--gate main >/dev/null
ok "a pacegate elsewhere is installed" is \
	"$(readlink "$bare/hooks/pre-receive")" "$scratch/old/pre-receive"
pacegate install "$bare" >/dev/null
ok "this one takes its place" is "$(readlink -f "$bare/hooks/pre-receive")" \
	"$(readlink -f "$build/pre-receive")"
ok "and does not chain it" not test -e "$bare/hooks/pre-receive.d"
"$scratch/old/pacegate" install "$bare" >/dev/null
rm -r "$scratch/old"
pacegate install "$bare" >/dev/null
ok "also where its programs are gone" is \
	"$(readlink -f "$bare/hooks/post-receive")" \
	"$(readlink -f "$build/post-receive")"
ok "without leaving them behind" not test -e "$bare/hooks/post-receive.d"
pacegate uninstall "$bare" >/dev/null
state >"$scratch/after"
ok "uninstall then leaves nothing" cmp "$scratch/before" "$scratch/after"

try pacegate install "$scratch/nowhere"
ok "no repository is a usage error" is "$status" 2
ok "that names it" has "$scratch/nowhere is no git repository"
try pacegate -C "$scratch" status
ok "a command outside a repository says so" is "$status" 2
new_repo bare_status
try pacegate status --repo "$bare"
ok "without install a command says what to do" has "run \`pacegate install\` there"
finish
