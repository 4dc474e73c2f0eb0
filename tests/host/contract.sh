#!/bin/sh
# Every request of gate/host/ against the services' published API descriptions
# (third-party data in ../shared/contract, or where CONTRACT_DIR says), which a
# server answers from; and wrong ones, which it has to refuse.
. "$(dirname "$0")/../lib/tap.sh"
. "$here/common"
contract=${CONTRACT_DIR:-$here/../../../shared/contract}

all="every request is what the services' descriptions say"
[ -x "$contract/serve" ] || {
	skip "$all" "no API descriptions at $contract; set CONTRACT_DIR"
	finish
}
command -v npm >/dev/null || {
	skip "$all" "npm is not there to run the server of descriptions"
	finish
}

pids=""
trap 'kill $pids 2>/dev/null; rm -rf "$scratch"' EXIT
modules=${CONTRACT_MODULES:-$build/contract}
port=$((20000 + $$ % 20000))
# serve SERVICE: leaves its URL in url_SERVICE. One after the other, since the
# first installs what it needs.
serve() {
	port=$((port + 1))
	"$contract/serve" "$1" "$port" "$modules" >"$scratch/serve.out" 2>&1 || {
		sed 's/^/# /' "$scratch/serve.out"
		skip "$1: $all" "its server does not start"
		return 1
	}
	pids="$pids $(cat "$modules/$1.pid")"
	url="http://127.0.0.1:$port"
}

# Beyond what any service takes, with a character of three bytes at the cut.
long=$(python3 -c 'print("€ slower " * 60)')
page=https://perf.example.org/ada/engine/

# The description names a state, or a field, that pacegate does not use.
wrong() {
	code=$(curl -s -o /dev/null -w '%{http_code}' "$@" \
		-H 'Content-Type: application/json')
	[ "$code" -ge 400 ] || { echo "answered $code"; return 1; }
}

# statuses SERVICE: every state, with and without a link, short and long.
statuses() {
	for state in pending passed failed broken error; do
		delivered status "$@" state=$state || return 1
		delivered status "$@" state=$state page=$page \
			title="$long" context="$long" || return 1
	done
}
# comments SERVICE: listed, and made. The list of Bitbucket's description holds
# what breaks its own rules, and is answered with 500.
comments() {
	delivered comment "$@" body="$long" tries=3 &&
		delivered comment "$@" fresh=1 key=abc tries=3
}
# The example of Gitea's description has the number 0: none.
asked() { outcome nowhere comment "$@" && shows 'status 200'; }

# check SERVICE STATUS-PATH TYPE BASE AUTHORIZATION
check() {
	service=$1 type=$3
	serve "$1" || return
	set -- "service=$3" "url=$url$4" "token=$token" "$url$4$2" "$5"
	ok "$service: statuses" statuses "$1" "$2" "$3"
	case $type in
	gitea | forgejo) ok "$service: the commit's pull request" \
		asked "$1" "$2" "$3" ;;
	*) ok "$service: comment on a commit" comments "$1" "$2" "$3" ;;
	esac
	ok "$service: dry call" delivered probe "$1" "$2" "$3"
	case $type in
	github | gitea | forgejo)
		ok "$service: comment on a pull request" \
			comments "$1" "$2" "$3" number=7
		ok "$service: comment edited by its id" \
			delivered comment "$1" "$2" "$3" number=7 id=42 ;;
	esac
	[ "$type" != github ] || ok "$service: commit's comment edited" \
		delivered comment "$1" "$2" "$3" id=42
	ok "$service: no token is refused" refused status "$1" "$2"
	ok "$service: and what to do is said" shows 'pacegate-host.tokenFile'
	ok "$service: a wrong state is refused" wrong -X POST -H "$5" "$4" \
		-d '{"state": "fine", "key": "x", "type": "build"}'
	ok "$service: a wrong body is refused" \
		wrong -X POST -H "$5" -d '{"state": 1}' "$4"
	ok "$service: a wrong path is refused" \
		wrong -X POST -H "$5" -d '{"state": "success"}' "$4/x/y"
}

commit=6dcb09b5b57875f334f61aebed695e2e4193db5e
statuses=/repos/ada/engine/statuses/$commit
check github "$statuses" github '' 'Authorization: Bearer t'
ok "github: a description that is too long is refused" wrong -X POST \
	-H 'Authorization: Bearer t' "$url$statuses" \
	-d "{\"state\": \"success\", \"description\": \"$long\"}"
check github-enterprise "$statuses" github '' 'Authorization: Bearer t'
check gitlab /projects/7/statuses/$commit gitlab /api/v4 'PRIVATE-TOKEN: t'
ok "gitlab: a project by its number" delivered status service=gitlab \
	"url=$url/api/v4" "token=$token" project=7
ok "gitlab: a path that is not escaped is refused" wrong -X POST \
	-H 'PRIVATE-TOKEN: t' -d '{"state": "success"}' \
	"$url/api/v4/projects/ada/engine/statuses/$commit"
check gitea "$statuses" gitea '' 'Authorization: token t'
check forgejo "$statuses" forgejo '' 'Authorization: token t'
check bitbucket /repositories/ada/engine/commit/$commit/statuses/build \
	bitbucket '' 'Authorization: Bearer t'
finish
