#!/usr/bin/env python3
# perf: timeout=60s
"""An SSL session over loopback, 1 MB of random data, a span `transfer`."""
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time

SIZE = 1 << 20


def event(*words):
    """One line a write; our own stamp is the value."""
    path = os.environ.get("PERF_EVENTS")
    if path:
        line = "%s t=%d\n" % (" ".join(words), time.monotonic_ns())
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.write(fd, line.encode())
        os.close(fd)


def make_certificate(directory):
    """Key and certificate in one file. A key of RSA takes a random time to
    make, 0.1 to 0.5 s; one of an elliptic curve always 5 ms."""
    pem = os.path.join(directory, "test.pem")
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec",
                    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1",
                    "-subj", "/CN=localhost", "-keyout", pem, "-out", pem],
                   check=True, capture_output=True)
    return pem


def at_once(connection):
    """Without this some transfers wait 40 ms for a delayed acknowledgement."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def serve(listener, context):
    plain = at_once(listener.accept()[0])
    with context.wrap_socket(plain, server_side=True) as peer:
        left = SIZE
        while left:
            part = peer.recv(min(left, 65536))
            if not part:
                raise EOFError(f"{left} bytes did not arrive")
            left -= len(part)
        peer.sendall(b"ok")


def main():
    with tempfile.TemporaryDirectory() as directory:
        pem = make_certificate(directory)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.load_verify_locations(pem)
        data = os.urandom(SIZE)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener, server))
            thread.start()
            plain = at_once(socket.create_connection(listener.getsockname()))
            with client.wrap_socket(plain, server_hostname="localhost") as ours:
                event("start", "transfer")
                ours.sendall(data)
                if ours.recv(2) != b"ok":
                    raise EOFError("the data did not arrive")
                event("end", "transfer")
            thread.join()


main()
