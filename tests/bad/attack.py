#!/usr/bin/env python3
"""Damaged and hostile input for every program that reads it, as TAP.

A program may do its work, or say what is wrong in one line and exit 3 (4 where
the system is at fault); it never dies, hangs, or prints another figure and
exits 0.  Run by attack.t, in a folder of its own with the programs in PATH.
The readers themselves meet every cut and every bit in tests/unit/; here each
program does, at so many places that it stays quick.
"""
import csv
import hashlib
import io
import json
import os
import resource
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
import write_stream  # noqa: E402, beside this file

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(os.environ["ROOT"], "configs")
S = 10**9
COUNTERS = ["+energy:package-0,uJ,u64,counter,262143328850",
            "+cpu.user,tick,u64,counter", "+cpu.idle,tick,u64,counter",
            "+ctxt,1,u64,counter", "interval_ns=1000000000", "run=a"]
TRAIN = ["rapl-train", "-q", "-c", CONFIGS + "/linear.yaml"]
WINDOW = ["rapl-window", "--features", "user_pct,log_ctxt", "-d", "2"]
INFER = ["rapl-infer", "good.ckpt", "--format", "csv"]
SCORE = ["rapl-score", "-q", "--part", "all"]
DUMP = ["rapl-dump"]
tests = 0


def run(args, data=b"", **more):
    try:
        p = subprocess.run(args, input=data, capture_output=True, timeout=60,
                           **more)
        return p.returncode, p.stdout, p.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "hang", b"", ""


def ok(good, name, why=""):
    global tests
    tests += 1
    print(("ok" if good else "not ok") + f" {tests} - {name}", flush=True)
    if not good and why:
        print("# " + str(why)[:600].replace("\n", "\n# "), flush=True)


def refused(result, says="", code=3):
    """In one line, with this exit code."""
    return (result[0] == code and result[2].count("\n") == 1 and
            says in result[2])


def expect(name, result, says="", code=3):
    ok(refused(result, says, code), name, result)


def stream(kind, what, rows):
    keep = sys.stdin, sys.stdout
    sys.stdin, out = io.StringIO(rows), io.BytesIO()
    sys.stdout = io.TextIOWrapper(out)
    try:
        write_stream.main([kind, *what])
        return out.getvalue()
    finally:
        sys.stdin, sys.stdout = keep


def samples(energy=lambda i: i * 10**7, user=lambda i: 50 * i,
            ctxt=lambda i: 1000 * i, n=8, what=COUNTERS):
    rows = "".join(f"{(i + 1) * S} {energy(i)} {user(i)} {300 * i} {ctxt(i)}\n"
                   for i in range(n))
    return stream("sample", what, rows)


def windows(row=lambda i: f"{i % 7} {i % 5} {10 + i % 7} 1 {1 + i % 3}", n=9,
            what=()):
    rows = "".join(f"{(i + 1) * S} {row(i)}\n" for i in range(n))
    return stream("window", ["+user_pct,%,f32,gauge", "+log_ctxt,1,f32,gauge",
                             "run=r", *what], rows)


def predictions(row="11 9 12 1 10 1 3", what=("split=run",)):
    return stream("prediction", what, f"1 11 9 12 1 10 1 3\n2 {row}\n")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


# ---- cuts and bits ----

def damage(name, command, data, step):
    good = run(command, data)
    ok(good[0] == 0, f"{name}: whole", good)
    bad = [(n, r) for n in range(0, len(data), step)
           if not refused(r := run(command, data[:n]))]
    ok(not bad, f"{name}: cut anywhere", bad[:2])
    bad = []
    for n in range(0, len(data), step):
        flipped = bytearray(data)
        flipped[n] ^= 1 << n // step % 8
        r = run(command, bytes(flipped))
        if not refused(r) and r[:2] != good[:2]:
            bad.append((n, r))
    ok(not bad, f"{name}: one bit anywhere", bad[:2])


def damages():
    packed = run(WINDOW, samples())[1]
    damage("window", WINDOW, samples(), 5)
    damage("train", TRAIN, windows(), 31)
    damage("infer", INFER, read("good.win"), 31)
    damage("infer, compressed", INFER, packed, 31)
    damage("score", SCORE, predictions(), 5)
    damage("dump", DUMP, samples(), 5)
    damage("dump --windows, compressed", DUMP + ["--windows"], packed, 5)
    damage_checkpoint(11)


def damage_checkpoint(step):
    data, bad = read("good.ckpt"), []
    for n in range(0, len(data), step):
        flipped = bytearray(data)
        flipped[n] ^= 1 << n // step % 8
        for what in data[:n], bytes(flipped):
            write("bad.ckpt", what)
            r = run(["rapl-window", "--like", "bad.ckpt"], samples())
            if not refused(r):
                bad.append((n, r))
    ok(not bad, "checkpoint: cut, or one bit, anywhere", bad[:2])


# ---- what is whole and lies ----

def little_memory():
    if "/san-" in os.environ["BUILD"]:
        return  # the address sanitizer reserves more than there is
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def lies():
    kinds = ((WINDOW, "sample", COUNTERS, "1 1 1 1"),
             (DUMP, "sample", COUNTERS, "1 1 1 1"),
             (TRAIN, "window", ["+user_pct,%,f32,gauge"], "1 1 1 1"),
             (INFER, "window", ["+user_pct,%,f32,gauge"], "1 1 1 1"),
             (SCORE, "prediction", [], "1 1 1 1 1 1 1"))
    for command, kind, what, row in kinds:
        for flag in "--channels", "--rows":
            data = stream(kind, [*what, flag, "4000000000"], f"{S} {row}\n")
            expect(f"{command[0]}: 4e9 {flag[2:]}",
                   run(command, data, preexec_fn=little_memory), "claims")
        data = stream(kind, what, f"{2 * S} {row}\n{S} {row}\n")
        expect(f"{command[0]}: time goes back", run(command, data),
               "time went back")
        expect(f"{command[0]}: empty", run(command), "empty")
        expect(f"{command[0]}: text", run(command, b"a,b\n1,2\n"), "text")
    for key, value, says in (("delays", "99999999999", "delays"),
                             ("delays", "0", "delays"), ("tau", "-1", "tau"),
                             ("features", "," * 2000, "2001 features"),
                             ("features", "user_pct", "channels"),
                             ("order", "newest-first", "laid out"),
                             ("interval_ns", "soon", "interval")):
        data = windows(what=[f"window.{key}={value}"])
        for command in TRAIN, INFER, DUMP + ["--windows"]:
            expect(f"{command[0]}: window.{key}={value[:12]}",
                   run(command, data), says)


def numbers():
    for says, row in (("label", "1 1 inf 1 1"), ("label", "1 1 -inf 1 1"),
                      ("dt", "1 1 1 nan 1"), ("dt", "1 1 1 -1 1"),
                      ("dt", "1 1 1 0 1"), ("part", "1 1 1 1 9"),
                      ("user_pct", "nan 1 1 1 1"), ("log_ctxt", "1 inf 1 1 1")):
        data = windows(lambda i, r=row: r if i == 6 else "1 2 3 1 1")
        for command in TRAIN, INFER, DUMP + ["--windows"]:
            r = run(command, data)
            ok(r[0] == 3 and says in r[2], f"{command[0]}: window {row}", r)
    for row in ("nan 9 12 1 10 1 3", "11 inf 12 1 10 1 3",
                "11 9 12 1 inf 1 3", "11 9 12 1 10 -1 3", "11 9 12 1 10 1 9"):
        expect(f"score: prediction {row}", run(SCORE, predictions(row)), "t_ns")
    for value in "nan", "inf", "-inf":
        what = ["+power:wall,W,f64,gauge", *COUNTERS[1:]]
        data = samples(lambda i, v=value: v if i == 3 else 7, what=what)
        for command in WINDOW, DUMP:
            expect(f"{command[0]}: gauge {value}", run(command, data),
                   "power:wall is no finite number")
    expect("train: no label at all",
           run(TRAIN, windows(lambda i: f"{i} {i} nan 1 1")),
           "no window with a label")
    expect("train: a window longer than the data",
           run(TRAIN, windows(what=["window.delays=4096"])), "4096 rows")
    for name, row in (("constant features", lambda i: f"5 5 {i} 1 1"),
                      ("constant label", lambda i: f"{i} {i * i} 5 1 1"),
                      ("singular", lambda i: f"{i} {i} {i} 1 1")):
        write("odd.win", windows(row))
        r = run(TRAIN + ["-o", "odd.ckpt", "odd.win"])
        ok(r[0] == 0, f"train: {name}", r)
        r = run(["rapl-infer", "odd.ckpt", "--format", "csv", "odd.win"])
        watts = [float(line.split(b",")[3]) for line in r[1].split(b"\n")[1:-1]]
        ok(watts and all(-1 < w < 10 for w in watts),
           f"infer: {name}: within what was seen", watts)


# ---- counters ----

def derived(**how):
    r = run(WINDOW, samples(**how))
    lines = run(DUMP, r[1])[1].decode().split()[1:]
    return [line.split(",") for line in lines]


def counters():
    top = 262143328850
    rows = derived(energy=lambda i: (top - 25 * 10**6 + i * 10**7) % top)
    ok([r[4] for r in rows] == ["10"] * 7, "energy wraps by its range", rows)
    for name, energy in (
            ("is reset", lambda i: 5 * 10**10 * (i < 4) + i * 10**7),
            ("jumps", lambda i: 10**11 * (i > 3) + i * 10**7)):
        rows = derived(energy=energy)
        ok([r[4] for r in rows] == ["10", "10", "10", "", "10", "10", "10"],
           f"energy {name}: no watts for that second", rows)
    for name, after in (("is reset", 0), ("jumps by half its range", 2**63)):
        rows = derived(user=lambda i: 50 * i + 10**6 if i < 4 else
                       after + 10**6 * (after > 0) + 50 * i)
        ok([r[0] for r in rows] == [f"{i}000000000" for i in (2, 3, 4, 6, 7, 8)]
           and len({r[2] for r in rows}) == 1,
           f"cpu.user {name}: a gap", rows)
    for form, value in (("f64", "-5"), ("f64", "1e30"), ("f64", "1e300"),
                        ("f32", "nan"), ("f32", "inf"), ("f32", "-inf"),
                        ("u64", str(2**64 - 1))):
        what = [f"+power:wall,W,{form},gauge", *COUNTERS[1:]]
        rows = derived(energy=lambda i: value if i == 3 else 7, what=what)
        ok([r[4] for r in rows] == ["7", "7", "", "7", "7", "7", "7"],
           f"a gauge of {value} W ({form}) is no label", rows)


# ---- checkpoints whose hash is right ----

def sealed(head, data):
    def encode(digest):
        head["__metadata__"]["sha256"] = digest
        text = json.dumps(head, separators=(",", ":")).encode()
        return struct.pack("<Q", len(text)) + text + bytes(data)
    return encode(hashlib.sha256(encode("0" * 64)).hexdigest())


def take_apart():
    data = read("good.ckpt")
    n = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + n]), bytearray(data[8 + n:])


def try_model(name, head, data, says):
    write("bad.ckpt", sealed(head, data))
    expect(name, run(["rapl-infer", "bad.ckpt", "--format", "csv", "good.win"]),
           says)


def models():
    head, data = take_apart()
    write("bad.ckpt", sealed(head, data))
    ok(run(["rapl-infer", "bad.ckpt", "good.win"])[0] == 0, "model: resealed")
    for name in [k for k in head if k != "__metadata__"]:
        for value in "nan", "inf", "-inf":
            head, data = take_apart()
            at = head[name]["data_offsets"][0]
            struct.pack_into("<f", data, at, float(value))
            try_model(f"model: {name} {value}", head, data, name)
        head, data = take_apart()
        head[name]["shape"] = [2**30, 2**30]
        try_model(f"model: {name} too large", head, data, "")
    for key, value, says in (
            ("window.delays", "3", ""), ("window.tau", "2", "tau is 1"),
            ("window.interval_ns", "16000000", "interval is 1s"),
            ("window.features", "log_ctxt,user_pct", "feature 1 is user_pct"),
            ("window.delays", "1e99", "window.delays"),
            ("model_description", "{a: &a [*a]}", "anchors"),
            ("model_description", '{"layers":' + "[" * 9999, "nested"),
            ("model_description", '{"layers":[{"type":"dense","out":'
             '999999999999}]}', ""),
            ("interval.low_w", "inf", "interval"),
            ("interval.low_w", "\x1b[31m\nx", "interval")):
        head, data = take_apart()
        head["__metadata__"][key] = value
        head["__metadata__"].setdefault("interval.high_w", "1")
        try_model(f"model: {key} {value[:20]!r}", head, data, says)
    huge = windows(lambda i: "3e38 3e38 1 1 1",
                   what=["window.delays=2"])
    head, data = take_apart()
    at = head["linear.weight"]["data_offsets"][0]
    head["__metadata__"]["model_description"] = \
        head["__metadata__"]["model_description"].replace("minmax", "none").replace("true", "false")
    struct.pack_into("<f", data, at, 3e38)
    write("bad.ckpt", sealed(head, data))
    r = run(["rapl-infer", "bad.ckpt", "--format", "csv"], huge)
    expect("infer: a prediction that overflows", r, "no finite number")


# ---- words ----

def labels():
    for text in ('a"b', "a\nb", "a\tb", "a|b", "a\\|b", "\u00e9\u4e2d",
                 "\x1b[31m", "\udcff", "x" * 60000, "", " b", "a,b", "# a: b"):
        data = predictions(what=["split=run", "workload=" + text])
        name = repr(text[:12])
        shown = text.encode("utf-8", "replace").replace(b"?", b"\xef\xbf\xbd") \
            .decode() if "\udcff" in text else text
        r = run(SCORE + ["--by", "workload", "--format", "json"], data)
        ok(json.loads(r[1])["rows"][0]["workload"] == shown, f"json: {name}")
        r = run(DUMP + ["--labels", "workload", "--format", "jsonl"], data)
        ok([json.loads(x)["workload"] for x in r[1].splitlines()] ==
           [shown] * 2, f"jsonl: {name}")
        r = run(SCORE + ["--by", "workload", "--format", "md"], data)
        cells = {x.replace(b"\\\\", b"").replace(b"\\|", b"").count(b"|")
                 for x in r[1].splitlines()}
        ok(len(cells) == 1 and b"\x1b" not in r[1], f"md: {name}", cells)
        r = run(SCORE + ["--by", "workload"], data)
        cells = {x.count(b"\t") for x in r[1].split(b"\n")[:-1]}
        ok(len(cells) == 1, f"tsv: {name}", cells)
        r = run(DUMP + ["--labels", "workload"], data)
        table = list(csv.reader(io.StringIO(
            r[1].decode("utf-8", "surrogateescape"), newline="")))
        ok(len(table) == 3 and table[1][2] == text, f"csv: {name}")
    r = run(["rapl-sample", "--energy", "none", "-n", "1", "-i", "1ms", "-l", "a=" + "x" * 70000,
             "-o", "long.rapl"])
    expect("sample: a label too long", r, "longer than 64 KiB")


# ---- configurations, options, the system ----

def programs():
    return {"rapl-sample": ["--energy", "none", "-n", "1", "-i", "1ms"],
            "rapl-import": ["-q", "good.csv"],
            "rapl-window": WINDOW[1:] + ["good.rapl"],
            "rapl-train": TRAIN[1:] + ["good.win"],
            "rapl-infer": ["good.ckpt", "good.win"],
            "rapl-score": SCORE[1:] + ["good.pred"],
            "rapl-dump": ["good.rapl"]}


def configs():
    bad = {"unknown": ("# 1\n\nnosuch: 1\n", ":3: unknown key 'nosuch'"),
           "loop": ("seed: &a [*a]\n", ":1: anchors"),
           "deep": ("[" * 50000, ":1: nested deeper"),
           "empty": ("", "empty"), "twice": ("seed: 1\nseed: 2\n", ":2:"),
           "range": ("\nseed: -1\n", ":2:")}
    for name, (text, says) in bad.items():
        with open("bad.yaml", "w") as f:
            f.write(text)
        for program, args in programs().items():
            expect(f"{program}: config: {name}",
                   run([program, *args, "-c", "bad.yaml", "-o", "x"]), says)
        if name not in ("twice", "range"):
            expect(f"rapl-import: map: {name}",
                   run(["rapl-import", "--map", "bad.yaml", "good.csv"]), says)


def options():
    for words in ("rapl-sample -n 0", "rapl-sample -i 0s", "rapl-sample -i 1ns",
                  "rapl-sample -i 16", "rapl-sample -n 1 -d 99999999999999999h",
                  "rapl-sample -i nans", "rapl-sample -i -1s",
                  "rapl-sample -i 2d", "rapl-sample -n 9999999999999999999999",
                  "rapl-window -d 0", "rapl-window -d 4097", "rapl-window -t 0",
                  "rapl-window -d 99999999999999999999", "rapl-window -i 0s",
                  "rapl-window -i 100000d", "rapl-window -i 2d",
                  "rapl-window --skip-startup 99999999999999999999",
                  "rapl-window --like good.ckpt -d 3 good.rapl",
                  "rapl-window --like good.ckpt --features user_pct",
                  "rapl-window --ratios 0,0,0 --split run",
                  "rapl-train -c x --epochs 0", "rapl-train --resume",
                  "rapl-infer", "rapl-score --by ,", "rapl-dump --labels ,",
                  "rapl-dump --check --header good.rapl",
                  "rapl-dump --segment 0", "rapl-import --from original "
                  "--map good.csv good.csv", "rapl-dump --threads -1",
                  "rapl-dump --nosuch"):
        expect(words, run(words.split() + ["-o", "x"]), code=2)
    late = stream("sample", COUNTERS, f"{2**62 - 2} 1 1 1 1\n"
                  f"{2**62 - 1} 2 2 2 2\n")
    for more in ["-i", "1d"], ["--skip-startup", "30000d"]:
        r = run(WINDOW + more, late)
        ok(r[0] == 0, f"window: late in time, {' '.join(more)}", r)


def system():
    for program, args in programs().items():
        expect(f"{program}: -o /dev/full",
               run([program, *args, "-o", "/dev/full"]), code=4)
        expect(f"{program}: no such folder",
               run([program, *args, "-o", "no/such"]), "no/such", 4)
        r = subprocess.run(["sh", "-c", '"$@" | :', "sh", program, *args],
                           capture_output=True)
        ok(r.stderr == b"", f"{program}: a closed pipe, quietly", r)
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", "env",
              "HOME=/nonexistent"]
    os.chmod(".", 0o755)
    os.makedirs("secret", exist_ok=True)
    try:
        able = run(nobody + ["rapl-dump", "--version"])[0] == 0
    except FileNotFoundError:
        able = False
    if not able:
        ok(True, "no permission # SKIP cannot be another user here")
        return
    for name in "good.csv", "good.rapl", "good.win", "good.pred", "good.ckpt":
        write("secret/" + name, read(name))
        os.chmod("secret/" + name, 0)
    for program, args in programs().items():
        expect(f"{program}: may not write",
               run(nobody + [program, *args, "-o", "secret/x"]), "secret/x", 4)
        if program != "rapl-sample":
            hidden = [a if not a.startswith("good.") else "secret/" + a
                      for a in args]
            expect(f"{program}: may not read",
                   run(nobody + [program, *hidden, "-o", "/dev/null"]),
                   "Permission", 4)


def full_disk():
    os.makedirs("small", exist_ok=True)
    if run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "small"])[0]:
        ok(True, "full disk # SKIP cannot mount a small one here")
        return
    try:
        with open("small/fill", "wb", buffering=0) as f:
            try:
                while f.write(bytes(1024)):
                    pass
            except OSError:
                pass
        for program, args in programs().items():
            expect(f"{program}: a full disk",
                   run([program, *args, "-o", "small/x"]), "small/x", 4)
    finally:
        run(["umount", "small"])


def main():
    write("good.rapl", samples())
    write("good.win", windows())
    write("good.pred", predictions())
    write("good.csv", read(HERE + "/../fixtures/import/run_3_of_2025-cpu5-sys0"
                           "-io0-pipe0-vm1-cache0.csv"))
    r = run(TRAIN + ["-o", "good.ckpt"],
            windows(what=["window.delays=2"]))
    write("good.win", windows(what=["window.delays=2"]))
    ok(r[0] == 0, "a model", r)
    for part in (damages, lies, numbers, counters, models, labels, configs,
                 options, system, full_disk):
        part()
    write("count", str(tests).encode())


main()
