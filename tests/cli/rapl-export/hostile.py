#!/usr/bin/env python3
"""Hostile clients of rapl-export, as TAP; run by hostile.t."""
import os
import random
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
import exporter  # noqa: E402
from exporter import PATIENCE, Exporter, ok, until  # noqa: E402

LONG = bool(os.environ.get("LONG"))
GET = b"GET /metrics HTTP/1.1\r\nHost: a\r\n"
SAMPLES = "decode_rapl_samples_total"


def connect(x):
    s = socket.create_connection(("127.0.0.1", x.port()), timeout=PATIENCE)
    return s


def say(s, data):
    """As much of it as the server takes."""
    try:
        s.sendall(data)
    except OSError:
        pass


def hear(s):
    """Take what the server answers, if it is quick."""
    s.settimeout(0.05)
    try:
        while s.recv(65536):
            pass
    except OSError:
        pass


def garbage(rng):
    """Requests that are none, and some that nearly are."""
    yield b""
    yield b"\0" * 100
    yield b"\r\n" * 5000
    yield b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + rng.randbytes(500)
    yield b"GET\r\n\r\n"
    yield b"GET /metrics\r\n\r\n"
    yield b"GET /metrics HTTP/9.9\r\n\r\n"
    yield b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"GET /%" + b"%" * 1000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    yield GET + b"X: " + b"y" * 1000000 + b"\r\n\r\n"
    yield GET + b"".join(b"X%d: y\r\n" % i for i in range(100000)) + b"\r\n"
    yield GET + b"Content-Length: -1\r\n\r\n"
    yield GET + b"Content-Length: 99999999999999999999999\r\n\r\nx"
    yield GET + b"Content-Length: 10\r\nContent-Length: 11\r\n\r\nx"
    yield GET + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n"
    yield GET + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"
    yield GET + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"
    yield GET + b": \r\n \r\n\tfolded\r\n\r\n"
    yield b"HEAD /metrics HTTP/1.0\r\n\r\n" * 1000
    yield (GET + b"\r\n") * 1000
    yield b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + \
        b"x" * 5000000
    for _ in range(200 if LONG else 40):
        yield rng.randbytes(rng.randrange(1, 3000))
    for _ in range(200 if LONG else 40):
        request = bytearray(GET + b"Accept: */*\r\n\r\n")
        for _ in range(rng.randrange(1, 4)):
            request[rng.randrange(len(request))] = rng.randrange(256)
        yield bytes(request)


class Crowd:
    """Connections that stay, and whether the exporter works beside them."""

    def __init__(self, x):
        self.x, self.fed = x, 0

    def works(self, name):
        self.fed += 1
        self.x.feed(40)
        return until(lambda: self.x.metrics().get(SAMPLES) == self.fed,
                     f"{name}: the next sample is seen")


def attack(x, crowd):
    rng = random.Random(7)
    n = 0
    for request in garbage(rng):
        s = connect(x)
        say(s, request)
        try:
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        hear(s)
        s.close()
        n += 1
    crowd.works(f"{n} garbage requests")

    many = [connect(x) for _ in range(300)]
    for s in many:
        say(s, GET)
    crowd.works("300 clients in the midst of a request")
    for s in many:
        say(s, b"X")
    crowd.works("and of a byte more each")
    for s in many:
        s.close()

    many = [connect(x) for _ in range(300)]
    crowd.works("300 clients that say nothing")
    for s in many[:150]:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for s in many:
        s.close()
    crowd.works("that go with a reset")

    many = []
    for _ in range(100):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", x.port()))
        say(s, (GET + b"\r\n") * 20)
        many.append(s)
    crowd.works("100 clients that ask and do not listen")
    for s in many:
        s.close()
    for _ in range(1000):
        connect(x).close()
    crowd.works("1000 clients that come and go")


def peak_kib(x):
    for line in open(f"/proc/{x.p.pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1])


def slow(x, crowd):
    """A byte now and then keeps nobody there for longer than 10 s."""
    s = connect(x)
    begin = time.monotonic()
    say(s, GET + b"X: ")
    s.settimeout(0.5)
    while True:
        try:
            s.sendall(b"y")
            if not s.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    lasted = time.monotonic() - begin
    ok(9 < lasted < 60, f"a slow client was closed after {lasted:.1f} s")
    crowd.works("after it")


def main():
    x = Exporter("--stale", "10m")
    crowd = Crowd(x)
    crowd.works("no crowd")
    before, fds = peak_kib(x), x.fd_count()
    attack(x, crowd)
    if LONG:
        slow(x, crowd)
    until(lambda: x.fd_count() <= fds, "every connection is closed again")
    grown = peak_kib(x) - before
    ok(grown < 8192 or "san" in os.environ["BUILD"],
       f"it took {grown} KiB more for all of them")
    ok(x.ask("/healthz")[0] == 200, "it is well")
    ok(x.said().count("\n") == 1, "and said nothing about them", x.said())
    ok(x.end() == 0, "and stops as asked", x.said())


main()
print(exporter.tests, file=open("count", "w"))
