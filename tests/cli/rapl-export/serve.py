#!/usr/bin/env python3
"""Tests of the server of rapl-export, as TAP; run by serve.t."""
import os
import signal
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
import exporter  # noqa: E402
from exporter import Exporter, ok, until  # noqa: E402

WATTS = 'decode_rapl_watts{zone="package",source="predicted",model="abababababab"}'
JOULES = WATTS.replace("watts", "joules_total")
AGE = "decode_rapl_last_sample_age_seconds"


def pages():
    x = Exporter("--stale", "1h")
    status, head, text = x.ask("/healthz")
    ok(status == 503 and text == "no sample has come yet\n",
       "/healthz before the first sample", text)
    status, head, text = x.ask()
    ok(status == 200 and "decode_rapl_fresh 0\n" in text and
       "watts{" not in text and AGE not in text, "/metrics before it", text)
    x.feed(40)
    until(lambda: x.ask("/healthz")[0] == 200, "/healthz with it")
    status, head, text = x.ask()
    ok(status == 200 and f"{WATTS} 40\n" in text and f"{JOULES} 40\n" in text,
       "/metrics with it", text)
    ok(head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8" and
       head["Connection"] == "close" and
       int(head["Content-Length"]) == len(text.encode()), "its headers", head)
    ok(0 <= x.metrics()[AGE] < 10, "the age of the sample")
    status, head, text = x.ask(method="HEAD")
    ok(status == 200 and text == "" and int(head["Content-Length"]) > 1000,
       "HEAD has no body")
    status, head, text = x.ask("/metrics?format=text")
    ok(status == 200, "what stands behind ? is no matter")
    for path in ("/", "/metrics/", "/Metrics", "/..", "//metrics",
                 "/healthz%0a"):
        ok(x.ask(path)[0] == 404, f"404 for {path}")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE"):
        status, head, text = x.ask(method=method, body=b"x" * 5)
        ok(status == 405 and head["Allow"] == "GET, HEAD", f"405 for {method}",
           (status, head))
    x.feed(20, dt=3)
    until(lambda: x.metrics().get(WATTS) == 20, "the next sample")
    until(lambda: x.metrics()[JOULES] == 100, "and its energy")
    x.begin(model_sha256="cd" * 32)
    x.feed(10)
    until(lambda: x.metrics().get(WATTS.replace("ab", "cd")) == 10,
          "another model has series of its own")
    ok(WATTS not in x.metrics(), "and the first one's are gone")
    ok(x.end() == 0, "SIGTERM is exit 0", x.said())


def staleness():
    x = Exporter("--stale", "300ms")
    until(lambda: x.feed(40) or x.ask("/healthz")[0] == 200, "fresh")
    until(lambda: x.ask("/healthz")[0] == 503, "stale when none comes")
    until(lambda: x.ask("/healthz")[2].startswith("stale: no sample for "),
          "it says why")
    ok("(over 0.3 s)" in x.ask("/healthz")[2], "and what is too long")
    page = x.ask()[2]
    ok("watts{" not in page and "joules" not in page.replace("watts and joules", "")
       and "decode_rapl_fresh 0\n" in page and "samples_total" in page,
       "watts and joules are absent", page)
    ok(x.metrics()[AGE] > .3, "the age goes on")
    ok(x.end(signal.SIGINT) == 0, "SIGINT is exit 0")
    for ahead, words in ((-3600, "stale: samples come, but are 36"),
                         (3600, "ahead of this machine's clock")):
        x = Exporter("--stale", "1m")
        x.feed(40, ahead)
        until(lambda: "no sample" not in x.ask("/healthz")[2], "a sample came")
        status, _, text = x.ask("/healthz")
        ok(status == 503 and words in text, f"{ahead} s ahead is stale", text)
        ok(WATTS not in x.metrics(), "and not shown")
        x.feed(50)
        x.end()
    x = Exporter("--recorded", "--stale", "1h")
    x.feed(40, -10**7)
    until(lambda: x.ask("/healthz")[0] == 200, "--recorded takes it")
    ok(x.metrics()[WATTS] == 40, "and shows it")
    x.end()
    x = Exporter()
    x.feed(40, -15, dt=1000)
    until(lambda: x.ask("/healthz")[0] == 200,
          "15 s is not stale where a sample stands for 1000 s")
    x.end()


def restarts():
    x = Exporter("--state", "s", "--stale", "1h")
    x.feed(40)
    until(lambda: x.metrics().get(JOULES) == 40, "energy of the first run")
    ok(x.end() == 0, "it stops")
    x = Exporter("--state", "s", "--stale", "1h")
    ok(JOULES not in x.metrics(), "no joules without a sample")
    x.feed(2)
    until(lambda: x.metrics().get(JOULES) == 42, "they go on after it")
    x.feed(3)
    until(lambda: x.metrics().get(JOULES) == 45, "what was shown last")
    x.end(signal.SIGKILL)
    x = Exporter("--state", "s", "--stale", "1h")
    x.feed(1)
    until(lambda: x.metrics().get(JOULES) == 46, "was saved, even for a crash")
    x.feed(4)
    ok(x.end(None) == 0, "the end of the input is exit 0")
    ok("joules: 50," in open("s").read(), "and all of it was counted")
    x = Exporter("--state", "s", "--stale", "1h")
    x.feed(5)
    x.p.stdin.close()
    ok(x.p.wait() == 3 and "truncated after 1 rows" in x.said() and
       "joules: 55," in open("s").read(), "a truncated input is exit 3, and counted")


def addresses():
    x = Exporter()
    y = subprocess.run(["rapl-export", "--listen", f"127.0.0.1:{x.port()}"],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True)
    ok(y.returncode == 4 and y.stderr.count("\n") == 1 and
       "Address already in use" in y.stderr, "an address that is taken", y.stderr)
    x.end()
    x = Exporter(listen=("0.0.0.0:0",))
    ok("there is no password" in x.said(), "a warning where others get in")
    x.end()
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as e:
        ok(True, f"IPv6 # SKIP {e}")
        return
    x = Exporter(listen=("[::1]:0",))
    x.at = [at.replace("[::1]", "six") for at in x.at]
    ok(x.ask("/healthz", host="::1")[0] == 503, "IPv6")
    x.end()
    x = Exporter(listen=("[::1]:0", "127.0.0.1:0"))
    ok(len(x.at) == 2, "two addresses")
    x.at = [at for at in x.at if "[" not in at]
    ok(x.ask("/healthz")[0] == 503, "and both serve")
    x.end()


pages()
staleness()
restarts()
addresses()
print(exporter.tests, file=open("count", "w"))
