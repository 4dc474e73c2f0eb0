#!/bin/sh
# `pacegate serve` beside nginx, which serves a static copy of the same pages:
# requests a second and the 99th percentile, with and without a writer in the
# store. SECONDS_EACH=3, TESTS=2000.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
PATH=$build:$PATH
for tool in wrk nginx; do
	command -v $tool >/dev/null || PATH=$PATH:/usr/sbin
	command -v $tool >/dev/null || {
		echo "pages: no $tool here (contrib/deps bench): left out"
		exit 0
	}
done
dir=$(mktemp -d)
pids=""
# shellcheck disable=SC2086 # a list
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
git init -q --bare "$dir/project.git"
pacegate install "$dir/project.git" >/dev/null
python3 "$here/../web/generate.py" "${TESTS:-2000}" 40 |
	pacegate import --repo "$dir/project.git" >/dev/null 2>&1
pacegate pages "$dir/www" --repo "$dir/project.git" --commits 50
chmod -R a+rX "$dir"
port() {
	python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
}
ours=$(port) theirs=$(port)
cat >"$dir/nginx.conf" <<END
worker_processes 1; daemon off; pid $dir/pid; error_log $dir/error;
events { }
http { access_log off; include /etc/nginx/mime.types;
	client_body_temp_path $dir/t1; proxy_temp_path $dir/t2;
	fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
	server { listen 127.0.0.1:$theirs; root $dir/www; } }
END
nginx -c "$dir/nginx.conf" 2>/dev/null &
pids="$pids $!"
pacegate serve --repo "$dir/project.git" --listen "127.0.0.1:$ours" \
	>"$dir/served" &
server=$!
pids="$pids $server"
sleep 1

# load PORT PATH: requests a second and p99.
load() {
	wrk -t1 -c16 -d"${SECONDS_EACH:-3}s" --latency \
		"http://127.0.0.1:$1/$2" | awk '/99%/ { p99 = $2 }
		/Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = " BAD " $0 }
		END { printf "%.0f/s, p99 %s%s", rate, p99, bad }'
}
echo "page | nginx, static | pacegate serve | the same while the store is written"
for path in index.html "test/perf~suite-05~case-5.html" regressions.atom; do
	curl -s -o /dev/null "http://127.0.0.1:$ours/$path"
	nginx=$(load "$theirs" "$path")
	calm=$(load "$ours" "$path")
	while :; do
		python3 "$here/../web/generate.py" 3 10 |
			pacegate import --repo "$dir/project.git" >/dev/null 2>&1
	done &
	writer=$!
	busy=$(load "$ours" "$path")
	kill $writer
	wait $writer 2>/dev/null || :
	echo "$path | $nginx | $calm | $busy"
done
# What the first to ask after a landing takes, of the server's own time.
spent() { cut -d' ' -f1 "/proc/$server/schedstat"; }
python3 "$here/../web/generate.py" 3 41 |
	pacegate import --repo "$dir/project.git" >/dev/null 2>&1
before=$(spent)
curl -s -o /dev/null "http://127.0.0.1:$ours/index.html"
echo "overview of ${TESTS:-2000} tests after a landing:" \
	"$((($(spent) - before) / 1000)) us of the processor"
for round in first second; do
	start=$(date +%s%N)
	said=$(pacegate pages "$dir/www" --repo "$dir/project.git" --commits 50)
	echo "static copy, the $round time after it: $said," \
		"$((($(date +%s%N) - start) / 1000000)) ms"
done
echo "memory of serve: $(ps -o rss= -p $server | awk '{ print int($1 / 1024) }') MB"
