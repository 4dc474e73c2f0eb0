#!/bin/sh
# The pages of a repository with hostile names and messages, as files and over
# HTTP.
. "$(dirname "$0")/../lib/tap.sh"

new_repo project
planted
ok "install" pacegate install "$bare" --gate main
plant a=30 "b<i>=10"
commit 'one <script>alert("1")</script>'
push -q origin main
long=$(printf '%0150d/%0150d' 0 0)
mkdir -p "perf/$(dirname "$long")"
printf '#!/bin/sh\n' >"perf/$long"
chmod +x "perf/$long"
git config -f .pacegate --add pacegate.tests 'perf/*'
git config -f .pacegate --add pacegate.tests 'perf/0*/*'
plant a=60 "b<i>=5" "$long=7"
commit "slow

Perf-Accept: perf/a wall <=+110% | <b>wanted</b>
Perf-Accept: perf/a cpu <=+110% | <b>wanted</b>"
push -q origin main
settle
tip=$(git rev-parse HEAD)

try pacegate pages "$scratch/www" --repo "$bare" --base https://perf.example/
ok "a static copy" is "$status" 0
ok "the manual has every member of the JSON behind them" \
	"$here/../lib/manual-json" "$build/man" pacegate-pages.7 \
	$(find "$scratch/www" -name '*.json')
cd "$scratch/www" || exit 1
ok "of all pages" test -e index.html -a -e "test/perf~a.html" \
	-a -e "test/perf~b=3Ci=3E.html" -a -e "commit/$tip.html" -a -e badge.svg
ok "nothing hostile in it" not grep -rlE '<script>alert|<b>wanted|b<i>' \
	--include=*.html --include=*.atom --include=*.svg .
ok "a long name has a page too" sh -c "ls test | grep -q '=+.*html'"
ok "every link leads somewhere" python3 - <<'PY'
import os, re, sys, urllib.parse
bad = []
for top, _, names in os.walk("."):
    for name in names:
        if not name.endswith(".html"):
            continue
        text = open(os.path.join(top, name)).read()
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            path = os.path.join(top, urllib.parse.unquote(link))
            if not os.path.exists(path):
                bad.append((name, link))
assert not bad, bad[:5]
PY
ok "pages and feeds are well-formed" python3 - <<'PY'
import glob, json, xml.etree.ElementTree as tree
from html.parser import HTMLParser
VOID = {"meta", "link", "input"}
class Check(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
pages = glob.glob("**/*.html", recursive=True)
assert len(pages) > 4
for name in pages:
    check = Check()
    check.feed(open(name).read())
    assert not check.open, (name, check.open)
for name in glob.glob("**/*.atom", recursive=True) + \
        glob.glob("**/*.svg", recursive=True):
    tree.parse(name)
for name in glob.glob("**/*.json", recursive=True):
    json.load(open(name))
PY
ok "the shelf names who did it" grep -q "by Ada" index.html
ok "the feed has the accepted regression" grep -q "perf/a" regressions.atom
ok "with a link to the page" grep -q "https://perf.example/commit/$tip" \
	regressions.atom
ok "the ledger says why" grep -q "&lt;b&gt;wanted&lt;/b&gt;" ledger.html
try pacegate pages "$scratch/www" --repo "$bare" --base https://perf.example/
ok "a second time nothing is written" has ", 0 written"
rm test/perf~a.svg "commit/$tip.html"
try pacegate pages "$scratch/www" --repo "$bare" --base https://perf.example/
ok "what somebody removed is there again" has ", 2 written"
try pacegate pages "$scratch/www" --repo "$bare" --base https://elsewhere/
ok "with another address the feeds are written" grep -q \
	"https://elsewhere/commit/$tip" regressions.atom test/perf~a.atom
ok "a copy says how revisions are compared" grep -q \
	"<code>pacegate compare A B</code>" compare.html

cd "$scratch" || exit 1
port=$(python3 -c "import socket; s = socket.socket(); \
s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
pacegate serve --repo "$bare" --listen "127.0.0.1:$port" >served 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT
ok "serve" waited 10 grep -q serving served
ok "the same over HTTP, in bounded time and bytes, whatever is asked" \
	python3 - "$port" "$tip" <<'PY'
import http.client, socket, sys
port, tip = int(sys.argv[1]), sys.argv[2]
def get(path, method="GET", headers={}, body=None):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    link.request(method, path, body, headers)
    answer = link.getresponse()
    text = answer.read()
    return answer, text.decode("utf-8")
for path in ["/", "/index.html", "/index.json", "/test/perf~a.html",
             "/test/perf~b%3D3Ci%3D3E.html", "/commit/%s.html" % tip,
             "/commit/%s.json" % tip, "/ledger.html", "/badge.svg",
             "/regressions.atom", "/improvements.atom", "/assets/style.css",
             "/compare.html", "/compare.html?a=main~1&b=main"]:
    answer, text = get(path)
    assert answer.status == 200, (path, answer.status)
    policy = answer.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy, policy
import os, urllib.parse
long = [name for name in os.listdir("www/test") if "=+" in name]
assert get("/test/" + urllib.parse.quote(long[0]))[0].status == 200
assert get("/test/x=+0123456789abcdef.html")[0].status == 404
assert "perf/a" in get("/compare.html?a=main~1&b=main")[1]
for path in ["/../../etc/passwd", "/test/..%2f..%2fconfig.html", "/config",
             "/commit/x.html", "/commit/" + "0" * 40 + ".html", "/test/",
             "/session/1.html", "/index-0.html", "/index-99.html",
             "/assets/../style.css", "/compare.html?a=nosuch&b=main",
             "/compare.html?a=-x&b=%1b%5b2J"]:
    answer, text = get(path)
    assert answer.status == 404, (path, answer.status)
    assert "\x1b" not in text
assert get("/", "POST", body="x")[0].status == 405
assert get("/", "HEAD")[0].status == 200
tag = get("/")[0].getheader("ETag")
assert get("/", headers={"If-None-Match": tag})[0].status == 304
answer, _ = get("/", headers={"X": "y" * 60000})
assert answer.status in (413, 431, 494, 400), answer.status
raw = socket.create_connection(("127.0.0.1", port), 20)
raw.sendall(b"\x00\xff garbage\r\n\r\n")
raw.recv(100)
assert get("/")[0].status == 200
PY
ok "it writes nothing" pacegate verify --repo "$bare"
kill -TERM $server
wait $server
ok "it ends when told to" is $? 0
try pacegate serve --repo "$bare" --listen nonsense
ok "a bad address is usage" is "$status" 2
try pacegate serve --repo "$bare" --listen 192.0.2.1:1
ok "one that is not ours is said" has "cannot listen on"
finish
