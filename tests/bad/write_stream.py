#!/usr/bin/env python3
"""A writer of raw streams, made from doc/format-stream.md alone.

    write_stream.py KIND [KEY=VALUE]... [+NAME,UNIT,TYPE,WHAT[,WRAP]]... <ROWS

One segment on standard output. KIND is sample, window or prediction; KEY=VALUE
is metadata; + adds a channel (TYPE u64 f64 f32 u8, WHAT counter gauge).
Predictions have their channels by themselves, windows label, dt and part
behind theirs and a specification unless metadata gives one. Each line of ROWS
is a time in ns and a value a channel, or "mark T_NS KIND VALUE TEXT", or "trailer
KEY=VALUE..." (version 2).

It writes what our writer refuses, to see what readers make of it:
--channels N and --rows N claim so many, --version N, --no-end leaves out the
end record, --count N claims so many rows in it.
"""
import struct
import sys
import zlib

KINDS = {"sample": 1, "window": 2, "prediction": 3}
TYPES = {"u64": (0, "<Q"), "f64": (1, "<d"), "f32": (2, "<f"), "u8": (3, "<B")}
PREDICTION = ["power,W", "lower,W", "upper,W", "support,1", "measured,W", "dt,s"]


def text(s):
    s = s.encode("utf-8", "surrogateescape")
    return struct.pack("<H", len(s)) + s


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    return bytes(out + bytes([v]))


def zigzag(v):
    return varint(v << 1 if v >= 0 else (-v << 1) - 1)


def column(how, data):
    return struct.pack("<BI", how, len(data)) + data


def times(ts):
    out, last, step = varint(1), 0, 0
    for i, t in enumerate(ts):
        out += zigzag(t - last - step)
        step, last = (t - last if i else 0), t
    return column(2, out)


class Segment:
    def __init__(self, out):
        self.out, self.chain, self.rows, self.marks = out, 0, 0, 0

    def put(self, data):
        crc = struct.pack("<I", zlib.crc32(data))
        self.chain = zlib.crc32(crc, self.chain)
        self.out.write(data + crc)

    def record(self, kind, payload):
        self.put(kind + struct.pack("<I", len(payload)) + payload)

    def header(self, kind, version, channels, meta, claim):
        body = struct.pack("<I", claim or len(channels))
        for name, unit, form, what, wrap in channels:
            body += text(name) + text(unit)
            body += struct.pack("<BBQ", TYPES[form][0], what == "gauge", wrap)
        body += struct.pack("<I", len(meta))
        for key, value in meta.items():
            body += text(key) + text(value)
        body += struct.pack("<I", 1) + text("write_stream: made up")
        self.put(b"\x89RAPL\r\n\x1a" + struct.pack("<BBHI", version, kind, 0,
                                                   len(body)) + body)

    def block(self, rows, channels, claim):
        if not rows:
            return
        payload = struct.pack("<I", claim or len(rows))
        payload += times([int(r[0]) for r in rows])
        for c, channel in enumerate(channels):
            form = TYPES[channel[2]][1]
            convert = float if channel[2][0] == "f" else int
            payload += column(0, b"".join(struct.pack(form, convert(r[c + 1]))
                                          for r in rows))
        self.record(b"B", payload)
        self.rows += len(rows)

    def mark(self, words):
        self.record(b"M", struct.pack("<QHq", *map(int, words[1:4])) +
                    text(" ".join(words[4:])))
        self.marks += 1

    def trailer(self, pairs):
        self.record(b"T", struct.pack("<I", len(pairs)) + b"".join(
            text(key) + text(value) for key, value in pairs))

    def end(self, claim):
        self.record(b"E", struct.pack("<QQI", self.rows if claim is None
                                      else claim, self.marks, self.chain))


def channel(spec):
    name, unit, form, what, *wrap = spec.split(",")
    return name, unit, form, what, int(wrap[0]) if wrap else 0


def main(args):
    kind, channels, meta, flags = args[0], [], {}, {}
    words = iter(args[1:])
    for word in words:
        if word == "--no-end":
            flags[word] = 1
        elif word.startswith("--"):
            flags[word] = int(next(words))
        elif word.startswith("+"):
            channels.append(channel(word[1:]))
        else:
            key, value = word.split("=", 1)
            meta[key] = value
    if kind == "window":
        spec = {"features": ",".join(c[0] for c in channels), "delays": "3",
                "tau": "1", "interval_ns": "1000000000", "target": "package",
                "split": "none", "order": "oldest-first"}
        meta = {**{"window." + k: v for k, v in spec.items()}, **meta}
        channels += [channel("label,W,f32,gauge"), channel("dt,s,f32,gauge")]
    if kind == "prediction":
        channels += [channel(c + ",f32,gauge") for c in PREDICTION]
    if kind != "sample":
        channels.append(channel("part,1,u8,gauge"))
    segment, rows = Segment(sys.stdout.buffer), []
    segment.header(KINDS[kind], flags.get("--version", 1), channels, meta,
                   flags.get("--channels"))
    for line in map(str.split, sys.stdin):
        if line and line[0] in ("mark", "trailer"):
            segment.block(rows, channels, flags.get("--rows"))
            rows = []
        if line and line[0] == "mark":
            segment.mark(line)
        elif line and line[0] == "trailer":
            segment.trailer([pair.split("=", 1) for pair in line[1:]])
        elif line:
            rows.append(line)
    segment.block(rows, channels, flags.get("--rows"))
    if "--no-end" not in flags:
        segment.end(flags.get("--count"))


if __name__ == "__main__":
    main(sys.argv[1:])
