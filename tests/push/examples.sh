#!/bin/sh
# The examples of contrib/examples, each through a real push and the sandbox.
. "$(dirname "$0")/../lib/tap.sh"
examples="$here/../../contrib/examples"

# gated NAME: a gate of its own; its clone becomes the working directory.
gated() {
	new_repo "$1"
	pacegate install "$bare" --gate main >/dev/null
	git -C "$bare" config pacegate.rounds 12
	mkdir perf
}
# metric NAME: what the gate knows of the tip has it.
metric() {
	pacegate show --repo "$bare" main --json >"$scratch/json" &&
		grep -q "\"metric\": \"$1\"" "$scratch/json"
}
# weighed TEST: adopted with its span, and no regression of itself.
weighed() {
	commit "An example"
	push origin main
	ok "$1 is adopted" has "new: perf/$1: the first baseline"
	ok "$1: no event is lost or wrong" lacks "event "
	ok "$1: the span is a metric" metric transfer
	echo x >x
	commit "No change"
	push origin main
	ok "$1: pushed again unchanged it is taken" is "$pushed" taken
	ok "$1: and was measured" grep -qE '(pass|undecided): ' "$shown"
	ok "$1: as no regression" lacks "regressed"
}

gated shell
cp "$examples/transfer.sh" perf/
weighed transfer.sh

if [ -x /usr/bin/python3 ] && [ -x /usr/bin/openssl ]; then
	gated python
	cp "$examples/ssl-transfer.py" perf/
	weighed ssl-transfer.py
else
	skip "the Python example" "no /usr/bin/python3 or /usr/bin/openssl"
fi

if [ -e /usr/include/openssl/ssl.h ]; then
	gated c
	cp "$examples/ssl-transfer.c" perf/
	cat >.pacegate <<'END'
[pacegate]
	build = cc -O2 -o ssl-transfer perf/ssl-transfer.c -lssl -lcrypto
END
	cat >perf/ssl-transfer <<'END'
#!/bin/sh
# perf: timeout=60s inputs=perf/ssl-transfer.c
exec ./ssl-transfer
END
	chmod +x perf/ssl-transfer
	weighed ssl-transfer
else
	skip "the C example" "no OpenSSL headers, install libssl-dev"
fi
finish
