"""Drives pacegate-runner through the session protocol; prints TAP.

A small repository with two commits is made, and specs are written by hand.
PACEGATE_BUILD names the directory with the programs (build).
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("PACEGATE_BUILD", "build"))
RUNNER = os.path.join(BUILD, "pacegate-runner")
SECONDS = 60  # nothing here may take that long

# The machine's git must not see the user's settings.
GIT_ENV = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null",
               GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@example.org",
               GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@example.org",
               PACEGATE_LIBEXEC=BUILD)


class Repository:
    def __init__(self, path):
        self.path = path
        self.git("init", "-q", "--bare", path, cwd="/")

    def git(self, *args, data=None, cwd=None):
        return subprocess.run(("git",) + args, cwd=cwd or self.path, input=data,
                              stdout=subprocess.PIPE, check=True,
                              env=GIT_ENV).stdout

    @property
    def objects(self):
        return os.path.join(self.path, "objects")

    def blob(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        return self.git("hash-object", "-w", "--stdin", data=data).decode().strip()

    def raw_tree(self, entries):
        """Entries are (mode, name, oid), written as they stand."""
        data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid)
                        for mode, name, oid in entries)
        return self.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin",
                        data=data).decode().strip()

    def tree(self, files):
        """Files is {path: (mode, text)}; a plain text is an executable."""
        here, below = [], {}
        for path, what in files.items():
            mode, text = what if isinstance(what, tuple) else ("100755", what)
            head, slash, tail = path.partition("/")
            if slash:
                below.setdefault(head, {})[tail] = (mode, text)
            else:
                here.append((mode, head.encode(), self.blob(text)))
        here += [("40000", name.encode(), self.tree(inner))
                 for name, inner in below.items()]
        here.sort(key=lambda e: e[1] + (b"/" if e[0] == "40000" else b""))
        return self.raw_tree(here)


class Session:
    """A running pacegate-runner; received is every message so far."""

    def __init__(self, cache, *options):
        self.received = []
        self.buffer = b""
        self.process = subprocess.Popen(
            [RUNNER, "--cache", cache, *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=GIT_ENV)

    def send(self, message):
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def next(self):
        """The next message; None at the end."""
        until = time.monotonic() + SECONDS
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, until - time.monotonic()))
            if not ready:
                self.process.kill()
                raise TimeoutError("the runner says nothing")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        message = json.loads(line)
        self.received.append(message)
        return message

    def until(self, wanted):
        """Read up to the first message for which wanted() holds."""
        while True:
            message = self.next()
            if message is None:
                raise EOFError("no such message: %r" % self.received[-3:])
            if wanted(message):
                return message

    def finish(self):
        """Read to the end; the exit code."""
        while self.next() is not None:
            pass
        code = self.process.wait(SECONDS)
        self.stderr = self.process.stderr.read().decode()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        return code

    def all(self, kind):
        return [m if kind == "phase" else m[kind] for m in self.received if kind in m]

    def trials(self):
        return [t for t in self.all("trial") if not t["warmup"]]

    def order(self):
        return [(t["warmup"], t["round"], t["test"], t["revision"])
                for t in self.all("trial")]

    def failed(self):
        return [p for p in self.all("phase") if p["status"] == "failed"]


LIMITS = {"memory_bytes": 256 << 20, "processes": 64, "cpu_ms": 20000,
          "disk_bytes": 64 << 20, "output_bytes": 1 << 20, "files": 256,
          "build_ms": 30000, "session_ms": 120000}


def test_of(path, revisions=(0, 1), **members):
    test = {"path": path, "revisions": list(revisions), "timeout_ms": 20000,
            "rounds": 3, "warmup": 1, "format": "", "kind": "perf", "metrics": [],
            "duration_ms": 0}
    test.update(members)
    return test


def spec_of(repository, trees, tests, build=None, **members):
    revisions = []
    for index, tree in enumerate(trees):
        revision = {"label": "r%d" % index, "tree": tree}
        if build:
            revision["build"] = build
        revisions.append(revision)
    spec = {"pacegate": 1, "session": "test", "seed": 1, "fresh": False,
            "alternates": [repository.objects] if repository else [],
            "revisions": revisions, "tests": tests, "limits": dict(LIMITS),
            "sandbox": {"root": "", "read": [], "env": {}}, "counter": "none"}
    spec.update(members)
    return spec


class Checks:
    def __init__(self):
        self.count = self.failures = 0

    def check(self, condition, name, detail=None):
        self.count += 1
        self.failures += not condition
        print("%sok %d - %s" % ("" if condition else "not ", self.count, name))
        if not condition:
            print("# %s" % (detail,))
        sys.stdout.flush()

    def equal(self, got, wanted, name):
        self.check(got == wanted, name, "%r, not %r" % (got, wanted))


SAYS_VALUE = """#!/bin/sh
# perf: metrics=work,size
printf 'start work\\n' >$PERF_EVENTS
i=0; while [ $i -lt %d ]; do i=$((i+1)); done
printf 'end work\\n' >$PERF_EVENTS
printf 'value size %d unit=B better=lower\\n' >$PERF_EVENTS
"""


class Suite:
    def __init__(self, work):
        self.work = work
        self.checks = Checks()
        self.caches = 0
        self.repository = Repository(os.path.join(work, "r.git"))
        r = self.repository
        self.old = r.tree({"perf/loop": SAYS_VALUE % (2000, 10),
                           "README": ("100644", "old\n")})
        self.new = r.tree({"perf/loop": SAYS_VALUE % (3000, 20),
                           "README": ("100644", "new\n")})

    def cache(self):
        self.caches += 1
        return os.path.join(self.work, "cache%d" % self.caches)

    def run(self, spec, *options, cache=None):
        session = Session(cache or self.cache(), *options)
        session.send(spec)
        session.code = session.finish()
        return session

    def one(self, files, path="perf/x", test=None, **members):
        """Trials of one test at one revision."""
        tree = self.repository.tree(files)
        one = test_of(path, [0], rounds=1, warmup=0)
        one.update(test or {})
        return self.run(spec_of(self.repository, [tree], [one], **members))

    def test_words(self):
        run = lambda *a: subprocess.run([RUNNER, *a], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=GIT_ENV)
        self.checks.check(run("--version").stdout.startswith(b"pacegate-runner "),
                          "--version")
        self.checks.check(b"--cache-size" in run("--help").stdout, "--help")
        self.checks.equal(run().returncode, 2, "no cache: usage")
        self.checks.equal(run("--cache", "/x", "--slot", "y").returncode, 2,
                          "bad slot: usage")
        with open("/dev/null") as null:
            done = subprocess.run([RUNNER, "--cache", self.cache()], stdin=null,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=GIT_ENV)
        self.checks.check(done.returncode in (0, 3), "stdin of /dev/null ends it",
                          done.returncode)

    def test_alternates(self):
        cache = self.cache()
        spec = spec_of(self.repository, [self.old, self.new], [test_of("perf/loop")])
        session = self.run(spec, cache=cache)
        c = self.checks
        c.equal(session.code, 0, "a session ends with 0")
        c.equal(list(session.received[0]), ["hello"], "hello comes first")
        c.equal(list(session.received[-1]), ["end"], "the end comes last")
        c.equal([t["outcome"] for t in session.all("trial")], ["ok"] * 8,
                "two warm-ups and six trials are ok")
        c.equal(session.all("round"), [0, 1, 2], "three rounds")
        c.equal(sorted((t["round"], t["revision"]) for t in session.trials()),
                [(i, r) for i in range(3) for r in range(2)],
                "each round runs each revision once")
        c.check(all(t["metrics"]["wall"] > 100000 for t in session.trials()),
                "wall is measured")
        values = {(t["revision"], v["name"]): v for t in session.trials()
                  for v in t["values"]}
        c.equal(values.get((1, "size"), {}).get("value"), 20, "a value of an event")
        c.equal(values.get((0, "size"), {}).get("unit"), "B", "its unit")
        c.equal(values.get((0, "work"), {}).get("coarse"), True,
                "a span without stamps is coarse")
        end = session.received[-1]["end"]
        c.equal(len(end["environment"].get("id", "")), 16, "the environment's id")
        c.check(end["sandbox"], "the sandbox's name")
        c.check(not os.listdir(os.path.join(cache, "objects/pack")),
                "nothing was copied into the cache")
        again = self.run(spec, cache=cache)
        c.equal(again.order(), session.order(), "the same seed, the same order")
        c.equal({p["kept"] for p in again.all("phase")}, {True},
                "the trees were kept")
        spec["tests"][0]["rounds"] = 8
        orders = set()
        for seed in range(3):
            spec["seed"] = seed
            orders.add(str(self.run(spec, cache=cache).order()))
        c.check(len(orders) > 1, "another seed, another order")

    def exchange(self, session, spec, repository, trees):
        """The gate's side of need, lack and pack."""
        need = set()
        for tree in trees:
            need.add(tree)
            for line in repository.git("ls-tree", "-r", "-t", tree).decode().split("\n"):
                if line:
                    need.add(line.split()[2])
        need = sorted(need)
        session.send(spec)
        half = len(need) // 2
        for part in (need[:half], need[half:], []):
            session.send({"need": part})
        lack = []
        while True:
            part = session.until(lambda m: "lack" in m)["lack"]
            if not part:
                break
            lack += part
        pack = b""
        if lack:
            pack = repository.git("pack-objects", "-q", "--stdout",
                                  data="\n".join(lack).encode() + b"\n")
        session.send({"pack": len(pack)})
        session.send_bytes(pack)
        return need, lack

    def test_sent_objects(self):
        cache = self.cache()
        c = self.checks
        spec = spec_of(None, [self.old], [test_of("perf/loop", [0])])
        session = Session(cache)
        need, lack = self.exchange(session, spec, self.repository, [self.old])
        session.code = session.finish()
        c.equal(lack, need, "an empty cache lacks all")
        c.equal((session.code, len(session.trials())), (0, 3), "sent objects run")
        spec = spec_of(None, [self.old, self.new], [test_of("perf/loop")])
        session = Session(cache)
        need, lack = self.exchange(session, spec, self.repository,
                                   [self.old, self.new])
        session.code = session.finish()
        c.check(0 < len(lack) < len(need), "a used cache lacks some", lack)
        c.equal((session.code, len(session.trials())), (0, 6), "and they run")

        session = Session(self.cache())
        session.send(spec)
        session.send({"need": [self.old]})
        session.send({"need": []})
        session.until(lambda m: m.get("lack") == [])
        session.send({"pack": 100})
        session.send_bytes(b"x" * 100)
        session.code = session.finish()
        c.equal((session.code, session.all("error")[0]["whose"]), (3, "ours"),
                "what is no pack is refused")
        session = Session(self.cache(), "--cache-size", "1k")
        session.send(spec)
        session.send({"need": [self.old]})
        session.send({"need": []})
        session.send({"pack": 1 << 40})
        session.code = session.finish()
        c.check("--cache-size" in str(session.all("error")), "a huge pack is refused",
                session.received)

    def test_eviction(self):
        cache = self.cache()
        big = [self.repository.tree({"perf/x": "#!/bin/sh\nexit 0\n", "big":
                                     ("100644", os.urandom(300000))})
               for _ in range(3)]
        for tree in big:
            spec = spec_of(None, [tree], [test_of("perf/x", [0], rounds=1)])
            session = Session(cache, "--cache-size", "1M")
            self.exchange(session, spec, self.repository, [tree])
            session.finish()
            self.checks.equal(len(session.trials()), 1, "runs in a small cache")
        packs = [f for f in os.listdir(os.path.join(cache, "objects/pack"))
                 if f.endswith(".pack")]
        trees = os.listdir(os.path.join(cache, "trees"))
        self.checks.check(len(packs) < 3, "old packs are evicted", packs)
        self.checks.equal(len(trees), 1, "old trees are evicted")

    def test_build(self):
        r, c, cache = self.repository, self.checks, self.cache()
        script = "#!/bin/sh\ncat made >/dev/null && test ! -w made\n"
        good = r.tree({"perf/x": script, "make.sh": "#!/bin/sh\necho built >made\n"
                       "chmod 6777 made; mkfifo pipe; ln -s /etc/passwd link\n"})
        bad = r.tree({"perf/x": script, "make.sh": "#!/bin/sh\n"
                      "echo 'x.c:3: error: no' >&2\nexit 7\n"})
        spec = spec_of(r, [good, bad], [test_of("perf/x")], build="./make.sh")
        session = self.run(spec, cache=cache)
        c.equal(session.code, 0, "a failed build is no failure of the session")
        c.equal([(p["revision"], p["phase"]) for p in session.failed()],
                [(1, "build")], "the build of one revision failed")
        failed = (session.failed() or [{}])[0]
        c.check("7" in failed.get("why", ""), "it says the exit status", failed)
        c.check("x.c:3: error" in failed.get("log", ""), "and the log's tail", failed)
        c.equal({t["revision"] for t in session.all("trial")}, {0},
                "the other one has trials")
        c.equal({t["outcome"] for t in session.all("trial")}, {"ok"},
                "what was built is there, and read-only")
        kept = [os.path.join(cache, "trees", k, "t")
                for k in os.listdir(os.path.join(cache, "trees"))]
        c.equal(len(kept), 1, "only the good tree is kept")
        made = os.lstat(os.path.join(kept[0], "made"))
        c.equal(made.st_mode & 0o7777 & ~0o755, 0, "no setuid, no write for others")
        c.equal(made.st_uid, os.geteuid(), "the kept tree belongs to the runner")
        c.check(not os.path.lexists(os.path.join(kept[0], "pipe")), "no fifo in it")
        c.equal(os.readlink(os.path.join(kept[0], "link")), "/etc/passwd",
                "a link stays a link")
        again = self.run(dict(spec, revisions=spec["revisions"][:1],
                              tests=[test_of("perf/x", [0])]), cache=cache)
        c.equal([p["kept"] for p in again.all("phase")], [True], "kept: not rebuilt")
        fresh = self.run(dict(spec, revisions=spec["revisions"][:1], fresh=True,
                              tests=[test_of("perf/x", [0])]), cache=cache)
        c.check(("build", "done") in [(p["phase"], p["status"])
                                      for p in fresh.all("phase")], "fresh: rebuilt")
        c.equal(len(os.listdir(os.path.join(cache, "trees"))), 1,
                "and its tree is gone afterwards")

    def test_hostile_builds(self):
        """What a build may make of the tree that trials will run in."""
        r, c = self.repository, self.checks
        exits = "#!/bin/sh\nexit 0\n"
        chain = "perl -e 'for (1..700) { mkdir q(d) and chdir q(d) or die $! }'"
        files = "perl -e 'for (1..1e6) { open my $f, q(>), $_ or die $! }'"
        cases = [
            ("a fifo for a test", "rm perf/x; mkfifo perf/x", ["start"]),
            ("a socket for a test", "rm perf/x; perl -MSocket -e 'socket my $s, "
             "PF_UNIX, SOCK_STREAM, 0; bind $s, sockaddr_un(q(perf/x)) or die'",
             ["start"]),
            ("a link out of the tree", "ln -sf /etc/passwd perf/x", ["start"]),
            ("a link to itself", "ln -sf x perf/x", ["start"]),
            ("a directory for a test", "rm perf/x; mkdir perf/x", ["start"]),
            ("hard links", "for i in 1 2 3; do ln perf/x $i; done", ["ok"]),
            ("a closed directory", "mkdir a; touch a/b; chmod 0 a", None),
            ("odd names", "touch -- -rf \"$(printf 'a\\nb')\" \"$(printf '\\377')\"",
             ["ok"]),
            ("700 directories deep", chain, None),
            ("a million files", files, None),
        ]
        for name, build, outcomes in cases:
            cache = self.cache()
            spec = spec_of(r, [r.tree({"perf/x": exits})],
                           [test_of("perf/x", [0], rounds=1, warmup=0)], build=build)
            session = self.run(spec, cache=cache)
            if outcomes:
                c.equal([t["outcome"] for t in session.all("trial")], outcomes,
                        "built: " + name)
            else:
                c.check(session.code == 0 and len(session.failed()) == 1 and
                        not session.all("trial") and
                        not os.listdir(os.path.join(cache, "trees")),
                        "refused: built %s" % name, session.received)
        # What one build left in /tmp, the next one and the trial do not see.
        spec = spec_of(r, [r.tree({"perf/x": "#!/bin/sh\ntest ! -e /tmp/left\n"})],
                       [test_of("perf/x", [0], rounds=2, warmup=0)],
                       build="test ! -e /tmp/left && touch /tmp/left /dev/shm/left")
        c.equal([t["outcome"] for t in self.run(spec).all("trial")], ["ok"] * 2,
                "nothing of a build is left in /tmp")

    def test_forged(self):
        """Messages of the protocol out of a test's or a build's mouth."""
        lies = ('{"trial":{"revision":0,"test":0,"round":0,"warmup":false,'
                '"outcome":"ok","status":0,"metrics":{"wall":1}}}', '{"end":{}}',
                '{"round":7}', '{"error":{"whose":"ours","text":"x"}}')
        say = "".join("echo '%s'; echo '%s' >&2\n" % (lie, lie) for lie in lies)
        script = ("#!/bin/sh\n%sfor fd in 0 1 2 3 4 5 6 7 8 9; do\n"
                  "echo '{\"end\":{}}' >/proc/1/fd/$fd; done 2>/dev/null\n"
                  "echo '{\"end\":{}}' 2>/dev/null >&4\nexit 0\n" % say)
        session = self.one({"perf/x": script}, test={"rounds": 2},
                           build="{ %s\n}" % say.replace("\n", "; "))
        c = self.checks
        c.equal((session.code, [t["outcome"] for t in session.all("trial")],
                 session.all("round"), len(session.all("end")),
                 session.all("error")), (0, ["ok"] * 2, [0, 1], 1, []),
                "forged messages are a test's output, no more")
        c.check(all(t["metrics"]["wall"] > 1 for t in session.all("trial")),
                "and forge no value", session.received)

    def test_enough(self):
        session = Session(self.cache())
        session.send(spec_of(self.repository, [self.old, self.new],
                             [test_of("perf/loop", rounds=5000)]))
        session.until(lambda m: m.get("round") == 1)
        session.send({"enough": [0]})
        code = session.finish()
        self.checks.equal(code, 0, "enough ends the session")
        self.checks.check(len(session.all("round")) < 4000, "at once")
        session = Session(self.cache())
        session.send(spec_of(self.repository, [self.old, self.new],
                             [test_of("perf/loop", rounds=5000)]))
        session.until(lambda m: m.get("round") == 0)
        session.send({"enough": [7]})
        self.checks.equal(session.finish(), 0, "enough of no test ends it too")
        self.checks.check("broke the protocol" in str(session.all("error")),
                          "and is called by its name", session.received[-2:])

    def sleeper(self, cache):
        """A session whose test sleeps, and its mark in the process list."""
        mark = "%d.%d" % (86400 + self.caches, os.getpid())
        tree = self.repository.tree(
            {"perf/x": "#!/bin/sh\n(sleep %s) &\nsleep %s\n" % (mark, mark)})
        session = Session(cache)
        session.send(spec_of(self.repository, [tree],
                             [test_of("perf/x", [0], warmup=0, timeout_ms=3600000)],
                             build="echo b >b", fresh=True))
        until = time.monotonic() + SECONDS
        while self.alive(mark) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        self.checks.equal(self.alive(mark), 2, "the test sleeps")
        return session, mark

    @staticmethod
    def alive(mark):
        count = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            count += words[:2] == [b"sleep", mark.encode()]
        return count

    def check_gone(self, mark, cache, what):
        until = time.monotonic() + 10
        while self.alive(mark) and time.monotonic() < until:
            time.sleep(0.05)
        self.checks.equal(self.alive(mark), 0, what + " kills all")
        self.checks.equal(os.listdir(os.path.join(cache, "trees")), [],
                          what + " leaves no tree")

    def test_stops(self):
        cache = self.cache()
        session, mark = self.sleeper(cache)
        session.process.stdin.close()
        session.process.wait(SECONDS)
        self.check_gone(mark, cache, "the end of input")
        session.finish()
        self.checks.equal(session.all("trial"), [], "no trial is made up")

        cache = self.cache()
        session, mark = self.sleeper(cache)
        session.process.send_signal(signal.SIGTERM)
        session.finish()
        self.check_gone(mark, cache, "SIGTERM")
        self.checks.check("signal" in str(session.all("error")), "and is said")

        cache = self.cache()
        session, mark = self.sleeper(cache)
        session.process.kill()
        session.finish()
        until = time.monotonic() + 10
        while self.alive(mark) and time.monotonic() < until:
            time.sleep(0.05)
        self.checks.equal(self.alive(mark), 0, "kill -9 of the runner kills all")
        self.checks.check(os.listdir(os.path.join(cache, "trees")),
                          "kill -9 leaves a tree behind")
        self.run(spec_of(self.repository, [self.old], [test_of("perf/loop", [0])]),
                 cache=cache)
        self.checks.equal([n for n in os.listdir(os.path.join(cache, "trees"))
                           if "." in n], [], "the next session sweeps it")

        tree = self.repository.tree({"perf/x": "#!/bin/sh\nsleep 1000\n"})
        spec = spec_of(self.repository, [tree], [test_of("perf/x", [0])])
        spec["limits"]["session_ms"] = 1500
        session = self.run(spec)
        self.checks.check("longer than 1 s" in str(session.all("error")),
                          "a session has its time limit", session.received)

    def test_bad_specs(self):
        good = spec_of(self.repository, [self.old], [test_of("perf/loop", [0])])
        cases = [("{", "bad JSON"), ("[]", "pacegate"), ("", "bad JSON"),
                 (json.dumps(dict(good, pacegate=2)), "version"),
                 (json.dumps(dict(good, tests=[test_of("x", [3])])), "tests[0]"),
                 (json.dumps(dict(good, alternates=["/nowhere"])), "/nowhere")]
        for text, wanted in cases:
            session = Session(self.cache())
            session.send_bytes(text.encode() + b"\n")
            code = session.finish()
            errors = session.all("error")
            self.checks.check(code == 3 and len(errors) == 1 and
                              wanted in errors[0]["text"] and
                              "end" in session.received[-1],
                              "refused: %.40s" % text, session.received)

    def test_faults_of_tests(self):
        for one, why in ((test_of("../x", [1]), "'..'"),
                         (test_of("perf/loop", [1], format="tapx"), "tapx")):
            session = self.run(spec_of(self.repository, [self.old, self.new],
                                       [one, test_of("perf/loop")]))
            bad = [t for t in session.all("trial") if t["test"] == 0]
            self.checks.check({t["outcome"] for t in bad} == {"start"} and
                              why in bad[0]["why"] and len(session.trials()) >= 6,
                              "spoils only its test: " + why, session.received)
        spec = spec_of(self.repository, [self.old, self.new], [test_of("perf/loop")])
        spec["revisions"][0]["overlay"] = [
            {"path": "a/../../x", "blob": "ab" * 20, "mode": 33188}]
        session = self.run(spec)
        self.checks.equal(([(p["phase"], p["revision"]) for p in session.failed()],
                           {t["revision"] for t in session.trials()}),
                          ([("checkout", 0)], {1}), "spoils only its revision")

    def test_hostile_trees(self):
        r = self.repository
        blob = r.blob("#!/bin/sh\nexit 0\n")
        link = r.blob("/tmp")
        empty = r.raw_tree([])
        inner = r.raw_tree([("100755", b"x", blob)])
        perf = ("40000", b"perf", r.raw_tree([("100755", b"x", blob)]))
        bomb = inner
        for _ in range(30):
            bomb = r.raw_tree([("40000", b"a", bomb), ("40000", b"b", bomb)])
        deep = inner
        for _ in range(200):
            deep = r.raw_tree([("40000", b"d", deep)])
        cases = [
            ("..", [("40000", b"..", inner), perf]),
            (".", [("40000", b".", inner), perf]),
            (".git", [("40000", b".git", inner), perf]),
            (".GiT", [("100755", b".GiT", blob), perf]),
            ("a slash", [("100755", b"a/../../b", blob), perf]),
            ("an absolute path", [("100755", b"/tmp/pwned", blob), perf]),
            ("an empty name", [("100755", b"", blob), perf]),
            ("a long name", [("100755", b"n" * 256, blob), perf]),
            ("a name twice", [("100755", b"a", blob), ("100755", b"a", blob), perf]),
            ("a link, then a directory of its name",
             [("120000", b"a", link), ("40000", b"a", inner), perf]),
            ("a link, then a file of its name",
             [("120000", b"a", link), ("100755", b"a", blob), perf]),
            ("a tree that is a blob", [("40000", b"a", blob), perf]),
            ("a blob that is a tree", [("100644", b"a", empty), perf]),
            ("an empty link", [("120000", b"a", r.blob("")), perf]),
            ("a long link", [("120000", b"a", r.blob("a" * 5000)), perf]),
            ("a device", [("20666", b"a", blob), perf]),
            ("a bomb", [("40000", b"a", bomb), perf]),
            ("a deep tree", [("40000", b"a", deep), perf]),
        ]
        for name, entries in cases:
            cache = self.cache()
            session = self.run(spec_of(r, [r.raw_tree(entries), self.old],
                                       [test_of("perf/x", [0], rounds=1),
                                        test_of("perf/loop", [1], rounds=1)]),
                               cache=cache)
            self.checks.check(
                session.code == 0 and
                [(p["phase"], p["revision"]) for p in session.failed()] ==
                [("checkout", 0)] and
                {t["revision"] for t in session.all("trial")} == {1} and
                len(os.listdir(os.path.join(cache, "trees"))) == 1,
                "refused: " + name, session.received)
        self.checks.check(not os.path.exists("/tmp/pwned"), "nothing written outside")
        missing = r.raw_tree([("100644", b"a", "ab" * 20), perf])
        session = self.run(spec_of(r, [missing], [test_of("perf/x", [0])]))
        self.checks.equal(
            (session.code, [e["whose"] for e in session.all("error")]), (3, ["ours"]),
            "a missing object is our failure")
        garbage = r.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin",
                        data=b"100644 cut").decode().strip()
        session = self.run(spec_of(r, [garbage], [test_of("perf/x", [0])]))
        self.checks.check("broken tree" in str(session.failed()), "a broken tree",
                          session.received)

    def test_checkout(self):
        c = self.checks
        names = ["ein Name", "h\u00e9", "-rf", "a\tb", "q'\"", "\n"]
        files = {"perf/x": "#!/bin/sh\nset -- data/*; test $# -eq 7 &&\n"
                 "test $(find . -newermt 2000-01-02 ! -name . | wc -l) -eq 0 &&\n"
                 "test -d sub && test -h data/link && test ! -x README\n",
                 "README": ("100644", "")}
        for name in names:
            files["data/" + name] = ("100644", name)
        files["data/link"] = ("120000", "../../../../etc/passwd")
        tree = self.repository.tree(files)
        entries = self.repository.git("ls-tree", "-z", tree).split(b"\0")[:-1]
        raw = [(e.split(b" ")[0].decode().lstrip("0"), e.split(b"\t")[1],
                e.split(b" ")[2].split(b"\t")[0].decode()) for e in entries]
        raw.append(("160000", b"sub", "ab" * 20))
        tree = self.repository.raw_tree(raw)
        session = self.run(spec_of(self.repository, [tree],
                                   [test_of("perf/x", [0], rounds=1)]))
        c.equal([t["outcome"] for t in session.all("trial")], ["ok", "ok"],
                "odd names, links, submodules and times")

    def test_overlay(self):
        r, c = self.repository, self.checks
        fails = r.blob("#!/bin/sh\nexit 3\n")
        passes = r.blob("#!/bin/sh\nexit 0\n")
        outside = os.path.join(self.work, "outside")
        os.mkdir(outside)
        tree = r.raw_tree([("120000", b"away", r.blob(outside)),
                           ("40000", b"dir", r.raw_tree([])),
                           ("40000", b"perf", r.raw_tree([
                               ("120000", b"link", r.blob("/etc/passwd")),
                               ("100755", b"x", fails)]))])

        def run(path, mode=0o100755):
            spec = spec_of(r, [tree], [test_of(path, [0], rounds=1, warmup=0)])
            spec["revisions"][0]["overlay"] = [
                {"path": path, "blob": passes, "mode": mode}]
            return self.run(spec)

        for path in ("perf/x", "perf/link", "perf/new", "other/deep/new"):
            c.equal([t["outcome"] for t in run(path).all("trial")], ["ok"],
                    "laid over: " + path)
        for path in ("away/x", "dir", "perf/x/y"):
            c.equal([p["phase"] for p in run(path).failed()], ["checkout"],
                    "cannot be laid over: " + path)
        c.equal(os.listdir(outside), [], "nothing followed a link")
        c.equal(run("perf/x", 0o100644).all("trial")[0]["outcome"], "start",
                "an overlay's mode counts")

    def test_outcomes(self):
        c = self.checks
        event = "#!/bin/sh\nprintf '%s\\n' >$PERF_EVENTS\n"
        cases = [
            ("missing", {"perf/y": "x"}, "start", "perf/x"),
            ("not executable", {"perf/x": ("100644", "#!/bin/sh\n")}, "start", "r0"),
            ("no interpreter", {"perf/x": "#!/no/such\n"}, "start", "line 1"),
            ("exit 3", {"perf/x": "#!/bin/sh\necho oops >&2\nexit 3\n"}, "failed", "3"),
            ("killed", {"perf/x": "#!/bin/sh\nkill -SEGV $$\n"}, "signal", "11"),
            ("bad event", {"perf/x": event % "strat x"}, "events", "event 1"),
            ("open span", {"perf/x": event % "start x"}, "events", "never ended"),
            ("event fail", {"perf/x": event % "fail bad sum"}, "failed", "bad sum"),
            ("event skip", {"perf/x": event % "skip no net"}, "skip", "no net"),
            ("many events", {"perf/x": "#!/bin/sh\nexec >$PERF_EVENTS\n"
                             "while :; do echo note x; done\n"}, "events", ""),
        ]
        for name, files, outcome, why in cases:
            session = self.one(files)
            trials = session.all("trial")
            c.check(len(trials) == 1 and trials[0]["outcome"] == outcome and
                    why in trials[0]["why"], "outcome: " + name, session.received)
        session = self.one({"perf/x": "#!/bin/sh\nsleep 100\n"},
                           test={"timeout_ms": 300})
        c.equal([t["outcome"] for t in session.all("trial")], ["timeout"],
                "outcome: timeout")
        session = self.one({"perf/x": "#!/bin/sh\nsleep 100\n"},
                           limits=dict(LIMITS, wall_ms=300))
        c.equal([t["why"] for t in session.all("trial")],
                ["took longer than 300 ms (raise the server's wallTime)"],
                "the server's limit of time holds, whatever the test's own")
        session = self.one({"perf/x": "#!/bin/sh\nsleep 100 &\n"})
        c.equal([(t["outcome"], t["left"]) for t in session.all("trial")],
                [("ok", 1)], "processes that are left over are told of")
        session = self.one({"perf/x": "#!/bin/sh\necho oops >&2\nexit 3\n"},
                           test={"rounds": 50})
        c.equal(len(session.all("trial")), 3, "three failures in a row end a test")
        c.check("oops" in session.all("trial")[0].get("log", ""), "with the log",
                session.received)
        session = self.one({"perf/x": "#!/bin/sh\necho 'ok 1 - a # time=5ms'\n"},
                           test={"format": "tap"})
        c.equal([v["value"] for t in session.trials() for v in t["values"]], [5e6],
                "a format is read from stdout")
        session = self.one({"perf/x": "#!/bin/sh\necho hello\n"},
                           test={"format": "tap"})
        c.equal([t["outcome"] for t in session.trials()], ["events"],
                "nothing in the format never passes")
        session = self.one({"perf/x": "#!/bin/sh\nexit 0\n"},
                           test={"metrics": ["wall", "span"]})
        c.check("metrics=span" in str(session.trials()), "a wanted metric is missed",
                session.received)

    def all_tests(self):
        return [getattr(self, name) for name in dir(type(self))
                if name.startswith("test_")]


def main():
    usable = subprocess.run([RUNNER, "--self-test"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, env=GIT_ENV)
    if usable.returncode:
        text = usable.stdout.decode(errors="replace").strip().split("\n")[-1]
        print("1..0 # SKIP no sandbox here: %s" % text)
        return 0
    work = tempfile.mkdtemp(prefix="pacegate-runner-")
    # A slot's own user must reach the trees in the cache.
    os.chmod(work, 0o711)
    suite = Suite(work)
    wanted = sys.argv[1:]
    try:
        for test in suite.all_tests():
            if wanted and test.__name__ not in wanted:
                continue
            try:
                test()
            except (OSError, EOFError, IndexError, KeyError, ValueError,
                    subprocess.SubprocessError) as problem:
                suite.checks.check(False, test.__name__, repr(problem))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % suite.checks.count)
    return 1 if suite.checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
