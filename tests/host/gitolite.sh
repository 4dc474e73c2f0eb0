#!/bin/sh
# A real gitolite over a real sshd: several users at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosts.sh"
need_root "gitolite"

start_sshd || exit 1
new_user git
git_user=$user git_home=$home
people="ann ben cleo"
for name in admin $people; do new_key "$name"; done
as "$git_user" gitolite setup -pk "$scratch/keys/admin.pub" \
	>"$scratch/gitolite.log" 2>&1
url() { echo "ssh://$git_user@127.0.0.1:$ssh_port/$1"; }

ssh_as admin
git clone -q "$(url gitolite-admin)" "$scratch/admin" || exit 1
cd "$scratch/admin" || exit 1
for name in $people; do cp "$scratch/keys/$name.pub" keydir/; done
cat >>conf/gitolite.conf <<END

repo project
    RW+ topic/  =   $people
    RW  main    =   ann ben
END
commit "The project and its people"
git push -q 2>>"$scratch/gitolite.log"
bare="$git_home/repositories/project.git"
ok "gitolite serves a project" test -d "$bare"

try as "$git_user" pacegate install "$bare" --gate main
ok "pacegate install" is "$status" 0
ok "names pushers as gitolite does" has "git config pacegate-host.type gitolite"
plan_planted "$bare"
try as "$git_user" pacegate doctor --repo "$bare"
ok "doctor finds nothing wrong" lacks "bad "
as "$git_user" gitolite setup >>"$scratch/gitolite.log" 2>&1
try as "$git_user" pacegate doctor --repo "$bare"
ok "nor after gitolite set its hooks up again" lacks "is not ours"

clone_as() { # NAME: a clone of that person, and into it
	ssh_as "$1"
	git clone -q "$(url project)" "$scratch/$1" 2>/dev/null
	cd "$scratch/$1" || exit 1
}
clone_as ann
plant a=30
commit one
push origin main
ok "a push is weighed" has "new: perf/a"
delay=0.2 plant a=60
commit "Twice as slow"
push origin main
ok "one that is severe is refused" is "$pushed" refused
ok "with progress" has "pacegate: [###"
ok "the table" has "+100.0 %"
ok "and the reason" has "refs/heads/main is refused: severely slower"
ok "on one screen" one_screen
git reset -q --hard HEAD~1

# gitolite looks at refs after the gate did.
clone_as cleo
plant a=31
commit "Not hers"
push origin main
ok "gitolite's own refusal stands" is "$pushed" refused
ok "by its name" has "DENIED"

as "$git_user" git -C "$bare" config --add pacegate.accepters ben
as_one() { # NAME: push a slow change of theirs to main, with a trailer
	plant "a=$2"
	commit "By $1

Perf-Accept: perf/a wall <=+200% | $1 wants it
Perf-Accept: perf/a cpu <=+200% | $1 wants it"
	push origin HEAD:main
}
cd "$scratch/ann" && ssh_as ann
as_one ann 61
ok "a trailer of who is no accepter does not count" is "$pushed" refused
ok "and says so" has "not one of those who may"
clone_as ben
GL_USER=ann REMOTE_USER=ann as_one ben 62
ok "an accepter's does" is "$pushed" taken
ledger() { as "$git_user" pacegate ledger --repo "$bare"; }
in_ledger() { ledger | grep -qF "$1"; }
ok "the ledger has gitolite's name" waited 20 in_ledger "ben: ben wants it"

plant a=120
commit "Slower again"
push -o "perf.accept=perf/a wall <=+150% | by option" \
	-o "perf.accept=perf/a cpu <=+150% | by option" origin HEAD:main
ok "push options come through" is "$pushed" taken
ok "as ben's" waited 20 in_ledger "ben: by option"

# All at once, each to a branch of their own, and to the gated one.
as "$git_user" git -C "$bare" config 'pacegate.refs/heads/topic/*.mode' wait
for name in $people; do
	(
		cd "$scratch/$name" || exit 1
		ssh_as "$name"
		git fetch -q && git reset -q --hard origin/main
		plant a=120 "$name=10"
		commit "A test of $name"
		if git push origin "HEAD:topic/$name" HEAD:main \
			>"$scratch/$name.out" 2>&1
		then echo taken
		else echo refused; fi >"$scratch/$name.end"
	) &
done
ended() { [ -s "$scratch/ann.end" ] && [ -s "$scratch/ben.end" ] &&
	[ -s "$scratch/cleo.end" ]; }
ok "three push at once" waited 120 ended
for person in $people; do
	shown="$scratch/$person.out"
	ok "$person's branch is weighed for $person" has "topic/$person: 1 commit"
	ok "and taken" as "$git_user" git -C "$bare" rev-parse -q \
		--verify "refs/heads/topic/$person"
	ok "without a failure" lacks "failure of the gate"
done
ok "one of them got main" is "$(grep -l 'HEAD -> main$' "$scratch"/*.out |
	xargs grep -hE '[0-9a-f]+\.\.[0-9a-f]+ +HEAD -> main' | wc -l)" 1
ok "the store is sound" as "$git_user" pacegate verify --repo "$bare"

# A hook of all repositories, linked by gitolite: pacegate cannot take its
# place in one of them.
rc="$git_home/.gitolite.rc"
sed -i 's|^ *# *LOCAL_CODE .*HOME.*|    LOCAL_CODE => "$ENV{HOME}/local",|' "$rc"
common="$git_home/local/hooks/common"
as "$git_user" mkdir -p "$common"
printf '#!/bin/sh\necho "common ran for $GL_REPO"\n' >"$common/pre-receive"
chmod 755 "$common/pre-receive"
as "$git_user" gitolite setup --hooks-only
try as "$git_user" pacegate doctor --repo "$bare"
ok "doctor tells when gitolite took the hook's place" has "pre-receive is not ours"
try as "$git_user" pacegate install "$bare"
ok "install does not fight with gitolite" is "$status" 2
ok "and says where to read on" has "pacegate-deploy(7)"
try as "$git_user" env PACEGATE_LIBEXEC="$programs" \
	"$here/../../contrib/hosts/gitolite-common"
ok "gitolite-common puts ours before it" has "it runs first"
try as "$git_user" env PACEGATE_LIBEXEC="$programs" \
	"$here/../../contrib/hosts/gitolite-common"
ok "twice it changes nothing" lacks "hook "
try as "$git_user" pacegate install "$bare"
ok "install then finds its hooks" is "$status" 0
cd "$scratch/ann" && ssh_as ann && git fetch -q && git reset -q --hard origin/main
echo x >x
commit "Through both"
push origin HEAD:main
ok "the common hook runs" has "common ran for project"
ok "and so does the gate" has "pacegate: main: "
ssh_as admin
cd "$scratch/admin" && echo "# more" >>conf/gitolite.conf && commit more
push origin
ok "repositories without pacegate hear nothing of it" lacks "pacegate:"
ok "but of the common hook" has "common ran for gitolite-admin"
ok "and are pushed to as ever" is "$pushed" taken
finish
