#!/bin/sh
# git http-backend behind a real nginx and fcgiwrap, by the location that
# contrib/hosts/nginx.conf has: users with passwords.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/../lib/hosts.sh"

# As root the repositories belong to the user that fcgiwrap runs as.
mkdir -p "$scratch/srv" "$scratch/nginx"
if [ "$(id -u)" = 0 ]; then
	new_user www
	server=$user
	chown "$server" "$scratch/srv" "$scratch/nginx"
else
	server=$(id -un)
	as() { shift; "$@"; }
fi
people="ann ben cleo"
for person in $people; do
	echo "$person:$(openssl passwd -apr1 "secret-$person")"
done >"$scratch/nginx/passwords"
socket="$scratch/nginx/fcgiwrap.socket"
http_port=$(free_port)
# conf READ_TIMEOUT: the location as it is shipped, with paths of ours.
conf() {
	sed -e "s|/srv/git|$scratch/srv|; s|/run/fcgiwrap.socket|$socket|" \
		-e "s|/etc/nginx/git.htpasswd|$scratch/nginx/passwords|" \
		-e "s|read_timeout .*;|read_timeout $1;|" \
		"$here/../../contrib/hosts/nginx.conf" >"$scratch/nginx/git.conf"
	cat >"$scratch/nginx/nginx.conf" <<-END
		pid $scratch/nginx/pid;
		error_log $scratch/nginx/error.log;
		daemon off;
		$([ "$(id -u)" != 0 ] || echo "user $server;")
		events {}
		http {
			access_log off;
			client_body_temp_path $scratch/nginx/body;
			fastcgi_temp_path $scratch/nginx/fastcgi;
			proxy_temp_path $scratch/nginx/proxy;
			uwsgi_temp_path $scratch/nginx/uwsgi;
			scgi_temp_path $scratch/nginx/scgi;
			server {
				listen 127.0.0.1:$http_port;
				include $scratch/nginx/git.conf;
			}
		}
	END
}
# It gives up after 8 s of silence: more than the 5 s at which git keeps a push
# alive, less than some pushes here are measured.
conf 8s
# As an init system starts it: next to nothing in the environment.
keep as "$server" env -i PATH=/usr/bin:/bin /usr/sbin/fcgiwrap -c 8 \
	-s "unix:$socket"
waited 10 test -S "$socket"
keep /usr/sbin/nginx -p "$scratch/nginx" -c "$scratch/nginx/nginx.conf"
waited 10 listens "$http_port" || { cat "$scratch/nginx/error.log"; exit 1; }

bare="$scratch/srv/project.git"
as "$server" git init -q --bare -b main "$bare"
as "$server" git -C "$bare" config http.receivepack true
try as "$server" pacegate install "$bare" --gate main
ok "install" is "$status" 0
plan_planted "$bare"
url() { echo "http://$1:secret-$1@127.0.0.1:$http_port/git/project.git"; }
clone_as() {
	git clone -q "$(url "$1")" "$scratch/$1" 2>/dev/null
	cd "$scratch/$1" || exit 1
}

try git ls-remote "http://ann:wrong@127.0.0.1:$http_port/git/project.git"
ok "a wrong password is nginx's to refuse" not is "$status" 0
clone_as ann
plant a=30
commit one
push origin main
ok "a push is weighed" has "new: perf/a"
ok "and taken" is "$pushed" taken

# What comes and when: each line with the time at which the client had it.
delay=0.8
plant a=60
delay=
commit "Twice as slow"
git push origin main 2>&1 | perl -MTime::HiRes=time -e '
	while (sysread STDIN, my $piece, 65536) {
		my $now = time;
		printf "%.1f %s\n", $now, $_ for split /[\r\n]/, $piece;
	}' >"$scratch/timed"
sed 's/^[0-9.]* //' "$scratch/timed" >"$scratch/shown"
shown="$scratch/shown"
ok "a severe one is refused" has "pre-receive hook declined"
ok "with the reason" has "refs/heads/main is refused: severely slower"
first=$(grep -m 1 'pacegate: main' "$scratch/timed" | cut -d' ' -f1)
last=$(grep 'is refused' "$scratch/timed" | cut -d' ' -f1)
ok "progress comes while it is measured, longer than the proxy's patience" \
	perl -e 'exit !($ARGV[1] - $ARGV[0] > 8)' "$first" "$last"
ok "in steps" test "$(grep -c 'pacegate: \[' "$scratch/timed")" -ge 2
ok "on one screen" one_screen

git commit -q --amend -m "Twice as slow, wanted

Perf-Accept: perf/a wall <=+150% | ann wants it
Perf-Accept: perf/a cpu <=+150% | ann wants it"
as "$server" git -C "$bare" config pacegate.accepters ben
push origin main
ok "who pushes is nginx's user: ann is no accepter" is "$pushed" refused
as "$server" git -C "$bare" config --replace-all pacegate.accepters ann
push origin main
ok "now she is" is "$pushed" taken
in_ledger() { as "$server" pacegate ledger --repo "$bare" | grep -qF "$1"; }
ok "the ledger has her name" waited 20 in_ledger "ann: ann wants it"

# Silence for longer than that.
as "$server" mkdir -p "$bare/hooks/pre-receive.d"
cat >"$bare/hooks/pre-receive.d/50-slow" <<END
#!/bin/sh
[ ! -e "$scratch/hold" ] || sleep 12
END
chmod 755 "$bare/hooks/pre-receive.d/50-slow"
touch "$scratch/hold"
plant a=120
commit "Silent for long"
push origin main
ok "silence longer than the proxy's patience" has "is refused: severely slower"
ok "is refused in order" has "pre-receive hook declined"
ok "and nothing hung up" lacks "hung up"
rm "$scratch/hold"
git reset -q --hard HEAD~1

# Two at once for one ref.
cat >"$bare/hooks/pre-receive.d/50-slow" <<END
#!/bin/sh
echo x >>"$scratch/srv/held"
n=0
until [ -e "$scratch/go" ] || [ \$n -gt 300 ]; do n=\$((n + 1)); sleep 0.1; done
END
held() { [ "$(wc -l <"$scratch/srv/held")" = "$1" ]; }
for person in ann ben; do
	[ -d "$scratch/$person" ] || (clone_as "$person")
	(
		cd "$scratch/$person" || exit 1
		git fetch -q && git reset -q --hard origin/main
		plant a=60.1
		commit "By $person"
		if git push origin main >"$scratch/$person.out" 2>&1
		then echo taken
		else echo refused; fi >"$scratch/$person.end"
	) &
done
ok "two pushes race for one ref" waited 20 held 2
touch "$scratch/go"
ended() { [ -s "$scratch/ann.end" ] && [ -s "$scratch/ben.end" ]; }
ok "both end" waited 60 ended
ok "one is taken" is "$(cat "$scratch"/*.end | grep -c taken)" 1
ok "git refuses the other" grep -q "cannot lock ref" "$scratch/ann.out" \
	"$scratch/ben.out"
ok "both were weighed" is \
	"$(cat "$scratch/ann.out" "$scratch/ben.out" | grep -c 'pass: 1 test')" 2

# The client dies in mid-push.
clone_as cleo
plant a=120
commit "Its client dies"
rm "$scratch/go" && : >"$scratch/srv/held"
setsid git push -q origin HEAD:topic >"$scratch/killed" 2>&1 &
client=$!
ok "a push is held" waited 20 held 1
kill -KILL "-$client"
touch "$scratch/go"
over() { ! pgrep -u "$server" -f 'receive-pack|pre-receive' >/dev/null; }
ok "its hook ends all the same" waited 30 over
as "$server" pacegate work --repo "$bare" >/dev/null 2>&1
if as "$server" git -C "$bare" rev-parse -q --verify topic >/dev/null; then
	is_severe() {
		as "$server" pacegate show topic --repo "$bare" |
			grep -q severe
	}
	ok "what landed is measured all the same" waited 20 is_severe
else
	ok "what did not land leaves nothing" not \
		as "$server" pacegate show "$(git rev-parse HEAD)" --repo "$bare"
fi
# While it is being measured: by a commit that shows whether it was settled.
git fetch -q && git reset -q --hard origin/main
delay=0.3
plant a=119
delay=
commit "Given up

Perf-Accept: perf/a wall <=+150% | nobody waited
Perf-Accept: perf/a cpu <=+150% | nobody waited"
as "$server" git -C "$bare" config --unset-all pacegate.accepters
setsid git push --progress origin HEAD:main >"$scratch/killed" 2>&1 &
client=$!
ok "a push is being measured" waited 30 grep -q "round" "$scratch/killed"
kill -KILL "-$client"
ok "its hook ends all the same" waited 60 over
if [ "$(as "$server" git -C "$bare" rev-parse main)" = "$(git rev-parse HEAD)" ]
then ok "and what landed is settled without another push" waited 30 \
	in_ledger "nobody waited"
else skip "what landed is settled" "git did not move the ref"; fi
push origin HEAD:topic2
ok "the next push is as ever" is "$pushed" taken
ok "and the store is sound" as "$server" pacegate verify --repo "$bare"
finish
