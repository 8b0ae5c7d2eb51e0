#!/usr/bin/env python3
"""rapl-export under a real Prometheus, as TAP; run by prometheus.t."""
import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
import exporter  # noqa: E402
from exporter import Exporter, ok, until  # noqa: E402

ZONE = '{zone="package",source="predicted",model="abababababab"}'


class Prometheus:
    def __init__(self, target):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        with open(os.environ["ROOT"] + "/pipelines/monitoring/prometheus.yml") as f:
            config = f.read()
        config = config.replace("15s", "100ms").replace("127.0.0.1:28283", target)
        config = config.replace("rules.yml", os.environ["ROOT"] +
                                "/pipelines/monitoring/rules.yml")
        with open("prometheus.yml", "w") as f:
            f.write(config)
        self.p = subprocess.Popen(
            ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=open("prometheus.log", "w"), stderr=subprocess.STDOUT)

    def ask(self, what, **words):
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/api/v1/{what}?" +
                    urllib.parse.urlencode(words), timeout=30) as r:
                return json.load(r)["data"]
        except OSError:
            return None

    def absent(self, query):
        """Is there an answer, and no series in it?"""
        data = self.ask("query", query=query)
        return data is not None and not data["result"]

    def value(self, query):
        """Of the only series; None where there is none."""
        data = self.ask("query", query=query)
        if not data or len(data["result"]) != 1:
            return None
        return float(data["result"][0]["value"][1])


def ask_dashboard(p):
    """The queries that get no answer."""
    path = os.environ["ROOT"] + "/pipelines/monitoring/grafana.json"
    for panel in json.load(open(path))["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "1m")
            query = re.sub(r"\$\w+", ".*", query)
            if p.absent(query):
                yield f"{panel['title']}: {query}"


def scrape(x, p):
    until(lambda: p.value("decode_rapl_fresh") == 0, "it scrapes, before any sample")
    ok(p.absent("decode_rapl_watts"), "and finds no watts")
    x.feed(40, idle=8, measured=41)
    until(lambda: p.value("decode_rapl_watts" + ZONE) == 40, "watts")
    x.feed(20, dt=2, idle=8, measured=21)
    until(lambda: p.value("decode_rapl_joules_total" + ZONE) == 80, "joules")
    until(lambda: 26 < (p.value(f"decode_rapl_joules_total{ZONE} / "
                                "decode_rapl_covered_seconds_total") or 0) < 27,
          "and their mean watts")
    x.feed(60, idle=8, measured=61)
    until(lambda: not list(ask_dashboard(p)), "every query of the dashboard is answered")
    targets = p.ask("targets")["activeTargets"]
    ok([t["lastError"] for t in targets] == [""], "no scrape failed", targets)
    rules = p.ask("rules")["groups"][0]["rules"]
    ok(len(rules) == 5 and not any(r.get("lastError") for r in rules),
       "the rules are taken", rules)


def main():
    x = Exporter("--state", "s", "--stale", "1h")
    at = f"127.0.0.1:{x.port()}"
    p = Prometheus(at)
    try:
        scrape(x, p)
        ok(x.end() == 0, "the exporter is started again")
        x = Exporter("--state", "s", "--stale", "1h", listen=(at,))
        x.feed(10)
        until(lambda: p.value("decode_rapl_joules_total" + ZONE) == 150, "joules go on")
        ok(p.value(f"resets(decode_rapl_joules_total{ZONE}[5m])") == 0,
           "no counter went back")
        ok(x.end() == 0, "and again, with less patience")
        x = Exporter("--state", "s", "--stale", "100ms", listen=(at,))
        x.feed(10)
        until(lambda: p.value("decode_rapl_fresh") == 0, "stale")
        until(lambda: p.absent("decode_rapl_watts") and
              p.absent("decode_rapl_joules_total"),
              "absent, at once and not after five minutes")
        ok(x.end() == 0, "it stops")
    finally:
        p.p.kill()
        p.p.wait()


main()
print(exporter.tests, file=open("count", "w"))
