#!/bin/sh
# Posts a second to a local server that takes 20 ms for each, and the memory it
# takes: pacegate's statuses against the same requests by `curl --parallel`,
# interleaved, with as many in flight. POSTS=10000 for the whole; RUNS of each.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${PACEGATE_BUILD:-$here/../../build}
make -s -C "$here/../.." B="$build" "$build/tests/host/post"
exec python3 - "$build/tests/host/post" "${POSTS:-1000}" "${RUNS:-3}" <<'EOF'
import asyncio, os, statistics, subprocess, sys, tempfile, threading, time
post, posts, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
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
    _, status, usage = os.wait4(child.pid, 0)
    rate = posts / (time.perf_counter() - start)
    if status or seen != posts:
        sys.exit("bench: %s came to %d, and %d posts of %d"
                 % (argv[0], status, seen, posts))
    return rate, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime

with tempfile.TemporaryDirectory() as scratch:
    token = os.path.join(scratch, "token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write("secret")
    config = os.path.join(scratch, "config")
    with open(config, "w") as out:
        for i in range(posts):
            out.write('url = "%s/repos/ada/engine/statuses/%040x"\n'
                      'output = /dev/null\n' % (url, i))
    print("%d posts to a server that takes 20 ms; medians of %d, interleaved"
          % (posts, runs))
    for flight in 8, 50:
        ours = [post, "flood", "url=" + url, "token=" + token,
                "count=%d" % posts, "flight=%d" % flight]
        curl = ["curl", "-s", "-Z", "--parallel-max", str(flight),
                "--parallel-immediate", "-K", config,
                "-H", "Authorization: Bearer secret",
                "-H", "Content-Type: application/json", "-d",
                '{"state":"success","context":"pacegate",'
                '"description":"no test is slower"}']
        rows = {"pacegate": [], "curl": []}
        for _ in range(runs):
            rows["pacegate"].append(measure(ours))
            rows["curl"].append(measure(curl))
        m = {name: [statistics.median(v) for v in zip(*row)]
             for name, row in rows.items()}
        for name in rows:
            print("  %2d in flight  %-8s %6.0f posts/s  %5.1f MB  %5.2f s of CPU"
                  % (flight, name, *m[name]))
        print("  ratio         %.2f of curl's rate, %.2f of its memory; "
              "the latency allows %d posts/s"
              % (m["pacegate"][0] / m["curl"][0],
                 m["pacegate"][1] / m["curl"][1], flight * 50))
EOF
