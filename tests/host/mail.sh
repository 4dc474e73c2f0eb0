#!/bin/sh
# Mail to a real server: exim from Debian, on loopback, with STARTTLS, TLS from
# the start, and a login; what it stored is parsed back by python's email.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
PATH="$PATH:/usr/sbin"
for tool in exim4 openssl; do
	command -v $tool >/dev/null || {
		skip "mail to exim" "no $tool; contrib/deps hosts"
		finish
	}
done
cd "$scratch" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-days 10 -subj /CN=mail -addext subjectAltName=IP:127.0.0.1 2>/dev/null
mkdir -m 777 spool maildir
chmod 644 key.pem
# Debian's exim delivers nothing as root.
as=""
[ "$(id -u)" != 0 ] || as="user = Debian-exim"
port=$((20000 + $$ % 20000))
cat >exim.conf <<EOF
primary_hostname = mail.example.org
spool_directory = $scratch/spool
log_file_path = $scratch/spool/%slog
pid_file_path = $scratch/exim.pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = $port : $((port + 1))
tls_on_connect_ports = $((port + 1))
tls_advertise_hosts = *
tls_certificate = $scratch/cert.pem
tls_privatekey = $scratch/key.pem
acl_smtp_rcpt = rcpt
# Whoever logs in may not come in clear text.
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
begin acl
rcpt:
	defer recipients = later@example.org
	deny recipients = refused@example.org
	deny senders = strict@example.org
		!authenticated = *
	deny senders = secure@example.org
		!encrypted = *
	accept
begin routers
all:
	driver = accept
	transport = store
begin transports
store:
	driver = appendfile
	directory = $scratch/maildir
	maildir_format
	batch_max = 100
	$as
begin authenticators
plain:
	driver = plaintext
	public_name = PLAIN
	server_prompts = :
	server_condition = \${if and{{eq{\$auth2}{ada}}{eq{\$auth3}{lovelace}}}}
	server_set_id = \$auth2
EOF
exim4 -C "$scratch/exim.conf" -bdf -q30m >exim.out 2>&1 &
exim=$!
trap 'kill $exim 2>/dev/null; rm -rf "$scratch"' EXIT
answers() {
	python3 -c "
import socket
assert socket.create_connection(('127.0.0.1', $port), 2).recv(3) == b'220'"
}
waited 15 answers || {
	sed 's/^/# /' exim.out spool/* 2>/dev/null
	skip "mail to exim" "it does not start here"
	finish
}
printf 'ada:lovelace' >login
printf 'ada:wrong' >wrong
chmod 600 login wrong

mail() {
	wanted=$1
	shift
	outcome "$wanted" mail url="smtp://127.0.0.1:$port/" "$@"
}
stored() { [ "$(find maildir/new -type f 2>/dev/null | wc -l)" = "$1" ]; }
comes() { waited 20 stored "$1"; }

body=$(printf 'perf/x is 12 %% slower — 95 %% sure\n.\nFrom here = on \n%s\n' \
	"$(head -c 300 /dev/zero | tr '\0' x)")
subject="ada/engine: perf/ünïcode regressed, and this goes on beyond a line of mail"
ok "a mail is delivered, by STARTTLS that verifies" mail delivered \
	to='Ada Lovelace <ada@example.org>' to='"B. Ö" <bob@example.org>' \
	to='nobody' to='ada@example.org' \
	from='pacegate <gate@example.org>' "subject=$subject" "body=$body" \
	ca="$scratch/cert.pem" mailid=3f2a.1
ok "it comes" comes 1
ok "over TLS" grep -q 'X=TLS' spool/mainlog
cat >parse.py <<'EOF'
import email, email.policy, glob, os, sys
text = open(glob.glob("maildir/new/*")[0], "rb").read()
m = email.message_from_bytes(text, policy=email.policy.default)
assert not m.defects, m.defects
for name, header in m.items():
    assert not header.defects, (name, header.defects)
assert m["subject"] == sys.argv[1], m["subject"]
to = [(a.display_name, a.addr_spec) for a in m["to"].addresses]
assert to == [("Ada Lovelace", "ada@example.org"),
              ("B. Ö", "bob@example.org"), ("", "ada@example.org")], to
assert m["from"].addresses[0].addr_spec == "gate@example.org"
assert m["message-id"] == "<3f2a.1@example.org>"
assert m["date"].datetime.timestamp() == 1700000000
assert m["auto-submitted"] == "auto-generated"
assert m.get_content_type() == "text/plain"
assert m.get_content().rstrip("\n") == sys.argv[2], repr(m.get_content())
assert all(len(line) <= 998 for line in text.split(b"\n"))
assert all(len(line) <= 78 for line in text.partition(b"\n\n")[2].split(b"\n"))
EOF
ok "python's email reads it as it was meant" python3 parse.py "$subject" "$body"
ok "TLS from the start" outcome delivered mail \
	url="smtps://127.0.0.1:$((port + 1))/" to=ada@example.org \
	ca="$scratch/cert.pem"
ok "it comes" comes 2
ok "a certificate of nobody is not trusted there" outcome retry mail \
	url="smtps://127.0.0.1:$((port + 1))/" to=ada@example.org
ok "and that is said" shows certificate
ok "nor by STARTTLS where an authority is configured" \
	mail retry to=ada@example.org ca=/etc/ssl/certs/ca-certificates.crt
ok "on loopback clear text does where nothing verifies" \
	mail delivered to=ada@example.org
ok "it comes" comes 3
ok "a server that wants TLS then" \
	mail refused to=ada@example.org from=secure@example.org
ok "a login" mail delivered to=ada@example.org from=strict@example.org \
	token="$scratch/login" ca="$scratch/cert.pem"
ok "it comes" comes 4
ok "a wrong login is for good" mail refused to=ada@example.org \
	from=strict@example.org token="$scratch/wrong" ca="$scratch/cert.pem"
ok "and the password is not shown" not shows wrong
ok "an address that is refused keeps it from nobody else" \
	mail delivered to=refused@example.org to=bob@example.org
ok "it comes" comes 5
ok "alone it is for good" mail refused to=refused@example.org
ok "the server's later is later" mail retry to=later@example.org
ok "no address at all is no error" mail nowhere to=nobody
ok "a server that is not there is tried again" \
	outcome retry mail url=smtp://127.0.0.1:1/ to=ada@example.org
ok "off this machine TLS is demanded" outcome retry mail \
	url=smtp://192.0.2.1/ to=ada@example.org connect=300
finish
