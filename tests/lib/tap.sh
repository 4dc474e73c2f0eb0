# Sourced by the shell tests: TAP, a scratch directory, and repositories.
#
#     . "$(dirname "$0")/../lib/tap.sh"
#     ok "what is so" test 1 -eq 1
#     finish
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
PATH="$build:$PATH"
export PATH
tests=0 failures=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pacegate-test.XXXXXX")
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

# Ours is read by libgit2, which knows HOME alone.
export HOME="$scratch"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$HOME/.gitconfig"
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global protocol.file.allow always
# Studies of new tests take sessions that these tests do not wait for.
git config --global pacegate.study 0

# ok NAME COMMAND...: passes when the command does.
ok() {
	name=$1
	shift
	tests=$((tests + 1))
	if "$@" >"$scratch/ok.out" 2>&1; then
		echo "ok $tests - $name"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $name"
		printf '# %s\n' "$*"
		sed 's/^/# /' "$scratch/ok.out" | tail -20
		[ -z "${shown:-}" ] || sed 's/^/# | /' "$shown" | tail -40
	fi
}

# skip NAME REASON: said aloud and counted.
skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

not() { ! "$@"; }

# has TEXT / lacks TEXT: in what the last `push` or `try` printed.
has() { grep -qF -e "$1" "$shown"; }
lacks() { ! grep -qF -e "$1" "$shown"; }

# try COMMAND...: run it, keep what it prints, status in $status.
try() {
	shown="$scratch/shown"
	"$@" >"$shown" 2>&1
	status=$?
}

# push ARGS...: a push from the current clone; `taken` or `refused`.
push() {
	shown="$scratch/shown"
	if timeout "${PUSH_TIMEOUT:-240}" git push "$@" >"$shown" 2>&1; then pushed=taken
	else pushed=refused; fi
	# What `\r` rewrites is a line of its own here.
	tr '\r' '\n' <"$shown" >"$shown.lines" && mv "$shown.lines" "$shown"
}
is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }

# one_screen: the last push showed no more than that (progress aside).
one_screen() {
	# Lines of many blanks wipe a bar.
	lines=$(grep '^remote: ' "$shown" | grep -cvE 'pacegate: \[|^remote: {12,}$')
	[ "$lines" -le 24 ] || { echo "$lines lines"; return 1; }
}
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

# new_repo NAME: a bare repository $scratch/NAME.git with a clone
# $scratch/NAME, which becomes the working directory.
new_repo() {
	bare="$scratch/$1.git"
	git init -q --bare "$bare"
	git clone -q "$bare" "$scratch/$1" 2>/dev/null
	cd "$scratch/$1" || exit 1
}
commit() { git add -A && git commit -q --allow-empty -m "$1"; }

# planted: this repository's sessions are run by the double of the runner. A
# test `perf/NAME` and the file `planted` are made by `plant NAME WALL [MORE]`.
planted() {
	git -C "$bare" config pacegate-pool.launch "$here/../lib/planted-runner"
	git -C "$bare" config pacegate-pool.lockDir "$scratch"
}
# plant TEST=MILLISECONDS...: what the working tree's tests will take; a round
# of them takes $delay seconds, if set.
plant() {
	mkdir -p perf
	{
		sep="{${delay:+\"delay\": $delay, }"
		for pair in "$@"; do
			test=${pair%%=*} ms=${pair#*=}
			[ -e "perf/$test" ] || {
				printf '#!/bin/sh\nexec true\n' >"perf/$test"
				chmod +x "perf/$test"
			}
			printf '%s"perf/%s": {"wall": %se6, "cpu": %se6}' \
				"$sep" "$test" "$ms" "$ms"
			sep=", "
		done
		echo "}"
	} >planted
}

# settle: let the worker finish what is queued; the one of the last push may be
# at it still.
settle() {
	for _ in $(seq 300); do
		pacegate work --repo "$bare" >"$scratch/work.out" 2>&1
		grep -q 'another worker' "$scratch/work.out" || return 0
		sleep 0.1
	done
}

finish() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit $?
}
