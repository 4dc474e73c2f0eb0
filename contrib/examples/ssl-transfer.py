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


def certificate(directory):
    pem = os.path.join(directory, "test.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "1", "-subj", "/CN=localhost", "-keyout", pem,
                    "-out", pem + ".crt"], check=True, capture_output=True)
    return pem


def serve(listener, context):
    with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
        left = SIZE
        while left:
            left -= len(peer.recv(min(left, 65536)))
        peer.sendall(b"ok")


def main():
    with tempfile.TemporaryDirectory() as directory:
        pem = certificate(directory)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem + ".crt", pem)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.load_verify_locations(pem + ".crt")
        data = os.urandom(SIZE)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener, server))
            thread.start()
            plain = socket.create_connection(listener.getsockname())
            with client.wrap_socket(plain, server_hostname="localhost") as ours:
                event("start", "transfer")
                ours.sendall(data)
                assert ours.recv(2) == b"ok"
                event("end", "transfer")
            thread.join()


main()
