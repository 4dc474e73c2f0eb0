#!/bin/sh
# What probes.c tries, as root that drops and as a plain user: all denied with
# the filter; without it the system calls go through, and outside the walls'
# probes do, so that we see them bite.
set -u
. "$(dirname "$0")/common"
prepare

# A secret anybody on the host may read, links to it, and a setuid file.
secret=$work/secret
echo s3cret >"$secret"
chmod 644 "$secret"
compile probes.c "$work/t/probes" && compile setuid-id.c "$work/t/setuid-id" ||
	{ echo "Bail out! no compiler"; exit 1; }
chmod u+s "$work/t/setuid-id"
echo data >"$work/t/data"
chmod 666 "$work/t/data"
ln -s "$secret" "$work/t/link-to-secret"
ln -s .. "$work/t/dir-link"

# A port and an abstract socket of the host.
name=pacegate-probe-$$
perl -MSocket -e '
	socket(my $t, PF_INET, SOCK_STREAM, 0) or die;
	bind($t, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die;
	socket(my $u, PF_UNIX, SOCK_STREAM, 0) or die;
	bind($u, pack_sockaddr_un("\0$ARGV[0]")) or die;
	listen($t, 5) && listen($u, 5) or die;
	my ($port) = unpack_sockaddr_in(getsockname($t));
	$| = 1; print "$port\n"; close STDOUT; sleep 100;' \
	"$name" >"$work/port" &
listener=$!
# A segment of shared memory that anybody on the host may use.
segment=$(perl -e 'print shmget(0x70616365, 4096, 01666) // ""')
trap 'kill $listener 2>/dev/null; [ -z "$segment" ] || ipcrm -m "$segment"
	rm -rf "$work"' EXIT
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ -s "$work/port" ] && break
	sleep 0.1
done
port=$(cat "$work/port")
core_pattern=$(cat /proc/sys/kernel/core_pattern)

GIT_DIR=/secret PROBE_TOKEN=1 SSH_AUTH_SOCK=/x
export GIT_DIR PROBE_TOKEN SSH_AUTH_SOCK

for mode in $modes; do
	out=$(runner "$mode" --tree "$work/t" -- ./probes "$secret" "$name" \
		"$port" 2>&1)
	check "$mode: the probes ran to their end" \
		"$(printf '%s\n' "$out" | field outcome)" ok "$out"
	printf '%s\n' "$out" | field log >"$work/log"
	"$work/t/probes" list >"$work/list"
	while read -r by probe; do
		check "$mode: $probe" "$(grep "^$by $probe " "$work/log")" \
			"$by $probe denied"
	done <"$work/list"

	# The same without the filter: what it alone keeps out goes through.
	runner "$mode" --unsafe-without-filter --tree "$work/t" -- ./probes \
		"$secret" "$name" "$port" 2>/dev/null | field log >"$work/log"
	grep "^filter" "$work/list" | while read -r by probe; do
		echo "$(grep "^$by $probe " "$work/log")"
	done >"$work/open"
	check "$mode: without the filter the probes bite" \
		"$(grep -c ' DONE$' "$work/open")" \
		"$(grep -c '^filter' "$work/list")" "$(cat "$work/open")"
	check "$mode: the walls hold without the filter" \
		"$(grep -c '^walls.* DONE$' "$work/log")" 0 \
		"$(grep '^walls.* DONE$' "$work/log")"
done

# Two slots at once: what one holds the other neither sees nor touches. The
# holder says so at the end.
hold='socket(my $t, PF_INET, SOCK_STREAM, 0); setsockopt($t, SOL_SOCKET,
		SO_REUSEADDR, 1);
	bind($t, pack_sockaddr_in(34567, INADDR_LOOPBACK)) or die "port";
	socket(my $u, PF_UNIX, SOCK_STREAM, 0);
	bind($u, pack_sockaddr_un("\0pacegate-held")) or die "socket";
	listen($t, 5); listen($u, 5);
	for (qw(/tmp/held /dev/shm/held)) { open my $f, ">", $_; print $f "1"; }
	shmget(0x70616366, 4096, 01666); $SIG{TERM} = sub { print "hit\n" };
	print "holding\n"; for (1 .. 40) { select undef, undef, undef, 0.1 }
	my $in; vec($in, fileno $t, 1) = vec($in, fileno $u, 1) = 1;
	print select($in, undef, undef, 0) ? "met" : "alone",
		-s "/tmp/held" == 1 && -s "/dev/shm/held" == 1 ? " kept" : ""'
reach='$SIG{TERM} = "IGNORE"; socket(my $t, PF_INET, SOCK_STREAM, 0);
	connect($t, pack_sockaddr_in(34567, INADDR_LOOPBACK)) and print "port ";
	socket(my $u, PF_UNIX, SOCK_STREAM, 0);
	connect($u, pack_sockaddr_un("\0pacegate-held")) and print "socket ";
	for (qw(/tmp/held /dev/shm/held)) { -e and print "$_ ";
		open my $f, ">", $_; print $f "22"; }
	defined shmget(0x70616366, 0, 0) and print "segment ";
	kill(TERM => -1) and print "signal "; kill(TERM => $_) for 2 .. 5000;
	print "done"'
for mode in $modes; do
	case $mode in
	root) "$work/bin/pacegate-runner" --exec --slot 5 -- \
		perl -MSocket -e "$hold" >"$work/held" 2>&1 & ;;
	*) as_plain "$work/bin/pacegate-runner" --exec -- \
		perl -MSocket -e "$hold" >"$work/held" 2>&1 & ;;
	esac
	holder=$!
	sleep 1.5
	out=$(runner "$mode" -- perl -MSocket -e "$reach" 2>&1)
	check "$mode: nothing of another slot is in reach" \
		"$(printf '%s\n' "$out" | field log)" "done" "$out"
	wait $holder
	check "$mode: and it felt nothing" "$(field log <"$work/held")" \
		"holding
alone kept" "$(cat "$work/held")"
done

# Outside of the sandbox the walls are not there: as an ordinary user, and only
# those that look and do nothing.
harmless="host_secret host_port abstract_socket processes signals environment
	host_places host_segment"
as_plain "$work/t/probes" "$secret" "$name" "$port" $harmless \
	>"$work/log" 2>/dev/null
for probe in $harmless; do
	check "outside: $probe bites" "$(grep "^walls $probe " "$work/log")" \
		"walls $probe DONE"
done

check "core_pattern is what it was" "$(cat /proc/sys/kernel/core_pattern)" \
	"$core_pattern"
check "no survivors" "$(survivors probes)" ""
check "no groups left" "$(stale_groups)" ""

# As root without a slot's user: refused, nothing runs.
if is_root; then
	out=$("$work/bin/pacegate-runner" --exec --slot 998 -- true 2>&1)
	check "root without a slot's user is refused" "$?" 3 "$out"
	case $out in
	*contrib/slot-users*) ok "and told what to do" ;;
	*) not_ok "and told what to do" "$out" ;;
	esac
else
	skip "root without a slot's user is refused" "not root"
fi

# Restricted user namespaces: the setting is named, and nothing runs. It is of a
# namespace of the test's own.
out=$(as_plain unshare --user --map-current-user --keep-caps sh -c '
	echo 0 >/proc/sys/user/max_user_namespaces || exit 99
	exec "$0" --exec -- true' "$work/bin/pacegate-runner" 2>&1)
status=$?
if [ $status = 99 ]; then
	skip "without user namespaces nothing runs" "cannot restrict them here"
else
	check "without user namespaces nothing runs" $status 3 "$out"
	case $out in
	*max_user_namespaces*) ok "and the setting is named" ;;
	*) not_ok "and the setting is named" "$out" ;;
	esac
fi
finish
