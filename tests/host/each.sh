#!/bin/sh
# A push that regresses, on each kind of service: its words for the states, its
# token, and one comment where it has a place for one. The services are
# tests/host/fake.py.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
umask 022
fake
# delivered_all: the worker's own delivery may still be at it.
delivered_all() {
	settle
	waited 20 sh -c 'pacegate deliver --repo "$1" >/dev/null 2>&1
		pacegate status --repo "$1" | grep -q "^outbox *0$"' - "$bare" ||
		{ pacegate status --repo "$bare"; return 1; }
}
# sent WHAT SERVICE: the states of HEAD's statuses, or how many comments were
# posted and edited.
sent() {
	python3 - "$dir/requests" "$(git rev-parse HEAD)" "$@" <<'END'
import json, sys
path, commit, what, service = sys.argv[1:]
words, made, edited = [], 0, 0
for line in open(path):
    r = json.loads(line)
    if not r["path"].startswith("/ok/" + service + "/"):
        continue
    body = json.loads(r["body"] or "{}")
    if "/statuses" in r["path"] and commit in r["path"]:
        words.append(body["state"])
    elif r["path"].endswith("/review") and commit in r["path"]:
        words.append(str(body["labels"]))
    elif r["method"] == "POST" and "comments" in r["path"]:
        made += 1
    elif r["method"] in ("PUT", "PATCH"):
        edited += 1
print(*words if what == "states" else (made, edited))
END
}

# try_service SERVICE BASE HEADER STATES COMMENTS
try_service() {
	new_repo "$1"
	pacegate install "$bare" --gate main >/dev/null 2>&1
	planted
	git -C "$bare" config pacegate.refs/heads/main.mode report
	git -C "$bare" config pacegate-host.type "$1"
	git -C "$bare" config pacegate-host.url "$url/ok/$1$2"
	git -C "$bare" config pacegate-host.project ada/engine
	git -C "$bare" config pacegate-host.tokenFile "$token"
	plant a=30
	commit "A test"
	push origin main
	delivered_all
	plant a=40
	commit "Slower"
	push origin main
	ok "$1: everything is delivered" delivered_all
	ok "$1: its words for a regression" is "$(sent states "$1")" "$4"
	ok "$1: its comments" is "$(sent comments "$1")" "$5"
	ok "$1: its token" grep -q "/ok/$1$2/.*\"$3" "$dir/requests"
}
try_service github '' 'Authorization": "Bearer secret' 'pending failure' '1 0'
try_service gitlab '' 'PRIVATE-TOKEN": "secret' 'pending failed' '1 0'
try_service gitea '' 'Authorization": "token secret' 'pending failure' '1 0'
try_service forgejo '' 'Authorization": "token secret' 'pending failure' '1 0'
try_service bitbucket '' 'Authorization": "Bearer secret' \
	'INPROGRESS FAILED' '1 0'
echo 'ada:secret' >"$token"
try_service gerrit /a "Authorization\": \"Basic $(printf ada:secret | base64)" \
	"{'Verified': -1}" '0 0'
finish
