#!/usr/bin/env python3
"""clients PORT PID: clients that are slow, broken, hostile and many, against
`pacegate serve` while its store is written to. TAP on stdout; what the server
took at most is told, and bounded."""
import http.client
import os
import random
import resource
import socket
import struct
import sys
import time

port, pid = int(sys.argv[1]), int(sys.argv[2])
number = failures = 0
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


def connect(timeout=60):
    return socket.create_connection(("127.0.0.1", port), timeout)


def get(path="/", timeout=60, **headers):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    link.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in headers.items():
        link.putheader(name, value)
    link.endheaders()
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer.status, body


def status_of(name):
    for line in open("/proc/%d/status" % pid):
        if line.startswith(name + ":"):
            return int(line.split()[1])


def answers(request, timeout=30):
    """What comes back to raw bytes until the server ends or has said it."""
    link = connect(timeout)
    try:
        link.sendall(request)
        link.shutdown(socket.SHUT_WR)
        got = b""
        while len(got) < 1 << 20:
            piece = link.recv(65536)
            if not piece:
                break
            got += piece
        return got
    except OSError:
        return b""
    finally:
        link.close()


def check(name):
    def run(fn):
        global number, failures
        number += 1
        try:
            fn()
            status, body = get()
            assert status == 200 and b"</html>" in body, status
            print("ok %d - %s" % (number, name))
        except Exception as error:  # every failure is a line
            failures += 1
            print("not ok %d - %s\n# %r" % (number, name, error))
        sys.stdout.flush()
    return run


@check("garbage, half requests and odd ones are refused or dropped")
def garbage():
    for request in [
            b"\r\n\r\n", b"\x00" * 1000 + b"\r\n\r\n", b"GET", b"GET /",
            b"GET / HTTP/1.1\r\nHost", b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n", b"G\xff\xfe / HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
            b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nx",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"ffffffffffffffff\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]:
        got = answers(request)
        assert b" 500 " not in got[:20], got[:200]


@check("random bytes and broken forms of a good request")
def mangled():
    chance = random.Random(6)
    good = b"GET /test/perf~x.html?a=%41&b HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in range(100):
        request = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            request[chance.randrange(len(request))] = chance.randrange(256)
        answers(bytes(request), 5)


@check("oversized lines and headers are refused")
def oversized():
    for request in [b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nX: " + b"y" * 1000000 + b"\r\n\r\n",
                    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 50000 + b"\r\n",
                    b"GET /?" + b"a=b&" * 20000 + b" HTTP/1.1\r\n\r\n"]:
        got = answers(request)
        assert not got or got.split()[1][:1] == b"4", got[:100]


@check("paths lead nowhere but to pages")
def paths():
    for path in ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                 "/test/..%2f..%2f..%2fetc%2fpasswd.html", "//etc/passwd",
                 "/assets/../../config", "/test/%00.html", "/test/=00.html",
                 "/test/=2E=2E~=2E=2E~config.html", "/commit/%2e%2e.html",
                 "/.pacegate-pages", "/config", "/pacegate/data.mdb",
                 "/index-99999999999999999999.html", "/index--1.html",
                 "/session/" + "f" * 5000 + ".html", "/" + "/" * 3000 + "x",
                 "/test/" + "=+" * 2000 + ".html", "/commit/" + "0" * 39,
                 "/compare.html?a=../../x&b=HEAD", "/compare.html?a=@{-1}&b=:/x",
                 "/compare.html?a=" + "x" * 5000 + "&b=HEAD"]:
        status, body = get(path)
        assert status == 404, (path, status)
        assert b"root:" not in body and b"[core]" not in body


@check("a thousand requests in one connection, all at once")
def pipelined():
    link = connect()
    link.sendall(b"GET /assets/icon.svg HTTP/1.1\r\nHost: x\r\n\r\n" * 999 +
                 b"GET /badge.svg HTTP/1.0\r\n\r\n")
    got = b""
    while True:
        piece = link.recv(1 << 20)
        if not piece:
            break
        got += piece
    assert got.count(b"HTTP/1.1 200") == 1000, got.count(b"HTTP/1.1 200")


@check("two thousand that connect and reset")
def resets():
    for i in range(2000):
        link = connect()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        if i % 2:
            link.send(b"GET / HTTP/1.1\r\n")
        link.close()


@check("who never takes an answer costs no memory of his own")
def silent_readers():
    links = []
    for _ in range(200):
        link = connect()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.sendall(b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n")
        links.append(link)
    time.sleep(2)
    assert get("/badge.svg")[0] == 200
    for link in links:
        link.close()


@check("who sends a byte a second has a place for 20 s, not for ever")
def slow_senders():
    links = []
    for _ in range(400):
        link = connect()
        link.setblocking(False)
        links.append(link)
    began = time.time()
    waiting = connect(60)
    waiting.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    waiting.setblocking(False)
    request, got = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b""
    most = 0
    while time.time() - began < 60 and not got:
        at = int(time.time() - began)
        for link in links:
            try:
                link.send(request[at:at + 1] or b"y")
            except OSError:
                pass
        most = max(most, len(os.listdir("/proc/%d/fd" % pid)))
        time.sleep(1)
        try:
            got = waiting.recv(100)
        except BlockingIOError:
            pass
    print("# an honest client waited %.0f s, %d descriptors at most" %
          (time.time() - began, most))
    assert got.startswith(b"HTTP/1.1 200"), got
    assert most < 300, most
    for link in links + [waiting]:
        link.close()
    time.sleep(1)


print("# the server took %d MB at most" % (status_of("VmHWM") // 1024))
check("all that in less than 150 MB")(lambda: status_of("VmHWM") < 150 << 10 or
                                      1 / 0)
check("in one thread")(lambda: status_of("Threads") == 1 or 1 / 0)
print("1..%d" % number)
sys.exit(bool(failures))
