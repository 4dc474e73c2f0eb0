#!/bin/sh
# The founding mail's test, in Racket, through a real push: `make check-racket`.
. "$(dirname "$0")/../lib/tap.sh"

new_repo racket
ok "install" pacegate install "$bare" --gate main
git -C "$bare" config pacegate.rounds 12
mkdir perf
cp "$here/../../contrib/examples/ssl-transfer.rkt" perf/
cat >.pacegate <<'EOT'
[pacegate]
	build = raco make perf/ssl-transfer.rkt
EOT
commit "Two places, an SSL session, 1 MB of random data"
push origin main
ok "it is taken" is "$pushed" taken
ok "and adopted" has "new: perf/ssl-transfer.rkt: the first baseline"
ok "no event is lost or wrong" lacks "event "
pacegate show --repo "$bare" main --json >"$scratch/json"
# metric NAME: the gate has it of the tip.
metric() { grep -q "\"metric\": \"$1\"" "$scratch/json"; }
ok "the span is a metric" metric transfer
ok "beside wall" metric wall
ok "and cpu" metric cpu

echo x >x
commit "No change"
push origin main
ok "pushed again unchanged it is taken" is "$pushed" taken
ok "and was measured" grep -qE '(pass|undecided): ' "$shown"
ok "as no regression" lacks "regressed"
pacegate show --repo "$bare" main --json >"$scratch/json"
ok "the span of both is compared" metric transfer
finish
