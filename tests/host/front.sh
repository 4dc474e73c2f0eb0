#!/bin/sh
# gate/host/ before a faulty front: nginx from Debian, with certificates that
# are good, of nobody, of somebody else, and of yesterday.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
for tool in nginx openssl; do
	PATH="$PATH:/usr/sbin" command -v $tool >/dev/null || {
		skip "a faulty front" "no $tool; contrib/deps hosts"
		finish
	}
done
PATH="$PATH:/usr/sbin"
fake
cd "$scratch" || exit 1

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 \
	-subj /CN=ours 2>/dev/null
# certificate NAME DAYS WHOSE: signed by our CA.
certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$3" 2>/dev/null
	printf 'subjectAltName=%s\n' "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key \
		-CAcreateserial -days "$2" -extfile "$1.ext" -out "$1.pem" \
		2>/dev/null
}
certificate good 10 IP:127.0.0.1
certificate other 10 DNS:example.org
certificate expired -1 IP:127.0.0.1
openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem \
	-days 10 -subj /CN=x -addext subjectAltName=IP:127.0.0.1 2>/dev/null

port=$((30000 + $$ % 20000))
server() {
	port=$((port + 1))
	eval "$1=https://127.0.0.1:$port"
	cat >>nginx.conf <<-EOF
	server {
		listen 127.0.0.1:$port ssl ${2:-};
		ssl_certificate $scratch/$1.pem;
		ssl_certificate_key $scratch/$1.key;
		location /429 { add_header Retry-After 42 always; return 429; }
		location /403 {
			add_header X-RateLimit-Remaining 0 always;
			add_header X-RateLimit-Reset $(($(date +%s) + 200)) always;
			return 403;
		}
		location /500 { return 500; }
		location /502 { proxy_pass http://127.0.0.1:1; }
		location /504 { proxy_read_timeout 1s; proxy_pass $url/silent; }
		location /html { default_type text/html; return 200 "<html>"; }
		location /redirect { return 302 $other/ok\$request_uri; }
		location /http { return 308 http://127.0.0.1:1/; }
		location /cut { return 444; }
		location /413 { client_max_body_size 1; proxy_pass $url/ok; }
		location /drip { limit_rate 1; proxy_pass $url/huge; }
		location / { proxy_pass $url/ok/; }
	}
	EOF
}
{
	echo "pid $scratch/nginx.pid; error_log $scratch/nginx.log;"
	# As root the workers would not read the scratch directory.
	[ "$(id -u)" != 0 ] || echo "user root;"
	echo "events { } http { access_log off;"
	for path in client_body proxy fastcgi uwsgi scgi; do
		echo "${path}_temp_path $scratch/$path;"
	done
} >nginx.conf
server good http2
for name in other expired self; do server $name; done
echo "}" >>nginx.conf
nginx -c "$scratch/nginx.conf" -g 'daemon on;' 2>"$scratch/nginx.err" || {
	sed 's/^/# /' "$scratch/nginx.err"
	skip "a faulty front" "nginx does not start"
	finish
}
trap 'kill "$(cat "$scratch/nginx.pid")" $fake_pid 2>/dev/null
	rm -rf "$scratch"' EXIT
post_to() {
	wanted=$1 where=$2
	shift 2
	outcome "$wanted" status url="$where" "token=$token" \
		ca="$scratch/ca.pem" "$@"
}
ok "a good certificate is trusted" post_to delivered "$good/github"
ok "by HTTP/2 too, many at once" "$post" flood "url=$good/github" \
	"token=$token" ca="$scratch/ca.pem" count=200
ok "an unknown authority is not" \
	outcome retry status "url=$good/github" "token=$token"
ok "and that is said" shows certificate
for name in other expired self; do
	eval "where=\$$name"
	ok "a certificate that is $name is not" post_to retry "$where/github"
	ok "and that is said" shows certificate
done
ok "the services behind saw good posts alone" is 201 \
	"$(grep -c Bearer "$dir/requests")"
: >"$dir/requests"
ok "429 with Retry-After" post_to retry "$good/429"
ok "waits for it" grep -qE '^wait 4[2-9]$' "$shown"
ok "403 with a rate limit" post_to retry "$good/403"
ok "waits for its reset" grep -qE '^wait (19|20|21|22)[0-9]$' "$shown"
for code in 500 502 504; do
	ok "$code is tried again" post_to retry "$good/$code"
	ok "and named" shows "answered $code"
done
ok "HTML with 200" post_to retry "$good/html"
ok "a redirect to another port" post_to retry "$good/redirect"
ok "a redirect to clear text" post_to refused "$good/http"
ok "a connection cut" post_to retry "$good/cut"
ok "too large a request" post_to refused "$good/413"
ok "a drip ends in time" post_to retry "$good/drip" total=1500
ok "no token went where it should not" is 0 \
	"$(grep -v '"/silent\|"/huge' "$dir/requests" | grep -c Bearer)"
ok "clear text to a TLS port" post_to refused "http${good#https}/github"
ok "DNS failure" post_to retry https://no.such.name.invalid/
ok "and that is said" shows resolve
ok "an unroutable address ends in time" \
	post_to retry https://192.0.2.1/ connect=500
finish
