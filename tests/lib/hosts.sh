# Sourced by tests/host/*.sh after tap.sh: real servers on loopback.
#
# Everything lies below $scratch and ends with the test: programs, users, homes,
# configurations. The programs are copied, so that users who cannot reach the
# build directory run them.
users="" groups="" started=""
programs="$scratch/bin"
mkdir "$programs"
for name in pacegate pacegate-runner pacegate-shim pre-receive post-receive \
	slot-users; do
	cp "$build/$name" "$programs/"
done
cp "$here/../lib/planted-runner" "$programs/"
PATH="$programs:$PATH"
planted_runner="$programs/planted-runner"

end_user() {
	pkill -KILL -u "$1"
	userdel "$1"
}
hosts_end() {
	# shellcheck disable=SC2086 # lists of words
	[ -z "$started" ] || kill $started 2>/dev/null
	for user in $users; do
		# userdel refuses while a process of the user is ending.
		waited 10 end_user "$user"
	done
	for group in $groups; do groupdel "$group" 2>/dev/null; done
	rm -rf "$scratch"
}
trap hosts_end EXIT

# keep COMMAND...: start a server in the background, its output in
# $scratch/server.log; it is ended with the test.
keep() {
	"$@" >>"$scratch/server.log" 2>&1 </dev/null &
	started="$started $!"
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
listens() { # PORT
	python3 -c 'import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1"
}

# need_root WHAT: users and sshd need it; without, the test is one skip.
need_root() {
	[ "$(id -u)" = 0 ] && return
	skip "$1" "it makes users, which needs root"
	finish
}

# new_user NAME: a user of the system, $user, with a home of its own, $home.
new_user() {
	user="pg$$$1" home="$scratch/home/$1"
	mkdir -p "$scratch/home"
	# `*` is no password, and unlike `!` no lock: sshd lets keys in.
	useradd --create-home --home-dir "$home" --shell /bin/sh \
		--password '*' "$user" || exit 1
	users="$users $user"
	chmod 755 "$home"
}
as() { # USER COMMAND...: with that user's home, and nothing else of ours
	who=$1
	shift
	setpriv --reuid="$who" --regid="$who" --init-groups --reset-env \
		env PATH="$PATH" HOME="$(getent passwd "$who" | cut -d: -f6)" \
		"$@"
}

# An sshd of our own on $ssh_port, keys from each user's home.
start_sshd() {
	ssh_port=$(free_port)
	mkdir -p /run/sshd "$scratch/sshd"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/sshd/host_key"
	cat >"$scratch/sshd/config" <<END
ListenAddress 127.0.0.1
Port $ssh_port
HostKey $scratch/sshd/host_key
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
SetEnv PATH=$PATH
MaxStartups 100
END
	keep "$(command -v sshd || echo /usr/sbin/sshd)" -D -e \
		-f "$scratch/sshd/config"
	waited 10 listens "$ssh_port"
}
new_key() { # NAME: $scratch/keys/NAME and NAME.pub
	mkdir -p "$scratch/keys"
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$scratch/keys/$1"
}
ssh_as() { # KEY: git's ssh from here on
	GIT_SSH_COMMAND="ssh -F none -p $ssh_port -i $scratch/keys/$1 \
-o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no \
-o UserKnownHostsFile=$scratch/known_hosts -o LogLevel=ERROR"
	export GIT_SSH_COMMAND
}

# plan_planted DIR: sessions of this repository are run by the double.
plan_planted() {
	owner=$(stat -c %U "$1")
	mkdir -p "$scratch/locks" && chmod 1777 "$scratch/locks"
	as "$owner" git -C "$1" config pacegate-pool.launch "$planted_runner"
	as "$owner" git -C "$1" config pacegate-pool.lockDir "$scratch/locks"
}
