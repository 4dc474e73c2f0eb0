#!/bin/sh
# Tests that name a class of machine, on this one.
. "$(dirname "$0")/../lib/tap.sh"

new_repo needs
pacegate install "$bare" --gate main >/dev/null
planted
plant a=30 b=10
sed -i '2i# perf: needs=fast' perf/b
commit "A test for a fast machine"
push origin main
ok "what this machine is not said to have is named" has \
	"it needs fast, which this machine is not said to have"
ok "with the key to say so" has "pacegate-pool.features"
ok "the other test is weighed" grep -qE 'perf/a .* new' "$shown"
ok "and the push is taken" is "$pushed" taken

git -C "$bare" config pacegate-pool.features x86,fast
date >x
commit "No change"
push origin main
ok "once it is said to have it, the test is weighed" \
	grep -qE 'perf/b .* pass' "$shown"
ok "beside the other one" grep -qE 'perf/a .* pass' "$shown"
plant a=30 b=13
commit "b is slower"
push origin main
ok "in sessions of their own both are judged" has "severe: perf/b"
ok "and the push is refused" is "$pushed" refused

sed -i 's/needs=fast/needs=$(reboot)/' perf/b
commit "No feature's name"
push origin main
ok "what is no feature's name is said" has "write names of features"
finish
