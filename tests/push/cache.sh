#!/bin/sh
# The build cache, with the real runner: builds of trusted refs use and fill
# it, all others have neither a way to it nor a hand in it.
. "$(dirname "$0")/../lib/tap.sh"

new_repo cache
cache="$scratch/build-cache"
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 8
git -C "$bare" config pacegate.broken reject
git -C "$bare" config pacegate-sandbox.buildCache "$cache"
git -C "$bare" config pacegate.refs/heads/other.mode wait
git -C "$bare" config pacegate.refs/heads/other.broken reject
git -C "$bare" config pacegate.refs/heads/main.trusted true
mkdir perf
write() { # NAME BODY
	printf '%s\n' "$2" >"perf/$1"
	chmod +x "perf/$1"
}
write fine '#!/bin/sh
test ! -e /ccache'
building() { # COMMAND
	git config -f .pacegate pacegate.build "$1"
}
held() { find "$cache" -name "$1" | grep -q .; }

# Trees that an earlier run built are kept: these are others.
echo "$scratch" >unique
building 'test "$CCACHE_DIR" = /ccache && echo good >/ccache/trusted'
commit "A trusted build"
push origin main
ok "a trusted build has the cache, its tests do not" is "$pushed" taken
ok "and fills it" held trusted
ok "nobody else gets there" is "$(stat -c %a "$cache")" 700

building 'test ! -e /ccache && test -z "$CCACHE_DIR" &&
	! mkdir /ccache && ! echo bad >"'"$cache"'/ccache/trusted"'
git checkout -q -b other
commit "An untrusted build"
push origin other
ok "an untrusted build has none" is "$pushed" taken
ok "and poisons none" is "$(cat "$cache/ccache/trusted")" good

git checkout -q main
building 'cat /ccache/trusted && touch x /ccache/again'
commit "Trusted again"
push origin main
ok "what one trusted build left the next one finds" is "$pushed" taken
ok "and adds to, as whatever slot" held again

if [ -x /usr/lib/ccache/gcc ] || [ -x /usr/lib/ccache/cc ]; then
	printf 'int main(void) { return 0; }\n' >x.c
	building 'cc -c x.c -o x.o && ccache -s >stats && touch 1'
	commit "Compiled"
	push origin main
	building 'cc -c x.c -o x.o && touch 2 && ccache -s -v | tee /dev/stderr |
		tr -d " " | grep -qE "^(Hits|Direct|cachehit.direct.):?0*[1-9]"'
	commit "Compiled by the cache"
	push origin main
	ok "ccache answers for the second commit" is "$pushed" taken
else
	skip "ccache answers for the second commit" "no ccache"
fi
finish
