#!/bin/sh
# The founding mail's test, in Racket, through a real push: `make check-racket`.
. "$(dirname "$0")/../lib/tap.sh"

new_repo racket
pacegate install "$bare" --gate main >/dev/null
git -C "$bare" config pacegate.rounds 12
git -C "$bare" config --add pacegate-sandbox.read /etc/ssl
git -C "$bare" config --add pacegate-sandbox.read /etc/racket
mkdir perf
cp "$here/../../contrib/examples/ssl-transfer.rkt" perf/
cat >.pacegate <<'EOF'
[pacegate]
	build = raco make perf/ssl-transfer.rkt
EOF
commit "Two places, an SSL session, 1 MB of random data"
push origin main
ok "it is adopted" has "new: perf/ssl-transfer.rkt: the first baseline"
pacegate show --repo "$bare" main --json >"$scratch/json"
ok "the span is a metric" grep -q '"metric": "transfer"' "$scratch/json"
ok "beside wall and cpu" grep -q '"metric": "wall"' "$scratch/json"
echo x >x
commit "No change"
push origin main
ok "pushed again unchanged it is weighed" grep -qE 'pass|undecided' "$shown"
ok "and is no regression" lacks "regressed:"
finish
