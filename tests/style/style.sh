#!/bin/sh
# The code as a newcomer meets it: format, includes, manuals, shell.
. "$(dirname "$0")/../lib/tap.sh"
cd "$here/../.." || exit 1

sources() { git ls-files '*.c' '*.h' 2>/dev/null | while read -r f; do
	[ -e "$f" ] && echo "$f"; done; }

formatted() {
	bad=0
	for file in $(sources); do
		clang-format --dry-run --Werror "$file" >/dev/null 2>&1 || {
			echo "$file: make format"
			bad=1
		}
	done
	return $bad
}
ok "clang-format agrees" formatted

# allowed DIR LIST: files of DIR include only from DIR and LIST.
wrong_includes() {
	for file in $(git ls-files "$1/*.c" "$1/*.h"); do
		grep -Hn '^#include "' "$file" | while IFS=: read -r f n line; do
			from=$(echo "$line" | sed 's/^#include "\([^"]*\)".*/\1/')
			dir=${from%/*}
			[ "$dir" != "$from" ] || dir=.
			case " $2 " in *" $dir "*) ;; *) echo "$f:$n $from" ;; esac
		done
	done
}
one_way() {
	wrong=$({
		wrong_includes gate/base "base"
		wrong_includes gate/policy "base policy"
		wrong_includes gate/plan "base policy plan"
		wrong_includes gate/judge "base judge"
		wrong_includes gate/report "base policy judge report"
		for dir in repo store pool host web; do
			wrong_includes gate/$dir \
				"base policy plan judge report $dir"
		done
		wrong_includes runner "base runner"
	})
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}
ok "includes point one way" one_way

# only HEADER DIR: nobody else sees the library.
only() {
	wrong=$(git grep -lE "^#include [<\"]$1" -- 'gate/*' 'runner/*' \
		'hooks/*' | grep -vE "$2")
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}
ok "only store/ sees lmdb.h" only 'lmdb.h' '^gate/store/'
ok "only repo/ and the runner's objects see git2.h" only 'git2' \
	'^gate/repo/|^runner/'
ok "only host/http.c sees curl.h" only 'curl/' '^gate/host/http.c'
ok "only host/webhook.c sees OpenSSL" only 'openssl/' '^gate/host/webhook.c'
ok "only runner/seccomp.c sees seccomp.h" only 'seccomp.h' \
	'^runner/seccomp.c'
ok "no program sees GSL" only 'gsl/' '^$'

no_curl() { ! ldd "$build/$1" | grep -q curl; }
ok "pre-receive does not link libcurl" no_curl pre-receive
ok "post-receive does not link libcurl" no_curl post-receive

headers_alone() {
	bad=0
	for file in $(git ls-files 'gate/*.h' 'runner/*.h' 'hooks/*.h'); do
		printf '#include "%s"\n' "$file" |
			cc -std=gnu11 -D_GNU_SOURCE -I. -Igate -fsyntax-only \
				-x c - 2>/dev/null || { echo "$file"; bad=1; }
	done
	return $bad
}
ok "every header compiles alone" headers_alone

no_unsafe() {
	! git grep -nE '(^|[^a-z_])(strcpy|strcat|sprintf|alloca|gets) ?[(]' -- 'gate/*.c' \
		'runner/*.c' 'hooks/*.c'
}
ok "no strcpy, strcat, sprintf, alloca" no_unsafe

manuals() { mandoc -T lint -W warning "$build"/man/man*/*.[157]; }
ok "manuals are clean" manuals

# Every command has its page or section, its help, and the help fits a screen.
commands() { pacegate --help | sed -n 's/^  \([a-z]\{3,\}\) .*/\1/p'; }
helps() {
	for command in $(commands); do
		pacegate "$command" --help >"$scratch/help" || {
			echo "$command"
			return 1
		}
		[ "$(wc -l <"$scratch/help")" -le 24 ] || {
			echo "$command: more than a screen"
			return 1
		}
	done
}
ok "every command has --help on one screen" helps
# Options are in the manual by the way it is made; a page has to be there, and
# pacegate(1) has to lead to it.
documented() {
	bad=0
	for command in $(commands); do
		for page in "$build/man/man1/pacegate-$command.1"; do
			grep -q '^\.Sh EXAMPLES' "$page" || {
				echo "$page: none, or no examples"
				bad=1
			}
		done
		grep -q "^\.It Xr pacegate-$command 1" \
			"$build/man/man1/pacegate.1" || {
			echo "pacegate(1) does not list $command"
			bad=1
		}
	done
	return $bad
}
ok "every command has its manual page" documented
# What is named anywhere is there.
named() {
	bad=0
	for name in $(sed -n 's/^\.Xr \(pacegate[a-z.-]*\) \([157]\).*/\1.\2/p' \
		"$build"/man/man*/*.[157] | sort -u); do
		[ -e "$build/man/man${name##*.}/$name" ] || {
			echo "there is no $name"
			bad=1
		}
	done
	return $bad
}
ok "manual pages name pages that there are" named
completed() {
	for shell in bash zsh fish; do
		for command in $(commands); do
			grep -q "^command	$command	" \
				"$build/completion/pacegate.$shell" ||
				grep -q "'command	$command	" \
				"$build/completion/pacegate.$shell" || {
				echo "$shell: $command"
				return 1
			}
		done
	done
}
ok "the completions know every command" completed

reasons() {
	bad=0
	for package in $(sed -n '/^build=/,/^want=/p' contrib/deps |
		tr -d '"' | sed 's/^[a-z]*=//' | grep -v '^want'); do
		grep -qw -- "$package" INSTALL || {
			echo "INSTALL gives no reason for $package"
			bad=1
		}
	done
	return $bad
}
ok "INSTALL names every package of contrib/deps" reasons

shells() {
	for file in $(git ls-files 'contrib/*' 'tests/*' .ci/run |
		grep -v '\.bash$'); do
		head -c 9 "$file" | grep -q '^#!/bin/sh' || continue
		sh -n "$file" || return 1
	done
}
ok "every shell script parses" shells
finish
