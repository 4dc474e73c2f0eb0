#!/bin/sh
# When things of ours break: said as ours, the policy applied, nothing lost and
# nothing left behind.
. "$(dirname "$0")/../lib/tap.sh"

# waited SECONDS COMMAND...: true within that time.
waited() {
	tries=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.2
	done
}
# holding: is a process of this scratch directory still there?
hook_pid() { pgrep -f "pre-receive" | while read -r pid; do
	[ "$(readlink "/proc/$pid/cwd")" = "$bare" ] && echo "$pid"; done; }
runner_pids() { pgrep -f "planted-[r]unner.*$bare"; }
no_runner() { ! runner_pids; }
pending() { pacegate status --repo "$bare" --json | grep '"pushes"'; }
no_hook() { [ -z "$(hook_pid)" ]; }
some_hook() { [ -n "$(hook_pid)" ]; }
silent() { sed -i 's/^{/{"runner": "silent", /' planted; }

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
some_worker() { [ -n "$(worker)" ]; }
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
		for i in 1 2 3 4 5; do
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
		umount "$bare/pacegate"
		umount "$scratch/small"
	else
		skip "a full disk" "no tmpfs can be mounted here"
	fi
else
	skip "a full disk" "only root can mount a small one"
fi

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
finish
