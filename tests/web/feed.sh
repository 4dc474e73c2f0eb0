#!/bin/sh
# The Atom feeds, read by a feed reader's parser: of a static copy and over HTTP.
. "$(dirname "$0")/../lib/tap.sh"

# shellcheck source=tests/web/story.sh
. "$here/story.sh"
base=https://perf.example/p/
pacegate pages "$scratch/www" --repo "$bare" --base "$base" >/dev/null
cd "$scratch/www" || exit 1
ok "XML without a fault" xmllint --noout --nonet regressions.atom \
	improvements.atom test/*.atom
port=$(python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
pacegate serve --repo "$bare" --listen "127.0.0.1:$port" >"$scratch/served" &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
ok "serve" waited 10 grep -q serving "$scratch/served"

# reads FILE-OR-URL CONDITION: what feedparser makes of it.
reads() {
	/usr/bin/python3 - "$@" <<'PY'
import sys
import feedparser
where, condition = sys.argv[1:3]
feed = feedparser.parse(where)
entries = feed.entries
assert feed.version == "atom10" and not feed.bozo, feed.get("bozo_exception")
assert feed.feed.id and feed.feed.title and feed.feed.updated_parsed
for entry in entries:
    for name in "id", "title", "link", "author", "updated_parsed", "summary":
        assert entry[name], (name, entry)
assert len({entry.id for entry in entries}) == len(entries)
times = [entry.updated_parsed for entry in entries]
assert times == sorted(times, reverse=True)
again = feedparser.parse(where, etag=feed.get("etag"))
assert eval(condition), (condition, entries[:2])
PY
}
# shellcheck disable=SC2154 # of story.sh
link="${base}commit/$slow.html"
ok "regressions" reads regressions.atom \
	"any(e.link == '$link' and e.author == 'Linus' for e in entries)"
ok "the accepted one too" reads regressions.atom \
	"any('ssl-transfer' in e.title for e in entries)"
ok "improvements" reads improvements.atom \
	"[e.author for e in entries] == ['Grace Hopper']"
ok "of one test" reads test/perf~gc-minor.atom \
	"len(entries) == 3 and all('gc-minor' in e.title for e in entries)"
ok "one without findings" reads test/perf~io.atom "not entries"
ok "hostile text is text" reads regressions.atom \
	"not any('<' in e.title + e.author or '\\x1b' in e.summary for e in entries)"
ok "over HTTP, where links lead into the same pages" reads \
	"http://127.0.0.1:$port/test/perf~gc-minor.atom" \
	"entries[2].link == 'http://127.0.0.1:$port/commit/$slow.html'"
ok "which is not sent again" reads "http://127.0.0.1:$port/regressions.atom" \
	"again.status == 304 and not again.entries"
finish
