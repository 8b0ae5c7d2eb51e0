#!/bin/sh
# The program without shared libraries, for guests and rescue images: it needs
# nothing of the system that it runs on but a kernel, and records the same.
. "$(dirname "$0")/../../lib.sh"
static=$BUILD/static/rapl-sample
[ -x "$static" ] || skip_all "no $static: libraries for -static are not here, or SAN"
machine="--proc $ROOT/tests/fixtures/machine-two/proc --sys $ROOT/tests/fixtures/machine-two/sys"

readelf -lW "$static" >"$OUT" 2>&1
! grep -qE 'INTERP|DYNAMIC' "$OUT"
ok $? "no loader, no dynamic section" || grep -E 'INTERP|DYNAMIC' "$OUT"
! readelf -lW "$BIN/rapl-sample" | grep -q INTERP
ok $((!$?)) "which the usual one has"
t static 0 "$static $machine --signals all -n 2 -o a.rapl && rapl-dump --check a.rapl"
has 'sample stream, 1 segment, 2 rows, complete'
rapl-sample $machine --signals all -n 2 -o b.rapl 2>/dev/null
for way in a b; do
    rapl-dump --format tsv $way.rapl | cut -f 2- >$way.tsv
done
cmp -s a.tsv b.tsv
ok $? "records what the usual one does"

# In a root with nothing else in it.
mkdir -p root/proc && cp "$static" root/
cp -r "$ROOT/tests/fixtures/machine-two" root/machine
if chroot root /rapl-sample --version >"$OUT" 2>&1; then
    t alone 0 "chroot root /rapl-sample --proc /machine/proc --sys /machine/sys -n 1 -o /c.rapl"
    t whole 0 "rapl-dump --check root/c.rapl"
else
    ok 0 "in an empty root # SKIP may not chroot"
fi
done_testing
