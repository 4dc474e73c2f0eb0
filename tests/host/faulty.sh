#!/bin/sh
# What gate/host/ makes of services that are ill, and of comments that are there
# already. The services are tests/host/fake.py, on loopback.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
fake
commit=6dcb09b5b57875f334f61aebed695e2e4193db5e

# at MODE ARGS...: a status to the service that answers so.
at() {
	mode=$1
	shift
	set -- status "url=$url/$mode" "token=$token" "$@"
	"$post" "$@" >"$shown" 2>&1
}
comes_to() {
	wanted=$1
	shift
	at "$@"
	grep -qx "outcome $wanted" "$shown" || { cat "$shown"; return 1; }
}
# waits LEAST MOST: the last post's wait.
waits() {
	wait=$(sed -n 's/^wait //p' "$shown")
	[ "$wait" -ge "$1" ] && [ "$wait" -le "$2" ] || {
		echo "waits $wait s"
		return 1
	}
}

ok "a status is delivered" comes_to delivered ok/github
ok "429 is tried again" comes_to retry 429
ok "after the seconds of its Retry-After" waits 77 90
ok "429 with a date is tried again" comes_to retry 429date
ok "after that date" waits 110 140
ok "429 without a time is tried again" comes_to retry 429bare
ok "after a minute or more" waits 60 130
ok "a rate limit's 403 is tried again" comes_to retry 403limit
ok "after its reset" waits 290 340
ok "a secondary limit's 403 is tried again" comes_to retry 403secondary
ok "after a minute or more" waits 60 130
ok "503 is tried again" comes_to retry 503
ok "after the seconds of its Retry-After" waits 66 80
ok "502 is tried again" comes_to retry 502
ok "soon" waits 1 5
ok "and later the more often it failed" comes_to retry 502 tries=5
ok "growing" waits 80 160
comes_to retry 502 tries=1000
ok "up to a bound" waits 450 900
ok "a commit that is not known yet is tried again" comes_to retry unknown
ok "but not for ever" comes_to refused unknown tries=4
for mode in 401 403 404 422; do
	ok "$mode is for good" comes_to refused $mode
	ok "$mode: what to do is said" grep -q '^advice .' "$shown"
done
ok "GitLab's state that stands is delivered" \
	comes_to delivered transition service=gitlab
ok "and to others a failure" comes_to refused transition
ok "HTML with 200 is no success" comes_to retry html
ok "and the URL is suspected" shows 'pacegate-host.url'
ok "nor is broken JSON" comes_to retry text
ok "a cut connection is tried again" comes_to retry cut
ok "a slammed door is tried again" comes_to retry slam
ok "one byte at a time ends in time" comes_to retry slow total=600
ok "an endless answer is cut" comes_to retry huge most=100000
ok "its size is said" shows 'larger than 100000 bytes'
ok "a name that is not there is tried again" \
	retried status url=https://pacegate.invalid "token=$token"
ok "nobody listens: tried again" retried status url=http://127.0.0.1:1
ok "clear text leaves this machine never" \
	refused status url=http://192.0.2.1/api "token=$token"
ok "nor by a name" refused status url=http://example.org "token=$token"
ok "a login in the URL is refused" \
	refused status url=https://ada:x@example.org "token=$token"
ok "a proxy is not told what goes to this machine" \
	env http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 \
	"$post" status "url=$url/ok/github" "token=$token"

ok "a proxy is asked for a tunnel" retried status \
	url=https://pacegate.invalid "proxy=$url" "token=$token"
ok "and sees no token" sh -c \
	'grep CONNECT "$1" | grep pacegate.invalid | grep -qv Bearer' - \
	"$dir/requests"

followed() { grep -c "\"port\": ${other##*:}," "$dir/requests"; }
ok "a redirect is not followed" comes_to retry redirect
ok "nor one for good" comes_to refused moved
ok "and its target is named" shows "$other"
ok "the other port saw nothing" is 0 "$(followed)"
ok "a rate limit holds the target's other posts" \
	comes_to retry 429 again=2
ok "without asking again" is 2 "$(grep -c '"/429/' "$dir/requests")"
ok "the last post that a limit allows is delivered" \
	comes_to delivered last again=1
ok "and holds the next" shows 'takes no more for now'

# The dry call of doctor.
for service in github gitlab gitea forgejo bitbucket; do
	ok "$service: a commit that is not there is the right to post" \
		delivered probe service=$service "url=$url/dry/$service" \
		"token=$token"
	ok "$service: a project that is not there is none" \
		refused probe service=$service "url=$url/blind/$service" \
		"token=$token" project=ada/commit-bot
	ok "$service: what to do is said" grep -q '^advice .' "$shown"
done
ok "a bad token fails the dry call" refused probe "url=$url/401" "token=$token"
ok "the service's clock is looked at" grep -qE '^skew (-1|0|1)$' "$shown"

# Secrets.
ok "a service that repeats the token" comes_to refused echo
ok "is not repeated" not shows secret-token
ok "though it was sent" grep -q 'Bearer secret-token-1234' "$dir/requests"
bad() { refuses_secret "$1" && shows "$2"; }
refuses_secret() {
	shown="$scratch/shown"
	! "$post" status "url=$url/ok/github" "token=$1" >"$shown" 2>&1
}
cp "$token" "$scratch/open" && chmod 640 "$scratch/open"
ok "a token that the group may read is refused" bad "$scratch/open" 'chmod 600'
: >"$scratch/empty" && chmod 600 "$scratch/empty"
ok "an empty one is refused" bad "$scratch/empty" empty
printf 'a\nX-Evil: 1\n' >"$scratch/lines" && chmod 600 "$scratch/lines"
ok "one with lines is refused" bad "$scratch/lines" 'one word'
cp "$token" "$scratch/foreign" && chmod 600 "$scratch/foreign"
if chown 65534 "$scratch/foreign" 2>/dev/null; then
	ok "one of somebody else is refused" \
		bad "$scratch/foreign" 'another user'
else
	skip "one of somebody else is refused" "only root can give it away"
fi
mkfifo -m 600 "$scratch/fifo"
ok "a pipe is refused" bad "$scratch/fifo" 'not a regular file'
ok "a missing one is said" bad "$scratch/none" 'No such file'
ok "a credential without systemd is said" bad name LoadCredential
mkdir "$scratch/credentials" && install -m 440 "$token" \
	"$scratch/credentials/pacegate"
ok "a systemd credential is read" env \
	CREDENTIALS_DIRECTORY="$scratch/credentials" \
	"$post" status "url=$url/ok/github" token=pacegate

# A core dump, if this machine writes any here, would hold the token.
dumps() {
	rm -f core*
	(ulimit -c unlimited && exec "$@") &
	dumped=$!
	sleep 0.5
	tr '\0' ' ' <"/proc/$dumped/cmdline" >"$scratch/cmdline"
	kill -SEGV $dumped
	wait $dumped 2>/dev/null
	ls core* >/dev/null 2>&1
}
mkdir "$scratch/dump" && cd "$scratch/dump" || exit 1
if dumps sleep 5; then
	ok "no core dump holds the token" not dumps "$post" status \
		"url=$url/slow" "token=$token"
else
	skip "no core dump holds the token" \
		"core_pattern is $(cat /proc/sys/kernel/core_pattern)"
	dumps "$post" status "url=$url/slow" "token=$token"
fi
ok "nor does its command line" not grep -q secret-token "$scratch/cmdline"
ok "which was seen" grep -q "url=" "$scratch/cmdline"
cd "$here" || exit 1

# Comments. places SERVICE: the path of their list.
places() {
	case $1 in
	github) echo "/repos/ada/engine/commits/$commit/comments" ;;
	gitea) echo "/repos/ada/engine/issues/7/comments" ;;
	gitlab) echo "/projects/ada%2Fengine/repository/commits/$commit/comments" ;;
	bitbucket) echo "/repositories/ada/engine/commit/$commit/comments" ;;
	esac
}
comment() {
	service=$1
	shift
	delivered comment service="$service" "url=$url/ok/$service" \
		"token=$token" "$@"
}
# lists SERVICE: the texts, without their hidden lines.
lists() {
	curl -s "$url/ok/$1$(places "$1")" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
for row in rows["values"] if isinstance(rows, dict) else rows:
    body = row.get("body", row.get("note")) or row["content"]["raw"]
    print(body.split("\n")[0])'
}
listed() {
	lists "$1" >"$scratch/lists"
	shift
	printf '%s\n' "$@" | diff - "$scratch/lists"
}
by_hand() {
	curl -s -o /dev/null "$url/ok/$1$(places "$1")" -d "$2"
}
for service in github gitlab gitea bitbucket; do
	curl -s -o /dev/null "$url/drop/"
	case $service in
	gitlab) by_hand $service '{"note": "first!"}' ;;
	bitbucket) by_hand $service '{"content": {"raw": "first!"}}' ;;
	*) by_hand $service '{"body": "first!"}' ;;
	esac
	comment $service body=slower key=a
	ok "$service: a comment is made" listed $service first! slower
	comment $service body='slower still' key=b
	ok "$service: and edited in place" listed $service first! \
		'slower still'
	comment $service body=severe key=c fresh=1
	ok "$service: a new one where it gets worse" listed $service first! \
		'slower still' severe
	comment $service body=severe key=c fresh=1
	ok "$service: once, though it was sent twice" listed $service first! \
		'slower still' severe
	comment $service body=fine key=d
	ok "$service: the newest is edited" listed $service first! \
		'slower still' fine
	comment $service body=other marker=else key=a
	ok "$service: another marker is another comment" listed $service \
		first! 'slower still' fine other
	comment $service body='denied to all' key=e fresh=1
	comment $service body='said anew' key=f
	ok "$service: what may not be edited is said anew" listed $service \
		first! 'slower still' fine other 'denied to all' 'said anew'
done
curl -s -o /dev/null "$url/drop/"
comment github body=one key=a
id=$(sed -n 's/^id //p' "$shown")
before=$(wc -l <"$dir/requests")
comment github body=two "id=$id"
ok "a known id saves the list" is $((before + 1)) "$(wc -l <"$dir/requests")"
ok "and is edited" listed github two
curl -s -o /dev/null "$url/drop/"
comment github body=three "id=$id"
ok "an id that is gone is said anew" listed github three
by_hand github '{"body": "quoted <!-- pacegate pacegate/test - --> reply"}'
by_hand github '{"body": "<!-- pacegate pacegate/test - -->\n\nI see"}'
comment github body=four
ok "what somebody quotes is not ours" listed github four \
	'quoted <!-- pacegate pacegate/test - --> reply' \
	'<!-- pacegate pacegate/test - -->'
curl -s -o /dev/null "$url/drop/"
for i in $(seq 130); do by_hand github "{\"body\": \"$i\"}"; done
comment github body=far key=a
by_hand github '{"body": "more"}'
comment github body=farther key=b
ok "one on the second page is found" is 132 "$(lists github | wc -l; )"

touch "$dir/bloated"
large() {
	outcome "$1" comment service=github "url=$url/ok/github" \
		"token=$token" most=100000 body=large key=z tries="$2"
}
ok "a list that is too large is tried again" large retry 0
ok "and in the end gone without" large delivered 2
rm "$dir/bloated"

# Gerrit.
ok "gerrit: a vote is cast" comes_to delivered ok/gerrit/a service=gerrit \
	state=failed context=Performance page=https://perf.example.org/x
ok "gerrit: on the label that is configured" grep -q \
	'labels[^}]*Performance[^}]*-1' "$dir/requests"
ok "gerrit: nothing while it is pending" \
	comes_to nowhere ok/gerrit/a service=gerrit state=pending

# Webhooks and commands.
printf 'key' >"$scratch/key" && chmod 600 "$scratch/key"
hook() {
	delivered webhook "url=$url/html/hook" "secret=$scratch/key" \
		body='{"verdict": "severe"}' id=abc.1
}
ok "a webhook is delivered" hook
ok "signed, as OpenSSL's own dgst says" grep -q "X-Hub-Signature-256\": \
\"sha256=$(printf '{"verdict": "severe"}' | openssl dgst -sha256 -hmac key |
	sed 's/.* //')\"" "$dir/requests"
ok "with an id to know it by" grep -q 'X-Pacegate-Delivery": "abc.1"' \
	"$dir/requests"
ok "a command gets the JSON" outcome delivered notify \
	"command=cat >$scratch/got" body='{"a": 1}'
ok "whole" is '{"a": 1}' "$(cat "$scratch/got")"
ok "one that fails is tried again" retried notify 'command=echo why >&2; exit 3'
ok "and what it said is shown" shows 'ended with 3: why'
ok "one that always fails is given up" refused notify command=false tries=7
ok "one that hangs is ended" retried notify 'command=sleep 30' total=200
ok "one that reads nothing is well" delivered notify command=true \
	body="$(head -c 100000 /dev/zero | tr '\0' x)"
ok "it sees neither git's variables nor tokens" env GIT_DIR=/x \
	CREDENTIALS_DIRECTORY=/y "$post" notify \
	'command=! env | grep -q "GIT_\|CREDENTIALS"'
ok "and was delivered" outcome delivered notify \
	'command=! env | grep -q "GIT_\|CREDENTIALS"'
finish
