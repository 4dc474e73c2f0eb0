#!/bin/sh
# A plain server over ssh: one repository, and users of the machine who share
# it by their group.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosts.sh"
need_root "a plain server over ssh"

team="pg$$team"
groupadd "$team"
groups="$team"
start_sshd || exit 1
bare="$scratch/project.git"
for name in ann ben; do
	new_user "$name"
	usermod -a -G "$team" "$user"
	new_key "$name"
	mkdir -m 700 "$home/.ssh"
	cp "$scratch/keys/$name.pub" "$home/.ssh/authorized_keys"
	chown -R "$user:" "$home/.ssh"
	# The repository is ann's: git wants to be told by everybody else.
	as "$user" git config --global safe.directory "$bare"
done
ann="pg$$ann" ben="pg$$ben"
mkdir "$bare" && chown "$ann:$team" "$bare" && chmod 2775 "$bare"
as "$ann" git init -q --bare --shared=group -b main "$bare"
try as "$ann" pacegate install "$bare" --gate main
ok "its owner installs" is "$status" 0
plan_planted "$bare"
ok "the store is the group's" is \
	"$(stat -c '%A %G' "$bare/pacegate/data.mdb")" "-rw-rw---- $team"
chmod g-w "$bare/pacegate/data.mdb"
try as "$ann" pacegate doctor --repo "$bare"
ok "doctor sees a store that is the owner's alone" has "the store is not: chgrp"
fix=$(sed -n 's/.*the store is not: //p' "$shown")
as "$ann" sh -c "$fix"
try as "$ann" pacegate doctor --repo "$bare"
ok "and what it says to do helps" lacks "bad "

url() { echo "ssh://pg$$$1@127.0.0.1:$ssh_port$bare"; }
ssh_as ann
git clone -q "$(url ann)" "$scratch/ann" 2>/dev/null
cd "$scratch/ann" || exit 1
plant a=30
commit one
push origin main
ok "a push of the owner is weighed" has "new: perf/a"
ok "and taken" is "$pushed" taken
ssh_as ben
git clone -q "$(url ben)" "$scratch/ben" 2>/dev/null
cd "$scratch/ben" || exit 1
plant a=60
commit "Twice as slow"
push origin main
ok "one of another user too" has "severe: perf/a"
ok "and refused" is "$pushed" refused
ok "and nothing failed" lacks "failure of the gate"
push origin HEAD:topic
ok "another branch is taken" is "$pushed" taken
severe_topic() { as "$ben" pacegate show topic --repo "$bare" | grep -q severe; }
ok "the worker of that user measures it" waited 20 severe_topic
git commit -q --amend -m "Twice as slow, wanted

Perf-Accept: perf/a wall <=+150% | it does more
Perf-Accept: perf/a cpu <=+150% | it does more"
push origin main
ok "an accepted one is taken" is "$pushed" taken
in_ledger() { as "$ann" pacegate ledger --repo "$bare" | grep -q "$ben"; }
ok "the ledger says who it was" waited 20 in_ledger

# A hook before ours that holds every push until $scratch/go is there.
mkdir -p "$bare/hooks/pre-receive.d"
cat >"$bare/hooks/pre-receive.d/50-hold" <<END
#!/bin/sh
echo x >>"$scratch/held"
n=0
until [ -e "$scratch/go" ] || [ \$n -gt 300 ]; do n=\$((n + 1)); sleep 0.1; done
END
chmod 755 "$bare/hooks/pre-receive.d/50-hold"
hold() { rm -f "$scratch/go" && : >"$scratch/held" && chmod 666 "$scratch/held"; }
held() { [ "$(wc -l <"$scratch/held")" = "$1" ]; }
over() { ! pgrep -f "$bare" -u "$ann,$ben" >/dev/null; }

# Both see the same tip; the second to end finds the ref moved.
hold
for name in ann ben; do
	(
		cd "$scratch/$name" || exit 1
		ssh_as "$name"
		git fetch -q && git reset -q --hard origin/main
		plant a=60.1
		commit "By $name"
		if git push origin main >"$scratch/race.$name" 2>&1
		then echo taken
		else echo refused; fi >"$scratch/race.$name.end"
	) &
done
ok "two pushes race for one ref" waited 20 held 2
touch "$scratch/go"
both_ended() {
	[ -s "$scratch/race.ann.end" ] && [ -s "$scratch/race.ben.end" ]
}
ok "both end" waited 60 both_ended
ok "one is taken" is "$(cat "$scratch"/race.*.end | grep -c taken)" 1
loser=$(grep -l refused "$scratch"/race.*.end | sed 's/.end$//')
ok "git refuses the other" grep -q "cannot lock ref" "$loser"
ok "though not for its speed" not grep -q "severe" "$loser"
ok "both were weighed" is "$(cat "$scratch/race.ann" "$scratch/race.ben" |
	grep -c 'pass: 1 test')" 2
ok "and the store is sound" as "$ann" pacegate verify --repo "$bare"

# The client dies while its push is weighed.
cd "$scratch/ben" || exit 1
ssh_as ben
git fetch -q && git reset -q --hard origin/main
plant a=120
commit "Its client dies"
hold
GIT_SSH_COMMAND="$GIT_SSH_COMMAND" setsid git push -q origin HEAD:topic2 \
	>"$scratch/killed" 2>&1 &
client=$!
ok "a push is held" waited 20 held 1
kill -KILL "-$client"
touch "$scratch/go"
ok "its hook ends all the same" waited 20 over
as "$ann" pacegate work --repo "$bare" >"$scratch/work.out" 2>&1
if as "$ann" git -C "$bare" rev-parse -q --verify topic2 >"$scratch/tip"; then
	# git moved the ref without telling post-receive.
	git fetch -q
	severe_topic2() {
		as "$ann" pacegate work --repo "$bare"
		as "$ann" pacegate show topic2 --repo "$bare" | grep -q severe
	}
	ok "what landed is measured all the same" waited 20 severe_topic2
else
	ok "what did not land leaves nothing" not \
		as "$ann" pacegate show "$(git rev-parse HEAD)" --repo "$bare"
fi
push origin HEAD:topic3
ok "the next push is as ever" is "$pushed" taken

# Somebody waits, and gives up: git moves the ref and tells no post-receive.
git fetch -q && git reset -q --hard origin/main
delay=0.3
plant a=119
delay=
commit "Given up

Perf-Accept: perf/a wall <=+150% | nobody waited
Perf-Accept: perf/a cpu <=+150% | nobody waited"
touch "$scratch/go"
setsid git push --progress origin HEAD:main >"$scratch/killed" 2>&1 &
client=$!
ok "a push is being measured" waited 30 grep -q "round" "$scratch/killed"
kill -KILL "-$client"
ok "its hook ends all the same" waited 60 over
nobody() { as "$ann" pacegate ledger --repo "$bare" | grep -q "nobody waited"; }
if [ "$(as "$ann" git -C "$bare" rev-parse main)" = "$(git rev-parse HEAD)" ]
then ok "and what landed is settled without another push" waited 30 nobody
else skip "what landed is settled" "git did not move the ref"; fi

# The client stalls while the verdict comes.
git fetch -q && git reset -q --hard origin/main
plant a=250
commit "Its client stalls"
hold
setsid git push origin HEAD:main >"$scratch/stalled" 2>&1 &
client=$!
waited 20 held 1
kill -STOP "-$client"
touch "$scratch/go"
ok "a stalled client holds no hook" waited 20 over
kill -CONT "-$client"
wait $client
shown="$scratch/stalled"
ok "and has the refusal when it goes on" has "is refused: severely slower"
rm -r "$bare/hooks/pre-receive.d"

# Without the double: who is not the owner has a cache of its own.
as "$ann" git -C "$bare" config --unset pacegate-pool.launch
cat >perf/real <<'END'
#!/bin/sh
# perf: timeout=20s
exec true
END
chmod +x perf/real
git rm -q perf/a planted
commit "A real test"
push origin HEAD:main
ok "a real session runs as another user" has "perf/real"
ok "built in a cache of that user" test \
	-d "$bare/pacegate/cache.$(id -u "$ben")"
finish
