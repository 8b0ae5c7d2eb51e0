#!/usr/bin/env python3
"""A reader of the stream, written from doc/format-stream.md alone.

    zstd -dc FILE | read_stream.py        rows as TSV, header as comments

It reads raw streams (zstd is the shell's part), checks every checksum, and
exits 3 where the data are bad. It is a proof of the specification and a start
for readers in other languages; rapl-dump is the tool to use.
"""
import struct
import sys
import zlib

MAGIC = b"\x89RAPL\r\n\x1a"
TYPES = {0: ("<Q", 8), 1: ("<d", 8), 2: ("<f", 4), 3: ("<B", 1)}
MASK = 2**64 - 1


class Bad(Exception):
    pass


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise Bad("cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def num(self, fmt):
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    def text(self):
        return self.take(self.num("<H")).decode()

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & MASK
            shift += 7

    def zigzag(self):
        z = self.varint()
        return (z >> 1) ^ -(z & 1)


def read_header(data):
    c = Cursor(data)
    channels = [(c.text(), c.text(), c.num("<B"), c.num("<B"), c.num("<Q"))
                for _ in range(c.num("<I"))]
    meta = {c.text(): c.text() for _ in range(c.num("<I"))}
    provenance = [c.text() for _ in range(c.num("<I"))]
    return channels, meta, provenance


def read_times(c, n):
    unit, t, step, times = c.varint(), 0, 0, []
    for i in range(n):
        step = (step if i > 1 else 0) + c.zigzag()
        t += step
        times.append(t * unit)
    return times


def read_column(c, n, kind):
    how, column = c.num("<B"), Cursor(c.take(c.num("<I")))
    if (how == 2) != (kind is None):
        raise Bad(f"encoding {how} of a column")
    if how == 2:
        return read_times(column, n)
    fmt, size = TYPES[kind]
    if how == 0:
        return [column.num(fmt) for _ in range(n)]
    if how == 3:
        return [column.num(fmt)] * n
    if how != 1:
        raise Bad(f"encoding {how}")
    value, out = 0, []
    for _ in range(n):
        value = (value + column.zigzag()) & MASK
        out.append(value)
    return out


def checked(stream, prefix, length_at, chain):
    """The prefix, its payload and crc; returns payload, chain."""
    length = struct.unpack_from("<I", prefix, length_at)[0]
    rest = stream.read(length + 4)
    if len(rest) < length + 4:
        raise Bad("truncated")
    payload, crc = rest[:-4], rest[-4:]
    if struct.unpack("<I", crc)[0] != zlib.crc32(prefix + payload):
        raise Bad("a checksum is wrong")
    return payload, zlib.crc32(crc, chain)


def read_segment(stream, prefix, out):
    if prefix[:8] != MAGIC or prefix[8] not in (1, 2):
        raise Bad("not a stream of version 1 or 2")
    head, chain = checked(stream, prefix, 12, 0)
    channels, meta, provenance = read_header(head)
    for key, value in meta.items():
        print(f"# {key}: {value}", file=out)
    for line in provenance:
        print(f"# by {line}", file=out)
    print("t_ns", *(c[0] for c in channels), sep="\t", file=out)
    rows = marks = 0
    while True:
        prefix = stream.read(5)
        if len(prefix) < 5:
            raise Bad("truncated: no end record")
        before = chain
        payload, chain = checked(stream, prefix, 1, chain)
        c = Cursor(payload)
        if prefix[:1] == b"B":
            n = c.num("<I")
            columns = [read_column(c, n, None)]
            columns += [read_column(c, n, ch[2]) for ch in channels]
            for row in zip(*columns):
                print(*row, sep="\t", file=out)
            rows += n
        elif prefix[:1] == b"M":
            t, kind, value = c.num("<Q"), c.num("<H"), c.num("<q")
            print(f"# mark {kind} at {t}: {value} {c.text()}", file=out)
            marks += 1
        elif prefix[:1] == b"T":
            for _ in range(c.num("<I")):
                print(f"# {c.text()}: {c.text()}", file=out)
        elif prefix[:1] == b"E":
            if (c.num("<Q"), c.num("<Q"), c.num("<I")) != (rows, marks, before):
                raise Bad("records are missing")
            return
        else:
            raise Bad("an unknown record")


def main():
    stream = sys.stdin.buffer
    try:
        while prefix := stream.read(16):
            read_segment(stream, prefix, sys.stdout)
    except (Bad, struct.error, KeyError) as why:
        print(f"read_stream: {why}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
