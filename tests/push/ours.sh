#!/bin/sh
# When things of ours break: said as ours, the policy applied, nothing lost and
# nothing left behind.
. "$(dirname "$0")/../lib/tap.sh"

# holding: is a process of this scratch directory still there?
hook_pid() { pgrep -f "pre-receive" | while read -r pid; do
	[ "$(readlink "/proc/$pid/cwd")" = "$bare" ] && echo "$pid"; done; }
runner_pids() { pgrep -f "planted-[r]unner.*$bare"; }
no_runner() { ! runner_pids; }
pending() { pacegate status --repo "$bare" --json | grep '"pushes"'; }
no_hook() { [ -z "$(hook_pid)" ]; }
some_hook() { [ -n "$(hook_pid)" ]; }
silent() { sed -i 's/^{/{"runner": "silent", /' planted; }

# Runs beside the rest: a runner that never works is given up, in half a minute.
new_repo hopeless
pacegate install "$bare" >/dev/null
planted
plant a=30
sed -i 's/^{/{"runner": "die", /' planted
commit "The runner dies"
hopeless=$bare
push origin main

# One that fails once, and then works.
new_repo retry
pacegate install "$bare" >/dev/null
planted
git -C "$bare" config pacegate-pool.launch "$scratch/once"
cat >"$scratch/once" <<EOF
#!/bin/sh
[ -e "$scratch/tried" ] || { touch "$scratch/tried"; exit 1; }
exec "$here/../lib/planted-runner" "\$@"
EOF
chmod +x "$scratch/once"
plant a=30
commit "The runner fails once"
push origin main
ok "what failed once is tried again, by the same worker" waited 30 \
	pacegate show main --repo "$bare"
ok "after a failure that was ours" test -e "$scratch/tried"

new_repo ours
pacegate install "$bare" --gate main >/dev/null
planted
git -C "$bare" config pacegate-pool.cache "$bare/cache"
plant a=30
commit one
push origin main
silent
commit "The runner hangs"
git push origin main >"$scratch/killed" 2>&1 &
client=$!
ok "a session begins" waited 20 some_hook
waited 10 runner_pids
kill -9 "$(hook_pid | head -1)"
wait $client
ok "a hook killed with -9: the push is rejected" not test "$(git rev-parse HEAD)" = "$(git -C "$bare" rev-parse main)"
ok "the runner ends with it" waited 30 no_runner
ok "the store is sound" pacegate verify --repo "$bare"
git -C "$bare" config pacegate.failure reject
push origin main &
pushing=$!
waited 20 runner_pids
kill -9 $(runner_pids)
wait $pushing
shown="$scratch/shown"
ok "a runner killed with -9 is ours" has "failure of the gate itself, not of your push"
ok "and it is said how it ended" grep -q 'the runner ended too early, by signal 9' "$shown"
ok "which failure = reject refuses" has "refused: the gate failed"
git -C "$bare" config --unset pacegate.failure
git -C "$bare" config pacegate.budget 2s
git push origin main >"$scratch/killed" 2>&1 &
client=$!
waited 20 some_hook
kill -9 $client 2>/dev/null
pkill -9 -f "receive-pack.*$bare"
ok "with the client and receive-pack gone the hook ends by itself" waited 30 no_hook
git -C "$bare" config --unset pacegate.budget
git reset -q --hard HEAD~1

git -C "$bare" config pacegate.refs/heads/main.mode report
plant a=30
silent
commit "Measured afterwards, by a runner that hangs"
before=$(date +%s)
push origin main
ok "git push returns while the worker runs" test $(($(date +%s) - before)) -lt 60
worker() { pgrep -f 'pacegate work' | while read -r pid; do
	[ "$(readlink "/proc/$pid/cwd")" = "$bare" ] && echo "$pid"; done; }
idle() { [ -z "$(worker)" ]; }
leased() { pacegate status --repo "$bare" --json | grep -q '"running": true'; }
ok "the worker has taken the job" waited 20 leased
try timeout 20 pacegate work --repo "$bare"
ok "a second worker says that one is at it" has "another worker is at it"
kill -9 "$(worker | head -1)"
waited 20 no_runner
try pacegate status --repo "$bare" --json
ok "a worker killed with -9 leaves its job in the queue" grep -q '"running": false' "$shown"
git -C "$bare" config pacegate-pool.launch "$scratch/well"
cat >"$scratch/well" <<EOF
#!/bin/sh
PLANTED_WELL=1 exec "$here/../lib/planted-runner" "\$@"
EOF
chmod +x "$scratch/well"
timeout 60 pacegate work --repo "$bare" >"$scratch/work.out" 2>&1
ok "the next worker does it" sh -c "pacegate show main --repo '$bare' | grep -q perf/a"
try pacegate status --repo "$bare" --json
ok "and nothing is left" grep -q '"queue": \[\]' "$shown"
planted
git -C "$bare" config pacegate.refs/heads/main.mode wait

plant a=30
echo 1 >x
commit "No post-receive"
rm "$bare/hooks/post-receive"
before=$(pending)
push origin main
ok "without a post-receive a push waits in the journal" not is "$(pending)" "$before"
settle
ok "and the worker settles it by the refs" is "$(pending)" "$before"
pacegate install "$bare" >/dev/null

if [ "$(id -u)" = 0 ]; then
	mkdir "$scratch/small"
	cp -a "$bare/pacegate" "$scratch/saved"
	if mount -t tmpfs -o size=600k tmpfs "$scratch/small" 2>/dev/null; then
		cp "$bare"/pacegate/*.mdb "$bare/pacegate/installed.json" "$scratch/small/"
		dd if=/dev/zero of="$scratch/small/fill" bs=1k 2>/dev/null
		mount --bind "$scratch/small" "$bare/pacegate"
		# LMDB has some free pages yet: the first pushes use them up.
		for i in $(seq 20); do
			echo "full $i" >x
			commit "The disk is full"
			push origin main
			has "failure of the gate" && break
		done
		ok "a full disk is ours: the push goes on" is "$pushed" taken
		ok "and it is said" has "failure of the gate itself, not of your push"
		git -C "$bare" config pacegate.failure reject
		echo 3 >x
		commit "The disk is still full"
		push origin main
		ok "failure = reject refuses" is "$pushed" refused
		rm "$scratch/small/fill"
		ok "nothing is stored half" pacegate verify --repo "$bare"
		push origin main
		ok "with room again it goes on" is "$pushed" taken
		git -C "$bare" config --unset pacegate.failure
		waited 60 idle
		umount "$bare/pacegate"
		umount "$scratch/small"
	else
		skip "a full disk" "no tmpfs can be mounted here"
	fi
else
	skip "a full disk" "only root can mount a small one"
fi

# A store that cannot be written, and one of a newer schema.
unwritable() {
	waited 60 idle
	if [ "$(id -u)" = 0 ]; then
		mount --bind "$bare/pacegate" "$bare/pacegate" &&
			mount -o remount,ro,bind "$bare/pacegate"
	else
		chmod -R a-w "$bare/pacegate"
	fi 2>/dev/null
}
writable() {
	waited 60 idle
	if [ "$(id -u)" = 0 ]; then
		umount "$bare/pacegate"
	else
		chmod -R u+w "$bare/pacegate"
	fi
}
if unwritable; then
	echo u >x
	commit "Unwritable"
	push origin main
	ok "an unwritable store is ours" has "failure of the gate itself, not of your push"
	ok "and the push goes on" is "$pushed" taken
	git -C "$bare" config pacegate.refs/heads/strict.mode wait
	git -C "$bare" config pacegate.refs/heads/strict.failure reject
	echo v >x
	commit "Unwritable still"
	push origin main main:strict
	ok "of several refs one that rejects failures refuses" is "$pushed" refused
	ok "and it alone is named" has "pacegate: refs/heads/strict is refused: the gate failed"
	writable
	push origin main main:strict
	ok "writable again all go through" is "$pushed" taken
else
	skip "an unwritable store" "nothing can be mounted here"
fi
waited 60 idle
cp "$bare/pacegate/data.mdb" "$scratch/data.mdb"
python3 - "$bare/pacegate/data.mdb" <<'EOF'
import re, sys
data = open(sys.argv[1], "rb").read()
newer = re.sub(rb"schema\0\0\0.", b"schema\0\0\0\x63", data)
assert newer != data
open(sys.argv[1], "wb").write(newer)
EOF
echo n >x
commit "A newer store"
push origin main
ok "a store of a newer pacegate is not touched" has "written by a newer pacegate (schema 99"
ok "which says what to do" has "update pacegate here"
ok "and the push goes on" is "$pushed" taken
try pacegate status --repo "$bare"
ok "a command says so too" has "written by a newer pacegate"
ok "as a failure of ours" is "$status" 3
cp "$scratch/data.mdb" "$bare/pacegate/data.mdb"

waited 60 idle
mv "$bare/pacegate" "$bare/away"
echo 4 >x
commit "No store"
push origin main
ok "a store that is gone is ours" has "failure of the gate itself, not of your push"
ok "the push goes on" is "$pushed" taken
mv "$bare/away" "$bare/pacegate"

git init -q --bare --object-format=sha256 "$scratch/sha256.git"
try pacegate install "$scratch/sha256.git"
for hook in pre-receive post-receive; do
	ln -sf "$(readlink "$bare/hooks/$hook")" "$scratch/sha256.git/hooks/$hook"
done
git init -q --object-format=sha256 "$scratch/sha256"
cd "$scratch/sha256" || exit 1
commit one
push "$scratch/sha256.git" main
ok "a SHA-256 repository goes on" is "$pushed" taken
ok "and is told why nothing is weighed" has "SHA-256"
git -C "$scratch/sha256.git" config pacegate.failure reject
commit two
push "$scratch/sha256.git" main
ok "unless failures are rejected" is "$pushed" refused

cd "$scratch/ours" || exit 1
git clone -q --bare --depth 2 "file://$bare" "$scratch/shallow.git"
bare="$scratch/shallow.git"
pacegate install "$bare" --gate main >/dev/null
planted
echo 5 >x
commit "Onto a shallow repository"
push "$bare" main
ok "a shallow repository is weighed" has "main: "
ok "without a failure" lacks "failure of the gate"

bare=$hopeless
gone() { pacegate status --repo "$bare" --json | grep -q '"queue": \[\]'; }
ok "a job that fails again and again is given up" waited 60 gone
try pacegate show main --repo "$bare"
ok "its verdict is ours, not the code's" has "failure: "
ok "and says why" has "runner ended too early, by signal 9"
finish
