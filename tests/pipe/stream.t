#!/bin/sh
# A reader written from the specification alone sees what rapl-dump sees.
. "$(dirname "$0")/../lib.sh"
command -v python3 >/dev/null || skip_all "no python3"
command -v zstd >/dev/null || skip_all "no zstd"

cat >log.txt <<'END'
Running for 60.0 seconds (60 samples at 1.0 second intervals).
  Time    User  Nice   Sys  Idle    IO  Run Ctxt/s  IRQ/s  pkg-0
23:59:58   1.5   0.0   0.5  98.0   0.0    1    170    215   3.25
23:59:59  37.8   0.0   4.4  57.7   0.1   12  31434  21828  28.61
00:00:00  50.5   0.0   0.5  49.0   0.0   18   4561  17609  30.55
00:00:01  nan    0.0   0.5  49.0   0.0   18   4561  17609  30.55
00:00:02  59.9   0.0   0.6  39.5   0.0   11   3830  20545  29.50
END
t import 0 'rapl-import -q --from powerstat -l cpus=24 -o a.rapl log.txt'
t 'zstd verifies it' 0 'zstd -qt a.rapl'
t 'the reader in Python' 0 "zstd -dcq a.rapl |
    python3 '$ROOT/tests/pipe/read_stream.py' >python.tsv"
t 'rapl-dump' 0 'rapl-dump --format tsv a.rapl >dump.tsv'
t 'the same numbers' 0 "python3 - <<'END'
def rows(path, drop):
    lines = [l.rstrip('\n').split('\t') for l in open(path) if l[0] != '#']
    at = [i for i, name in enumerate(lines[0]) if name not in drop]
    return [lines[0][i] for i in at], [[float(r[i]) for i in at]
                                       for r in lines[1:]]
a = rows('python.tsv', ())
b = rows('dump.tsv', ('segment',))
assert a == b, (a, b)
assert len(a[1]) == 4
END"
t 'a gap is a mark' 0 'grep "^# mark 1" python.tsv'
t 'two in a row' 0 "cat a.rapl a.rapl | zstd -dcq |
    python3 '$ROOT/tests/pipe/read_stream.py' | grep -c '^# run' | grep -qx 2"
t 'cut off' 3 "zstd -dcq a.rapl | head -c -1 |
    python3 '$ROOT/tests/pipe/read_stream.py'"
done_testing
