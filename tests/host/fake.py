#!/usr/bin/env python3
"""fake.py DIR: hosting services on loopback that remember, and faulty ones.

Writes its URL to DIR/url, that of a second port to DIR/other, and each request
as a line of JSON to DIR/requests. The first part of a path says how to answer:
/ok keeps comments as the services do; /429, /html, /cut and so on are faults.
"""
import json
import os
import re
import signal
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIR = sys.argv[1]
LOCK = threading.Lock()
COMMENTS = {}  # thread -> [{"id": N, "body": TEXT, "denied": BOOL}]
NEXT = [0]

# SERVICE, METHOD, path -> what to do with which thread or id. {t} is a thread,
# {i} a comment's id.
ROUTES = [
    ("github", "GET", "/repos/x/y/commits/C/comments", "list", "body"),
    ("github", "POST", "/repos/x/y/commits/C/comments", "create", "body"),
    ("github", "PATCH", "/repos/x/y/comments/I", "edit", "body"),
    ("github", "GET", "/repos/x/y/issues/N/comments", "list", "body"),
    ("github", "POST", "/repos/x/y/issues/N/comments", "create", "body"),
    ("github", "PATCH", "/repos/x/y/issues/comments/I", "edit", "body"),
    ("gitlab", "GET", "/projects/x%2Fy/repository/commits/C/comments",
     "anonymous", "note"),
    ("gitlab", "POST", "/projects/x%2Fy/repository/commits/C/comments",
     "create", "note"),
    ("gitlab", "GET", "/projects/x%2Fy/repository/commits/C/discussions",
     "threads", "body"),
    ("gitlab", "PUT",
     "/projects/x%2Fy/repository/commits/C/discussions/T/notes/I",
     "edit", "body"),
    ("gitlab", "GET", "/projects/x%2Fy/merge_requests/N/notes", "list",
     "body"),
    ("gitlab", "POST", "/projects/x%2Fy/merge_requests/N/notes", "create",
     "body"),
    ("gitlab", "PUT", "/projects/x%2Fy/merge_requests/N/notes/I", "edit",
     "body"),
    ("bitbucket", "GET", "/repositories/x/y/commit/C/comments", "values",
     "raw"),
    ("bitbucket", "POST", "/repositories/x/y/commit/C/comments", "create",
     "raw"),
    ("bitbucket", "PUT", "/repositories/x/y/commit/C/comments/I", "edit",
     "raw"),
    ("bitbucket", "GET", "/repositories/x/y/pullrequests/N/comments",
     "values", "raw"),
    ("bitbucket", "POST", "/repositories/x/y/pullrequests/N/comments",
     "create", "raw"),
    ("bitbucket", "PUT", "/repositories/x/y/pullrequests/N/comments/I",
     "edit", "raw"),
]
for row in list(ROUTES):
    if row[0] == "github" and "issues" in row[2]:
        ROUTES.append(("forgejo",) + row[1:])
        ROUTES.append(("gitea",) + row[1:])
PARTS = {"C": "[0-9a-f]{40}", "I": "([0-9]+)", "N": "[0-9]+",
         "T": "[0-9a-f]+"}


def pattern(path):
    return "/".join(PARTS.get(p, re.escape(p).replace("x", "[^/%]+", 1)
                    .replace("y", "[^/%]+", 1) if p in ("x", "y", "x%2Fy")
                    else re.escape(p)) for p in path.split("/"))


def shape(comment, field):
    if field == "raw":
        return {"id": comment["id"], "content": {"raw": comment["body"]}}
    return {"id": comment["id"], field: comment["body"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    # DIR/kills holds a line for each of the next requests to /ok: when to
    # kill whoever delivers for this repository, and the repository.
    def kill(self, when):
        if not self.plan or self.plan[0] != when:
            return
        for process in os.listdir("/proc"):
            try:
                with open("/proc/%d/cmdline" % int(process)) as file:
                    words = file.read().split("\0")
                if "deliver" in words and self.plan[1] in words:
                    os.kill(int(process), signal.SIGKILL)
                    with open(os.path.join(DIR, "killed"), "a") as out:
                        out.write(when + "\n")
            except (ValueError, OSError):
                pass

    def take_plan(self):
        path = os.path.join(DIR, "kills")
        self.plan = None
        if self.path.startswith("/ok/") and os.path.exists(path):
            with open(path) as file:
                lines = file.readlines()
            if lines:
                self.plan = lines[0].split()
            with open(path, "w") as file:
                file.writelines(lines[1:])

    def answer(self, status, body=None, kind="application/json", **headers):
        self.kill("done")
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        self.kill("answered")

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.text = self.rfile.read(length).decode()
        with LOCK:
            self.take_plan()
        if self.plan and self.plan[0] == "asked":
            self.close_connection = True
            return self.kill("asked")
        with LOCK, open(os.path.join(DIR, "requests"), "a") as log:
            log.write(json.dumps({
                "port": self.server.server_port, "method": self.command,
                "path": self.path, "headers": dict(self.headers),
                "body": self.text}) + "\n")
        mode, _, rest = self.path[1:].partition("/")
        fault = getattr(self, "do_" + mode, None)
        try:
            fault("/" + rest) if fault else self.answer(404, {"message": "?"})
        except (BrokenPipeError, ConnectionResetError):
            pass

    do_GET = do_POST = do_PUT = do_PATCH = do_CONNECT = handle_any

    # /ok/SERVICE/...
    def do_ok(self, path):
        path, _, query = path.partition("?")
        _, service, path = path.split("/", 2)
        path = "/" + path
        if re.search(r"/statuses(/build|/[0-9a-f]{40})$", path):
            return self.answer(201, {"id": 1})
        if path.endswith("/pull"):
            return self.answer(200, {"number": 7})
        if path.startswith("/changes/?"):
            query = path
        if service == "gerrit":
            return self.gerrit(path, query)
        for name, method, route, what, field in ROUTES:
            match = re.fullmatch(pattern(route), path)
            if name == service and method == self.command and match:
                with LOCK:
                    return self.comments(what, field, path, query,
                                         match.groups())
        return self.answer(404, {"message": "404 Not Found"})

    def gerrit(self, path, query):
        found = b")]}'\n" + json.dumps([{"_number": 12}]).encode()
        if path == "/a/changes/" and self.command == "GET":
            return self.answer(200, found)
        if re.fullmatch("/a/changes/12/revisions/[0-9a-f]{40}/review", path):
            return self.answer(200, b")]}'\n{}")
        return self.answer(404, b"Not found", "text/plain")

    def comments(self, what, field, path, query, groups):
        body = json.loads(self.text or "{}")
        text = body.get("content", {}).get("raw", body.get(field))
        if what == "create":
            NEXT[0] += 1
            entry = {"id": NEXT[0], "body": text,
                     "denied": text.startswith("denied")}
            COMMENTS.setdefault(path, []).append(entry)
            made = shape(entry, field)
            if field == "note":
                del made["id"]
            return self.answer(201, made)
        if what == "edit":
            for entry in sum(COMMENTS.values(), []):
                if entry["id"] == int(groups[0]):
                    if entry["denied"]:
                        return self.answer(403, {"message": "Forbidden"})
                    entry["body"] = text
                    return self.answer(200, shape(entry, field))
            return self.answer(404, {"message": "Not Found"})
        page = int((re.search(r"\bpage=(\d+)", query) or [0, 1])[1])
        thread = path.replace("/discussions", "/comments")
        all_ = COMMENTS.get(thread, [])
        some = all_[(page - 1) * 100:page * 100] if query else all_
        rows = [shape(entry, field) for entry in some]
        if what == "anonymous":
            for row in rows:
                del row["id"]
        if what == "threads":
            rows = [{"id": "%040x" % row["id"], "notes": [row]}
                    for row in rows]
        if os.path.exists(os.path.join(DIR, "bloated")):
            rows = [{"id": 1, "body": "x" * 200000}]
        if what == "values":
            more = {"next": "x"} if len(all_) > page * 100 else {}
            return self.answer(200, {"values": rows, **more})
        return self.answer(200, rows)

    def do_drop(self, _):
        with LOCK:
            COMMENTS.clear()
        self.answer(200, {})

    # What a dry call meets: /dry/SERVICE/..., /blind/SERVICE/... where the
    # token sees no such project.
    def do_dry(self, path):
        if self.command == "GET":
            return self.answer(200, {"version": "1"})
        service = path.split("/")[1]
        self.answer(*{
            "github": (422, {"message": "No commit found for SHA: 000"}),
            "gitlab": (404, {"message": "404 Commit Not Found"}),
            "gitea": (500, {"message": ""}),
            "forgejo": (404, {"message": "object does not exist [id: 000]"}),
            "bitbucket": (404, {"type": "error", "error": {
                "message": "Commit not found"}}),
        }[service])

    def do_blind(self, path):
        if self.command == "GET":
            return self.answer(200, {"version": "1"})
        service = path.split("/")[1]
        self.answer(*{
            "github": (404, {"message": "Not Found", "documentation_url":
                             "https://docs.github.com/rest/commits/statuses"
                             "#create-a-commit-status"}),
            "gitlab": (404, {"message": "404 Project Not Found"}),
            "gitea": (404, {"message": "The target couldn't be found."}),
            "forgejo": (403, {"message": "token does not have at least one "
                              "of required scope(s)"}),
            "bitbucket": (404, {"type": "error", "error": {
                "message": "Repository ada/commit-bot not found"}}),
        }[service])

    # Faults.
    def do_429(self, _):
        self.answer(429, {"message": "slow down"}, Retry_After=77)

    def do_429date(self, _):
        self.answer(429, {"message": "slow down"},
                    Retry_After=formatdate(time.time() + 120, usegmt=True))

    def do_429bare(self, _):
        self.answer(429, {"message": "slow down"})

    def do_403limit(self, _):
        self.answer(403, {"message": "API rate limit exceeded"},
                    X_RateLimit_Remaining=0,
                    X_RateLimit_Reset=int(time.time()) + 300)

    def do_403secondary(self, _):
        self.answer(403, {"message": "You have exceeded a secondary rate "
                          "limit"})

    def do_last(self, _):
        self.answer(201, {"id": 1}, X_RateLimit_Remaining=0,
                    X_RateLimit_Reset=int(time.time()) + 300)

    def do_403(self, _):
        self.answer(403, {"message": "Resource not accessible"})

    def do_401(self, _):
        self.answer(401, {"message": "Bad credentials"})

    def do_404(self, _):
        self.answer(404, {"message": "Not Found"})

    def do_422(self, _):
        self.answer(422, {"message": "Validation Failed",
                          "errors": [{"code": "custom"}]})

    def do_unknown(self, _):
        self.answer(422, {"message": "No commit found for SHA: 6dcb"})

    def do_transition(self, _):
        self.answer(400, {"message": "Cannot transition status via :enqueue "
                          "from :pending"})

    def do_503(self, _):
        self.answer(503, b"<html>later</html>", "text/html", Retry_After=66)

    def do_502(self, _):
        self.answer(502, b"bad gateway", "text/plain")

    def do_html(self, _):
        self.answer(200, b"<html>Welcome</html>", "text/html")

    def do_text(self, _):
        self.answer(200, b"{ not json", "application/json")

    def do_redirect(self, path):
        with open(os.path.join(DIR, "other")) as other:
            self.answer(307, {}, Location=other.read() + "/ok" + path)

    def do_moved(self, path):
        with open(os.path.join(DIR, "other")) as other:
            self.answer(301, {}, Location=other.read() + "/ok" + path)

    def do_echo(self, _):
        self.answer(422, {"message": "x" * 200 + str(self.headers)})

    def do_cut(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"id"')
        self.close_connection = True

    def do_slam(self, _):
        self.close_connection = True

    def do_silent(self, _):
        time.sleep(5)
        self.close_connection = True

    def do_slow(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(300):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def do_huge(self, _):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        for _ in range(1 << 14):
            self.wfile.write(b" " * (1 << 16))


for file in ("other", "url"):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(DIR, file + ".new"), "w") as out:
        out.write("http://127.0.0.1:%d" % server.server_port)
    os.rename(os.path.join(DIR, file + ".new"), os.path.join(DIR, file))
threading.Event().wait()
