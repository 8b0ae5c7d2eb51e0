#!/bin/sh
# All recorded traces import; rows, sums and rejected rows are those that a
# count by other means finds.
. "$(dirname "$0")/../lib.sh"
[ -n "$SHARED" ] || skip_all "no recorded traces beside the checkout"
command -v python3 >/dev/null || skip_all "no python3"

cat >sums <<'END'
# rows, then the sum of each channel named; from the stream as text
zstd -dc "$1" | python3 "$ROOT/tests/pipe/read_stream.py" | awk -v want="$2" '
    /^#/ { if (/^# run:/) segments++; next }
    /^t_ns/ {
        n = split(want, name, " ")
        for (k = 1; k <= n; k++)
            for (i = 1; i <= NF; i++)
                if ($i == name[k]) column[k] = i
        next
    }
    { rows++; for (k = 1; k <= n; k++) sum[k] += $(column[k]) }
    END {
        printf "%d segments, %d rows", segments, rows
        for (k = 1; k <= n; k++) printf ", %.2f", sum[k]
        print ""
    }'
END

cat >powerstat.py <<'END'
import glob, sys
segments = rows = 0
sums = [0.0] * 4
for path in glob.glob(sys.argv[1] + "/*/*.txt"):
    found = 0
    for line in open(path):
        f = line.split()
        if f[:1] == ["Time"]:
            heading = f
        elif line[2:3] == ":" and len(f) == len(heading):
            found += 1
            for k, name in enumerate(("User", "Ctxt/s", "pkg-0", "core")):
                sums[k] += float(f[heading.index(name)])
    segments += found > 0
    rows += found
print(f"{segments} segments, {rows} rows" + "".join(f", {s:.2f}" for s in sums))
END
t powerstat 0 'rapl-import -l workload=@dir -o p.rapl "$SHARED"/data/jvm-powerstat/*/*.txt'
has '1 rejected'
has 'openj9-vm-run-random_heap-default.txt:13524: 5 fields, 25 columns'
has 'openj9-vm-run-random_heap-default.txt:1338: the clock went back by 88 s'
sh sums p.rapl "cpu.user ctxt power:package-0 power:core" >is
python3 powerstat.py "$SHARED/data/jvm-powerstat" >should
diff should is >.diff
ok $? "powerstat: $(cat should)" || sed 's/^/# /' .diff

cat >bsc.py <<'END'
import csv, glob, sys
segments = rows = bad = 0
sums = [0.0] * 4
for path in glob.glob(sys.argv[1] + "/*/*/*.csv"):
    last = None
    segments += 1
    for r in csv.DictReader(open(path)):
        cpu = [float(v) for k, v in r.items() if k.startswith("cpu_")]
        if max(cpu) > 100 or min(cpu) < 0 or sum(cpu) > 105 or r["timestamp"] == last:
            bad += 1
            continue
        last = r["timestamp"]
        rows += 1
        for k, name in enumerate(("cpu_user", "contexts", "powerWatts", "mem_free")):
            sums[k] += float(r[name])
print(f"{segments} segments, {rows} rows" + "".join(f", {s:.2f}" for s in sums))
print(f"{rows} rows from {segments} files, {bad} rejected", file=sys.stderr)
END
t bsc-wall 0 'rapl-import --map "$ROOT/configs/map-bsc-wall.yaml" -l machine=@dir -o b.rapl \
    "$SHARED"/data/bsc-wall/*/*/*.csv'
python3 bsc.py "$SHARED/data/bsc-wall" >should 2>verdict
has "$(cat verdict)"
sh sums b.rapl "cpu.user ctxt power:wall mem.free" >is
diff should is >.diff
ok $? "bsc-wall: $(cat should)" || sed 's/^/# /' .diff
done_testing
