#!/bin/sh
# No energy is the normal case, unless someone says it must be there.
. "$(dirname "$0")/../../lib.sh"
guest="--proc $ROOT/tests/fixtures/machine-guest/proc --sys $ROOT/tests/fixtures/machine-guest/sys"
t absent 0 "rapl-sample $guest -n 1 >a.rapl"
has 'no energy is recorded: powercap: '
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "in one line"
t unasked 0 "rapl-sample --energy none $guest -n 1 >a.rapl"
hasnt energy
t required 4 "rapl-sample $guest --require-energy -n 1 -o b.rapl"
has 'no RAPL zone'
[ ! -e b.rapl ]
ok $? "and nothing is written"
t present 0 "rapl-sample --require-energy --energy powercap --sys $ROOT/tests/fixtures/machine-one/sys -n 1 >c.rapl"

t unknown 2 "rapl-sample --energy rapl -n 1 >a.rapl"
has "no energy 'rapl'; there are auto, powercap, perf, msr, none"

# What stands still is not recorded, unless its way is asked for by name.
one="--proc $ROOT/tests/fixtures/machine-one/proc --sys $ROOT/tests/fixtures/machine-one/sys"
t still 0 "rapl-sample $one -v -n 1 >f.rapl"
has 'intel-rapl:0/energy_uj: does not move'
has 'energy: not msr: only with --energy msr'
t still-required 4 "rapl-sample $one --require-energy -n 1 >f.rapl"
has 'no energy source: powercap: '
t named 0 "rapl-sample $one --energy powercap -n 1 >f.rapl"
has 'does not move; recorded all the same'

# A counter that may go round twice between samples: said, not guessed.
t long 0 "rapl-sample $one --energy powercap -i 3m -n 1 >g.rapl"
has 'energy:package-0 may go round unseen in an interval over 131s'

# Without the permission: one line, with the file and the command that helps.
cp -r "$ROOT/tests/fixtures/machine-two" two
chmod 0 two/sys/class/powercap/intel-rapl:*/energy_uj two/sys/class/powercap/intel-rapl-mmio:0/energy_uj
if ! cat two/sys/class/powercap/intel-rapl:0/energy_uj >/dev/null 2>&1; then
    as=
elif setpriv --bounding-set=-dac_override,-dac_read_search true 2>/dev/null; then
    as="setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search"
else
    ok 0 "unreadable counters # SKIP root may read everything here"
    done_testing
    exit
fi
two="--energy powercap --proc $PWD/two/proc --sys $PWD/two/sys"
t unreadable 0 "$as rapl-sample $two -n 1 >d.rapl"
has 'intel-rapl:0/energy_uj: Permission denied; grant it with: sudo setcap cap_dac_read_search+ep'
sed -n 's/.*grant it with: sudo \([^;]*\).*/\1/p' "$ERR" >remedy
[ "$(cat remedy)" = 'setcap cap_dac_read_search+ep "$(command -v rapl-sample)"' ]
ok $? "a command that can be run as it stands"
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "in one line"
t unreadable-required 4 "$as rapl-sample $two --require-energy -n 1 -o e.rapl"
has 'sudo setcap'
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "in one line"
chmod 644 two/sys/class/powercap/intel-rapl:1/energy_uj
t some 0 "$as rapl-sample $two --list"
has 'energy:package-1'
has '                   -  wraps at 262143328850  not recorded: Permission denied ('
[ "$(grep -c setcap "$OUT" "$ERR" | awk -F: '{ n += $2 } END { print n }')" -eq 1 ]
ok $? "the command once"
t partly 0 "$as rapl-sample $two -n 1 | rapl-dump --header | tr -d '\"'"
has 'energy_disjoint: package-1'
has 'energy_missing: package-0,package-0/core,package-0/uncore,package-0/dram,package-1/dram,psys'
has 'Permission denied'

# Half of the packages are no sum.
if [ -x "$BIN/rapl-window" ]; then
    t half 3 "$as rapl-sample $two -i 1ms -n 3 | rapl-window -d 1 >h.win"
    has "package-0 was there and could not be recorded, so that there is no whole 'package'"
    t single 0 "$as rapl-sample $two -i 1ms -n 3 | rapl-window -d 1 --target package-1 >h.win"
fi
done_testing
