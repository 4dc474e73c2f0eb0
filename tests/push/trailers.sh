#!/bin/sh
# Trailers, push options, accepters, ledger.
. "$(dirname "$0")/../lib/tap.sh"

new_repo trailers
pacegate install "$bare" --gate main >/dev/null
planted
plant a=30 b=10
commit one
push origin main

plant a=39 b=10
commit "Slower

Perf-Accept: perf/a * <=+35% | stable order is worth it"
push origin main
ok "a bound that covers it accepts" is "$pushed" taken
ok "and the verdict says so" has "accepted: perf/a: "
settle
try pacegate ledger --repo "$bare"
ok "the ledger has who, what, why" grep -qE "accept +perf/a \+(29|30)\.[0-9] % +$(id -un): stable order is worth it" "$shown"
echo x >x
commit "No change"
push origin main
ok "the accepted commit is the baseline now" grep -qE 'perf/a .* 39\.0 ms +39\.0 ms .* pass' "$shown"

plant a=60 b=10
commit "Much slower

perf-accept: perf/a * <=+10% | surely no more"
push origin main
ok "beyond the bound it stands" is "$pushed" refused
ok "and the bound is called too narrow" has "too narrow"
git commit -q --amend -m "Much slower

Perf-Accept: perf/a * <=+99%"
push origin main
ok "without a reason it does not count" is "$pushed" refused
ok "and says what to write" has "| why"
git commit -q --amend -m "Much slower

Perf-Accept: perf/b * <=+99% | wrong test"
push origin main
ok "another test's does not count" is "$pushed" refused
ok "and is warned of as unused" has "did nothing"
git commit -q --amend -m "Much slower"
push -o "perf.accept=perf/a * <=+99% | squashed it away" origin main
ok "a push option does" is "$pushed" taken
settle
try pacegate ledger --repo "$bare" --json
ok "the ledger in JSON" grep -q '"why": "squashed it away"' "$shown"

plant a=30 b=10
commit "Twice as fast

Perf-Expect: perf/a cpu -50%
Perf-Expect: perf/b cpu -20%"
push origin main
ok "a claim that is met" has "expected of perf/a cpu: -50.0 %, measured: -50."
ok "is called met" grep -q 'perf/a cpu.*: met' "$shown"
ok "and one that is not" grep -q 'perf/b cpu.*: unmet' "$shown"

git mv perf/a perf/alpha
sed -i 's|perf/a"|perf/alpha"|' planted
commit "Rename"
push origin main
ok "an exact rename keeps its history" has "against several baselines"
settle
ok "and is in the ledger" sh -c "pacegate ledger --repo '$bare' | grep -q 'rename'"
ok "and its log goes on" is \
	"$(pacegate log perf/alpha -n 0 --repo "$bare" | grep -c '^  [0-9a-f]\{10\}  ')" \
	"$(($(pacegate log perf/a -n 0 --repo "$bare" | grep -c '^  [0-9a-f]\{10\}  ') + 1))"
git mv perf/b perf/beta
echo "# changed too" >>perf/beta
sed -i 's|perf/b"|perf/beta"|' planted
commit "Rename

Perf-Rename: perf/b -> perf/beta"
push origin main
settle
ok "an inexact one by its trailer" sh -c "pacegate ledger --repo '$bare' | grep -qE 'rename +perf/beta.*perf/b$'"

plant alpha=90 beta=10
commit "Sends 10 MB now

Perf-Reset: perf/alpha | sends 10 MB now"
push origin main
ok "a reset begins anew" is "$pushed" taken
ok "as new" grep -qE 'perf/alpha .* new' "$shown"

plant alpha=200 beta=10
commit "Docs only, honest

Perf-Skip: documentation only"
push origin main
ok "a skip skips" is "$pushed" taken
ok "and says so" has "not weighed: Perf-Skip: documentation only"
settle
ok "into the ledger" sh -c "pacegate ledger --repo '$bare' | grep -q 'documentation only'"
git reset -q --hard HEAD~1

# A trailer in a commit of its own, one push later.
plant alpha=96 beta=10
commit "6 % slower"
push -f origin main
ok "a mild regression is taken" has "regressed: perf/alpha"
git commit -q --allow-empty -m "It is wanted

Perf-Accept: perf/alpha * <=+9% | the new protocol"
push origin main
ok "a later push may accept it" has "accepted: perf/alpha"
settle
echo y >x
commit "No change"
push origin main
ok "which moves the baseline" grep -qE 'perf/alpha .* 9[56]\.[0-9] ms +9[56]\.[0-9] ms .* pass' "$shown"

# What one push accepts, another one does not have to.
plant alpha=150 beta=10
commit "Slower"
git -C "$bare" config pacegate.refs/heads/topic.mode wait
push -o "perf.accept=perf/alpha * <=+99% | topic only" origin main:topic
ok "accepted by option on one branch" has "accepted: perf/alpha"
push origin main
ok "another branch takes it from the store" has "weighed before"
ok "but does not inherit the acceptance" is "$pushed" refused
push -o "perf.accept=perf/alpha * <=+99% | here too" origin main
ok "unless its push says so too" is "$pushed" taken
plant alpha=300 beta=10
commit "Slower

Perf-Accept: perf/alpha * <=+150% | in the commit"
push origin main:topic
push origin main
ok "a commit's own trailer speaks on each branch" has "accepted: perf/alpha"
ok "which is then taken" is "$pushed" taken
plant alpha=90 beta=10
commit "Fast again"
push origin main

# Warnings where nothing is weighed.
echo x >README.md
commit "Docs

Perf-Accept: perf/nosuch * <=+5% | no test has this name
Perf-Reset: perf/alhpa | misspelt
Perf-Rename: perf/alpha -> perf/omega
Perf-Expect: perf/alpha nosuch -5%
perf-exept: perf/alpha wall <=+5% | misspelt key
Perf-Accept: perf/beta * <=+5% | why"
push origin main
ok "a trailer for no test is warned of" has "perf.accept for perf/nosuch did nothing: there is no test of that name"
ok "so is a reset" has "perf.reset for perf/alhpa did nothing"
ok "and a rename to what is not there" has "perf.rename for perf/alpha did nothing"
ok "and a claim about no metric" has "perf.expect for perf/alpha did nothing: no such metric"
ok "and a misspelt key" has "perf-exept"
ok "and a reason that is none" has "put your reason in the place of"
git -C "$bare" config pacegate.refs/heads/main.mode report
echo y >README.md
commit "Docs

Perf-Accept: perf/nosuch wall <=+5% | no test has this name
Perf-Accept: perf/alpha wall more | no bound"
push -o perf.skip -o other=option origin main
ok "also in report mode" has "perf.accept for perf/nosuch did nothing"
ok "and where it does not parse" has "write \`Perf-Accept: TEST METRIC"
ok "a push option that does not parse too" has "perf.skip"
ok "an option for others is no concern" lacks "other"
settle
git -C "$bare" config pacegate.refs/heads/main.mode wait

git -C "$bare" config pacegate.accepters boss
plant alpha=150 beta=10
commit "Slower

Perf-Accept: perf/alpha * <=+99% | I say so"
push -f origin main
ok "who is no accepter has no say" is "$pushed" refused
ok "and is told" has "the pusher is not one of those who may"
git -C "$bare" config --add pacegate.accepters "$(id -un)"
push -f origin main
ok "an accepter has" is "$pushed" taken

try pacegate accept perf/alpha main --repo "$bare"
ok "accept by hand wants a reason" is "$status" 2
try pacegate accept perf/alpha main --repo "$bare" --reason "by hand"
ok "with one it is done" is "$status" 0
try pacegate reset perf/nowhere main --repo "$bare" --reason x
ok "reset of what is not there says so" has "holds no file perf/nowhere"
finish
