#!/bin/sh
# Builds that try to get out: through the tar stream, the target, the disk.
set -u
. "$(dirname "$0")/common"
prepare
secret=$work/secret
echo s3cret >"$secret"
mkdir "$work/src"
printf '#!/bin/sh\nexit 0\n' >"$work/src/test"
chmod 755 "$work/src/test"
echo original >"$work/src/file"
ln -s "$secret" "$work/src/link"

# build MODE COMMAND [OPTIONS]: leaves $out, $target
build() {
	mode=$1 command=$2
	shift 2
	target=$work/target
	rm -rf "$target"
	mkdir "$target"
	if [ "$mode" = plain ] && is_root; then
		chown $plain_user "$target"
	fi
	out=$(runner "$mode" --source "$work/src" --target "$target" \
		--timeout 20s --disk 20M --memory 200M "$@" \
		--build "$command" 2>&1)
}

for mode in $modes; do
	build "$mode" 'echo made >made && chmod 755 made && rm file'
	check "$mode: a build succeeds" "$(printf '%s\n' "$out" | field failed)" 0 "$out"
	check "$mode: what it made is there" \
		"$(cat "$target/made" 2>/dev/null)" made
	check "$mode: what it removed is gone" \
		"$([ -e "$target/file" ] && echo there)" ""
	check "$mode: the source is as it was" "$(cat "$work/src/file")" \
		original
	check "$mode: a link stays a link" "$(readlink "$target/link")" \
		"$secret"

	build "$mode" 'exit 3'
	check "$mode: a failing build is the test's failure" \
		"$(printf '%s\n' "$out" | field why)" "build: exit 3" "$out"
	build "$mode" 'echo x >/src/file'
	check "$mode: the source is read-only" "$(printf '%s\n' "$out" | field failed)" \
		1 "$out"
	build "$mode" 'sleep 60' --timeout 1s
	case $(printf '%s\n' "$out" | field why) in
	*"longer than 1 s"*) ok "$mode: its time is limited" ;;
	*) not_ok "$mode: its time is limited" "$out" ;;
	esac
	build "$mode" 'dd if=/dev/zero of=big bs=1M count=100'
	case $(printf '%s\n' "$out" | field why) in
	*"disk was full"*) ok "$mode: its disk is limited" ;;
	*) not_ok "$mode: its disk is limited" "$out" ;;
	esac
	# A sparse file streams as zeros.
	build "$mode" 'for i in 1 2 3 4 5 6 7 8; do truncate -s 19M s$i; done'
	case $(printf '%s\n' "$out" | field why) in
	*packing*) ok "$mode: the stream is limited" ;;
	*) not_ok "$mode: the stream is limited" "$out" ;;
	esac
	build "$mode" 'for i in 1 2 3; do (while :; do :; done) & done; exit 0'
	check "$mode: what it leaves running is no failure" \
		"$(printf '%s\n' "$out" | field failed)" 0 "$out"
	build "$mode" 'chmod 4755 test; mkfifo pipe; mkdir closed; chmod 0 closed
		ln -s /etc/passwd out; ln file hard'
	check "$mode: odd files are no failure of ours" "$?" 0 "$out"
	check "$mode: setuid bits do not come out" \
		"$(find "$target" -perm /6000 | wc -l)" 0
	build "$mode" 'test ! -e /dev/vda && ! ls /root &&
		test "$(tail -n +3 /proc/net/dev | wc -l)" = 1 &&
		! env | grep -q PROBE'
	check "$mode: a build sees no host, network or environment" \
		"$(printf '%s\n' "$out" | field failed)" 0 "$out"
done

# What can leave the stream reaches the target only. The builder packs with
# the sandbox's own tar, so a forged stream is fed to the second half alone.
for mode in $modes; do
	rm -rf "$work/forged" "$work/outside"
	mkdir "$work/forged" "$work/outside"
	perl -e '
		sub entry { my ($n, $t, $l, $d) = @_;
			my $h = pack("a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12",
				$n, "0004755", "0000000", "0000000",
				sprintf("%011o", length $d), "00000000000", "",
				$t, $l, "ustar", "00", "root", "root", "0000001", "0000003", "");
			substr($h, 148, 8) = sprintf("%06o\0 ", unpack("%32C*", $h));
			return $h . $d . "\0" x (-length($d) % 512); }
		print entry("../../escaped", "0", "", "x"),
			entry("/tmp/pacegate-escaped", "0", "", "x"),
			entry("l", "2", "$ARGV[0]", ""), entry("l/x", "0", "", "x"),
			entry("dev", "3", "", ""), entry("setuid", "0", "", "x"),
			"\0" x 1024;' "$work/outside" >"$work/forged/stream"
	chmod 644 "$work/forged/stream"
	rm -rf "$work/target"
	mkdir "$work/target"
	if is_root; then
		[ "$mode" = plain ] && chown $plain_user "$work/target" ||
			chown _pacegate$root_slot "$work/target"
	fi
	runner "$mode" --source "$work/forged" --tree "$work/target" \
		--tree-writable -- tar -x --no-same-permissions \
		--no-same-owner -P -f /src/stream -C /t >/dev/null 2>&1
	check "$mode: a forged stream stays in the target" \
		"$(ls "$work/outside"; ls "$work" | grep escaped
		ls /tmp/pacegate-escaped 2>/dev/null)" ""
	check "$mode: and makes no devices" \
		"$(find "$work/target" "(" -type c -o -type b ")")" ""
	rm -rf "$work/target"
done
check "no survivors" "$(survivors pacegate-shim)" ""
check "no groups left" "$(stale_groups)" ""
finish
