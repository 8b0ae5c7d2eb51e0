#!/usr/bin/env python3
"""Write a raw window stream whose labels follow a known law.

    window_stream.py [KEY=VALUE...] > FILE

Written from doc/format-stream.md and doc/format-window.md alone, so that the
tests of training and inference depend on no other program.  The law is
`watts = 20 + 0.5 user_pct + 0.1 (user_pct one delay before) - 2 log_ctxt`, bent
where law=bent: + 0.02 (user_pct - 50)^2.  Features are uniform.  With
law=cpus the first feature is the busy ones of `cpus` CPUs, idle in a third of
the rows, and watts are that of a saturating curve, in proportion to cpus, plus
what a run, its workload and its session have of their own; told=0 does not
say how many CPUs there are.
"""
import math
import random
import struct
import sys
import zlib

DEFAULTS = {
    "seed": 1, "runs": 10, "rows": 200, "d": 3, "tau": 1, "noise": 0.0,
    "law": "linear", "split": "run", "features": "user_pct,log_ctxt",
    "interval": 10**9, "target": "package", "label": "yes", "gap": 0,
    "scale": 1.0, "cpu": "", "cpus": 0, "told": 1, "sessions": 0, "first": 0, "machines": 0, "block": 100, "t0": 1_700_000_000 * 10**9,
}


def text(s):
    b = s.encode()
    return struct.pack("<H", len(b)) + b


def varint(v):
    out = b""
    while v > 127:
        out += bytes([v & 127 | 128])
        v >>= 7
    return out + bytes([v])


def steady(t):
    """Times at one distance, all growing: the encoding called step."""
    steps = [t[0], t[1] - t[0] if len(t) > 1 else 0] + [0] * (len(t) - 2)
    data = varint(1) + b"".join(varint(2 * v) for v in steps[:len(t)])
    return struct.pack("<BI", 2, len(data)) + data


def column(data):
    return struct.pack("<BI", 0, len(data)) + data


class Segment:
    def __init__(self, out):
        self.out, self.rows, self.marks, self.crcs = out, 0, 0, b""

    def record(self, head, payload):
        body = head + struct.pack("<I", len(payload)) + payload
        crc = struct.pack("<I", zlib.crc32(body))
        self.crcs += crc
        self.out.write(body + crc)

    def begin(self, channels, meta):
        h = struct.pack("<I", len(channels))
        for name, unit, kind in channels:
            h += text(name) + text(unit) + struct.pack("<BBQ", kind, 1, 0)
        h += struct.pack("<I", len(meta))
        for key, value in meta.items():
            h += text(key) + text(str(value))
        h += struct.pack("<I", 1) + text("window_stream.py")
        self.record(b"\x89RAPL\r\n\x1a" + struct.pack("<BBH", 1, 2, 0), h)

    def block(self, t, x, label, dt, part):
        n = len(t)
        payload = struct.pack("<I", n) + steady(t)
        for values in [*zip(*x), label, dt]:
            payload += column(struct.pack(f"<{n}f", *values))
        self.rows += n
        self.record(b"B", payload + column(bytes(part)))

    def gap(self, t):
        self.marks += 1
        self.record(b"M", struct.pack("<qHq", t, 1, 1) + text(""))

    def end(self):
        self.record(b"E", struct.pack("<QQI", self.rows, self.marks,
                                      zlib.crc32(self.crcs)))


def watts(o, x, before):
    w = 20 + .5 * x[0] + .1 * before[0] - 2 * x[1]
    if o["law"] == "bent":
        w += .02 * (x[0] - 50) ** 2
    return w


def own_watts(o, rng, b, run):
    own = .5 * (run % 3) + .8 * (run % 4) + .3 * (run % 5)
    return o["cpus"] / 24 * (
        6 + 9 * (1 - math.exp(-b * 24 / o["cpus"] / 1.5)) +
        (1.2 + .05 * own) * b * 24 / o["cpus"]) + rng.gauss(0, o["noise"])


def make_loads(o, rng, D, run):
    x = [[rng.choice([0, 1, 1]) * rng.uniform(0, o["cpus"]) * o["scale"]] +
         [rng.uniform(0, 10) for _ in range(D - 1)] for _ in range(o["rows"])]
    return x, [math.nan] + [own_watts(o, rng, r[0], run) for r in x[1:]]


def make_rows(o, rng, D):
    x = [[rng.uniform(0, 100) * o["scale"]] +
         [rng.uniform(0, 10) * o["scale"] for _ in range(D - 1)]
         for _ in range(o["rows"])]
    label = [math.nan] + [
        watts(o, x[i], x[max(i - o["tau"], 0)]) + rng.gauss(0, o["noise"])
        for i in range(1, o["rows"])]
    if o["label"] == "no":
        label = [math.nan] * o["rows"]
    elif o["label"] == "inf":
        label = [math.inf] * o["rows"]
    return x, label


def part_of(o, run, row):
    if o["split"] == "none":
        return 0
    place = (row if o["split"] == "time" else run) % 10
    return 3 if place == 8 else 2 if place == 9 else 1


def main():
    o = dict(DEFAULTS)
    for word in sys.argv[1:]:
        key, value = word.split("=", 1)
        o[key] = type(DEFAULTS[key])(value)
    rng = random.Random(o["seed"])
    features = o["features"].split(",")
    channels = [(f, "", 2) for f in features] + [
        ("label", "W", 2), ("dt", "s", 2), ("part", "1", 3)]
    for run in range(o["runs"]):
        s = Segment(sys.stdout.buffer)
        s.begin(channels, {
            "run": f"run{run + o['first']}", "workload": f"w{run % 4}",
            **({"machine": f"m{run % o['machines']}"} if o["machines"] else {}),
            **({"cpu_model": o["cpu"]} if o["cpu"] else {}),
            **({"cpus": o["cpus"]} if o["cpus"] and o["told"] else {}),
            **({"session": f"s{run % o['sessions']}"} if o["sessions"] else {}),
            "interval_ns": o["interval"],
            "window.features": o["features"], "window.delays": o["d"],
            "window.tau": o["tau"], "window.order": "oldest-first",
            "window.interval_ns": o["interval"],
            "window.target": o["target"], "window.split": o["split"]})
        if o["law"] == "cpus":
            x, label = make_loads(o, rng, len(features), run)
        else:
            x, label = make_rows(o, rng, len(features))
        t = [o["t0"] + (run * o["rows"] + i) * o["interval"]
             for i in range(o["rows"])]
        for a in range(0, o["rows"], o["block"]):
            b = min(a + o["block"], o["rows"])
            if o["gap"] and a:
                s.gap(t[a])
            s.block(t[a:b], x[a:b], label[a:b],
                    [o["interval"] / 1e9] * (b - a),
                    [part_of(o, run, i) for i in range(a, b)])
        s.end()


main()
