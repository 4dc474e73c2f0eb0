#!/bin/sh
# Posts a second to a local server that takes 20 ms for each, and the memory it
# takes: `pacegate deliver` with a full outbox, the library alone, and the same
# requests by `curl --parallel`, interleaved, with as many in flight. Then what
# a full outbox adds to a push. POSTS=10000 for the whole; RUNS of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
make -s -C "$here/../.." B="$build" "$build/tests/host/post" \
	"$build/tests/bench/fill"
PATH="$build:$PATH"
export PATH GIT_CONFIG_NOSYSTEM=1
exec python3 - "$build" "${POSTS:-1000}" "${RUNS:-3}" <<'EOF'
import asyncio, json, os, statistics, subprocess, sys, tempfile, threading
import time
build, posts, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ANSWER = (b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
          b"Content-Length: 9\r\n\r\n{\"id\": 1}")
seen = 0

class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        global seen
        self.data += data
        while True:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            low = head.lower()
            at = low.find(b"content-length:")
            size = int(low[at + 15:].split(b"\r\n")[0]) if at >= 0 else 0
            if len(rest) < size:
                return
            self.data = rest[size:]
            seen += 1
            loop.call_later(0.020, self.answer)

    def answer(self):
        if not self.transport.is_closing():
            self.transport.write(ANSWER)

loop = asyncio.new_event_loop()
server = loop.run_until_complete(
    loop.create_server(Server, "127.0.0.1", 0, backlog=1000))
url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
threading.Thread(target=loop.run_forever, daemon=True).start()

def measure(argv):
    global seen
    seen = 0
    start = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    memory, ended = 0, 0
    while not ended:
        # Not the children's maximum, which begins with that of this process.
        try:
            with open("/proc/%d/status" % child.pid) as file:
                memory = max([memory] + [int(line.split()[1]) for line in file
                                         if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.02)
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
    rate = posts / (time.perf_counter() - start)
    if status or seen != posts:
        sys.exit("bench: %s came to %d, and %d posts of %d"
                 % (argv[0], status, seen, posts))
    return rate, memory / 1024, usage.ru_utime + usage.ru_stime

def git(dir, *args):
    subprocess.run(["git", "-C", dir, *args], check=True, capture_output=True)

def repository(name, **host):
    bare = os.path.join(scratch, name)
    subprocess.run(["git", "init", "-q", "--bare", bare], check=True)
    subprocess.run(["pacegate", "install", bare, "--gate", "main"],
                   check=True, capture_output=True)
    settings = dict(type="github", url=url, project="ada/engine",
                    tokenFile=token, **host)
    for key, value in settings.items():
        git(bare, "config", "pacegate-host." + key, value)
    return bare

def fill(bare, count, wait_s):
    subprocess.run([build + "/tests/bench/fill", bare + "/pacegate",
                    str(count), str(wait_s)], check=True)

def drain(flight):
    global bares
    bares += 1
    bare = repository("drain%d.git" % bares, parallel=str(flight))
    fill(bare, posts, 0)
    return measure(["pacegate", "deliver", "--repo", bare])

def posts_a_second():
    print("%d posts to a server that takes 20 ms; medians of %d, interleaved"
          % (posts, runs))
    for flight in 8, 50:
        library = [build + "/tests/host/post", "flood", "url=" + url,
                   "token=" + token, "count=%d" % posts, "flight=%d" % flight]
        curl = ["curl", "-s", "-Z", "--parallel-max", str(flight),
                "--parallel-immediate", "-K", config,
                "-H", "Authorization: Bearer secret",
                "-H", "Content-Type: application/json", "-d",
                '{"state":"success","context":"pacegate",'
                '"description":"no test is slower"}']
        rows = {"deliver": [], "library": [], "curl": []}
        for _ in range(runs):
            rows["deliver"].append(drain(flight))
            rows["library"].append(measure(library))
            rows["curl"].append(measure(curl))
        m = {name: [statistics.median(v) for v in zip(*row)]
             for name, row in rows.items()}
        for name in rows:
            print("  %2d in flight  %-8s %6.0f posts/s  %5.1f MB  %5.2f s of CPU"
                  % (flight, name, *m[name]))
        print("  deliver is    %.2f of curl's rate, %.2f of its memory; "
              "the latency allows %d posts/s"
              % (m["deliver"][0] / m["curl"][0],
                 m["deliver"][1] / m["curl"][1], flight * 50))

def pushes(pairs):
    taken = {"full": [], "empty": []}
    work = {}
    for name in taken:
        bare = repository(name + ".git")
        git(bare, "config", "pacegate.mode", "report")
        work[name] = os.path.join(scratch, name)
        git(scratch, "clone", "-q", bare, work[name])
    fill(scratch + "/full.git", posts, 86400)
    for i in range(2 * pairs):
        name = ("full", "empty")[(i + i // 2) % 2]
        git(work[name], "commit", "-q", "--allow-empty", "-m", str(i))
        start = time.perf_counter()
        git(work[name], "push", "-q", "origin", "HEAD:refs/heads/x%d" % i)
        taken[name].append(time.perf_counter() - start)
    full, empty = (statistics.median(taken[k]) * 1e3
                   for k in ("full", "empty"))
    print("push with %d messages in the outbox / with none: %.1f ms / %.1f ms"
          " = %.2f  (%d pairs, medians)"
          % (posts, full, empty, full / empty, pairs))

with tempfile.TemporaryDirectory() as scratch:
    bares = 0
    os.environ["GIT_CONFIG_GLOBAL"] = os.path.join(scratch, "gitconfig")
    for key, value in (("user.name", "Ada"), ("user.email", "a@example.org")):
        subprocess.run(["git", "config", "--global", key, value], check=True)
    token = os.path.join(scratch, "token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write("secret")
    config = os.path.join(scratch, "config")
    with open(config, "w") as out:
        for i in range(posts):
            out.write('url = "%s/repos/ada/engine/statuses/%040x"\n'
                      'output = /dev/null\n' % (url, i))
    posts_a_second()
    pushes(5 * runs)
EOF
