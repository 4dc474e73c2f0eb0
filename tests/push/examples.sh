#!/bin/sh
# The examples of contrib/examples, through a real push each.
. "$(dirname "$0")/../lib/tap.sh"
examples="$here/../../contrib/examples"

# adopt NAME: a gate of its own for the working tree that follows.
adopt() {
	new_repo "$1"
	pacegate install "$bare" --gate main >/dev/null
	git -C "$bare" config pacegate.rounds 12
	git -C "$bare" config --add pacegate-sandbox.read /etc/ssl
	mkdir -p perf
}
# weighed TEST: pushed, new, and its span is there.
weighed() {
	commit "An example"
	push origin main
	ok "$1 is adopted" has "new: perf/$1: the first baseline"
	pacegate show --repo "$bare" main --json >"$scratch/json"
	ok "$1: the span is a metric" grep -q '"metric": "transfer"' \
		"$scratch/json"
}

adopt shell
cp "$examples/transfer.sh" perf/transfer.sh
weighed transfer.sh
echo x >x
commit "No change"
push origin main
ok "pushed again unchanged it is no regression" lacks "regressed:"

adopt python
cp "$examples/ssl-transfer.py" perf/
if [ "$(id -u)" = 0 ] || [ -x /usr/bin/python3 ]; then
	if [ -x /usr/bin/python3 ] && [ -x /usr/bin/openssl ]; then
		weighed ssl-transfer.py
	else
		skip "the Python example" "no /usr/bin/python3 or openssl"
	fi
else
	skip "the Python example" "no /usr/bin/python3"
fi

adopt c
if [ -e /usr/include/openssl/ssl.h ]; then
	cp "$examples/ssl-transfer.c" perf/
	cat >.pacegate <<'EOF'
[pacegate]
	build = cc -O2 -o ssl-transfer perf/ssl-transfer.c -lssl -lcrypto
EOF
	printf '#!/bin/sh\n# perf: inputs=perf/ssl-transfer.c\nexec ./ssl-transfer\n' \
		>perf/ssl-transfer
	chmod +x perf/ssl-transfer
	weighed ssl-transfer
else
	skip "the C example" "no OpenSSL headers here"
fi
finish
