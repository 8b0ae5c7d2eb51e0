#!/bin/sh
# What is recorded, of machines that stand still.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-dump" ] || skip_all "rapl-dump is not built"
machine=$ROOT/tests/fixtures/machine
on() # MACHINE: the options that record it
{
    echo "--energy powercap --proc $machine-$1/proc --sys $machine-$1/sys"
}

t count 0 "rapl-sample $(on one) -i 1ms -n 5 | rapl-dump | cut -d, -f2-8 | sort | uniq -c"
has '5 1,5000000,1000,20,300,9000,50'
t grid 0 "rapl-sample $(on one) -i 20ms -d 100ms -o a.rapl && rapl-dump --check a.rapl"
rapl-dump a.rapl | sed 1d >rows
rapl-dump --marks a.rapl >marks 2>/dev/null
grep -q 000, rows && ! grep -qvE '^[0-9]+000,' rows
ok $? "times are whole microseconds"
# Rows and missed ticks make six, 0 to 100 ms, on a busy machine too.
missed=$(awk -F, '/gap/ { n += $4 } END { print n + 0 }' marks)
[ $(($(wc -l <rows) + missed)) -le 6 ]
ok $? "--duration ends on time"

t signals 0 "rapl-sample $(on one) -n 1 --signals mem,net | rapl-dump --format tsv | head -n 1 | tr '\\t' ' '"
has 'segment energy:package-0 net.rx net.tx mem.total mem.free mem.available mem.buffers mem.cached swap.total swap.free'
t fast 0 "rapl-sample $(on guest) -n 1 -i 16ms | rapl-dump --header | tr -d '\"'"
has 'cpu.user'
hasnt 'mem.total'
has 'energy_source: none'
has 'hypervisor: QEMU Standard PC'
t slow 0 "rapl-sample $(on guest) -n 1 -i 1s | rapl-dump --header | tr -d '\"'"
has 'mem.total'
hasnt 'psi.cpu'
t labels 0 "rapl-sample -v $(on two) -n 1 -l workload=a=b -l run=r1 | rapl-dump --header | tr -d '\"'"
has 'workload: a=b'
has 'run: r1'
has 'energy_source: powercap'
has 'name: energy:package-1/dram, unit: uJ, type: u64, kind: counter, wrap: 65712999613'
has 'shows package-0 once more'
has 'energy_disjoint: package-0,package-0/dram,package-1,package-1/dram'
echo 'count: 2' >two.yaml
t config 0 "rapl-sample $(on one) -i 1ms -c two.yaml | rapl-dump | sed 1d | wc -l"
has 2
t segments 0 "(rapl-sample $(on one) -n 2; rapl-sample $(on two) -q -n 3) >ab.rapl; rapl-dump --check ab.rapl && zstd -qt ab.rapl"
done_testing
