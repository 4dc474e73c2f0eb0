#!/bin/sh
# Completion, typed into the real shells on a terminal.
. "$(dirname "$0")/../lib/tap.sh"

new_repo project
planted
pacegate install "$bare" >/dev/null
plant sort=30 ssl-transfer=20 ssl-shake=10
commit one
git branch topic
git tag v1.0
share="$scratch/share"
make -s -C "$here/../.." install B="$build" DESTDIR="$scratch/root" \
	PREFIX=/usr >"$scratch/install.log" 2>&1
ok "make install" test -e "$scratch/root/usr/bin/git-pacegate"
share="$scratch/root/usr/share"
PATH="$scratch/root/usr/bin:$PATH"
if ! command -v tmux >/dev/null; then
	skip "completion in the shells" "no tmux here: contrib/deps check"
	finish
fi
server="pacegate-$$"
trap 'tmux -L "$server" kill-server 2>/dev/null; rm -rf "$scratch"' EXIT
unset TMUX

# start NAME COMMAND...: a shell on a terminal of its own.
start() {
	tmux -L "$server" kill-server 2>/dev/null
	server="pacegate-$$-$1"
	shift
	tmux -L "$server" -f /dev/null new-session -d -x 160 -y 50 \
		"exec env HISTFILE= $*"
	typed "echo re''ady" Enter
	waited 20 shows "^ready"
}
typed() { tmux -L "$server" send-keys "$@"; }
screen() { tmux -L "$server" capture-pane -p; }
shows() { screen | grep -qE -e "$1"; }
# completes TEXT PATTERN: typed and completed (twice, for a list), the screen
# comes to show that.
completes() {
	typed C-c
	sleep 0.1
	typed C-u C-l
	sleep 0.1
	typed -l "$1"
	typed Tab
	waited 3 shows "$2" && return
	typed Tab
	waited 6 shows "$2" && return
	screen | grep .
	return 1
}
gone() { not shows "$1"; }

# all SHELL: what every shell has to complete.
all() {
	ok "$1: a command" completes "pacegate stat" "pacegate status"
	ok "$1: the commands" completes "pacegate un" "pacegate uninstall"
	ok "$1: an option" completes "pacegate show --summ" "show --summary"
	ok "$1: the options of a command" completes "pacegate log --" "--metric"
	ok "$1: of that command alone" gone "--summary"
	ok "$1: a test" completes "pacegate log perf/so" "log perf/sort"
	ok "$1: several tests" completes "pacegate log perf/ssl-" "ssl-shake"
	ok "$1: a test for an option" completes "pacegate run --test perf/so" \
		"--test perf/sort"
	ok "$1: a branch" completes "pacegate show top" "show topic"
	ok "$1: a tag" completes "pacegate compare main v1" "main v1\.0"
	ok "$1: a test, and then a revision" completes \
		"pacegate accept perf/sort top" "perf/sort topic"
	ok "$1: one of some words" completes "pacegate canary --kind mem" \
		"--kind memory"
	ok "$1: behind an option with a word" completes \
		"pacegate run --test perf/sort v1" "perf/sort v1\.0"
	ok "$1: a directory" completes "pacegate install $scratch/pro" \
		"$scratch/project"
	ok "$1: a directory for -C" completes "pacegate -C $scratch/project.g" \
		"project\.git"
	ok "$1: in another repository" completes \
		"pacegate -C $scratch/project show top" "show topic"
	ok "$1: a page for help" completes "pacegate help led" "help ledger"
	ok "$1: git pacegate" completes "git pacegate led" "git pacegate ledger"
	ok "$1: git pacegate show" completes "git pacegate show --summ" \
		"show --summary"
}

cd "$scratch/project" || exit 1
if [ -e /usr/share/bash-completion/bash_completion ]; then
	cat >"$scratch/bashrc" <<-END
	XDG_DATA_DIRS=$share:/usr/share
	. /usr/share/bash-completion/bash_completion
	END
	start bash bash --noprofile --rcfile "$scratch/bashrc" -i
	all bash
else
	skip "bash" "no bash-completion here: contrib/deps check"
fi
if false >/dev/null; then
	mkdir "$scratch/zsh"
	cat >"$scratch/zsh/.zshrc" <<-END
	fpath=($share/zsh/site-functions \$fpath)
	autoload -Uz compinit
	compinit -u -d $scratch/zsh/dump
	END
	start zsh "ZDOTDIR=$scratch/zsh" zsh -i
	all zsh
else
	skip "zsh" "none here: contrib/deps check"
fi
if command -v fish >/dev/null; then
	start fish "XDG_DATA_DIRS=$share:/usr/share" fish -i
	all fish
else
	skip "fish" "none here: contrib/deps check"
fi
make -s -C "$here/../.." uninstall B="$build" DESTDIR="$scratch/root" \
	PREFIX=/usr
ok "make uninstall leaves nothing" is \
	"$(find "$scratch/root" -type f -o -type l)" ""
finish
