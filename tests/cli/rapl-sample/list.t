#!/bin/sh
# --list: everything there is, with its value, and what is missing.
. "$(dirname "$0")/../../lib.sh"
cd "$ROOT/tests/fixtures" || exit 1
t two 0 "rapl-sample --list --energy powercap --proc machine-two/proc --sys machine-two/sys --dev /nonexistent"
t guest 0 "rapl-sample --list --proc machine-guest/proc --sys machine-guest/sys --dev /nonexistent"
t nothing 4 "rapl-sample --list --proc /nonexistent --sys /nonexistent"
t here 0 "rapl-sample --list"
has cpu.idle

# Machines of which only the energy is there, and stands still.
sh "$ROOT/tests/fixtures/machines" "$TMP/machines"
cd "$TMP/machines" || exit 1
for m in xeon amd mirrored broken empty; do
    t "energy-$m" 0 "rapl-sample --list --signals stat --proc $m/proc --sys $m/sys --dev $m/dev | grep -v ^stat"
    ! grep -q '^[^a-zA-Z]' "$OUT"
    ok $? "a line each"
done
t registers 0 "rapl-sample --list --energy msr --signals stat --proc rapids/proc --sys rapids/sys --dev rapids/dev"
has '7000000  wraps at 4294967296000000  recorded: does not move'
done_testing
