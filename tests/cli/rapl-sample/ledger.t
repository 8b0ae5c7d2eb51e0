#!/bin/sh
# What a recording cost stands in it; with -v it is said.  Privileges are taken
# where they are given, and never passed on.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-dump" ] || skip_all "rapl-dump is not built"
one="--energy none --proc $ROOT/tests/fixtures/machine-one/proc --sys $ROOT/tests/fixtures/machine-one/sys"

t quiet 0 "rapl-sample $one -i 1ms -n 20 -o a.rapl"
[ ! -s "$ERR" ]
ok $? "nothing is said unasked"
t header 0 "rapl-dump --header a.rapl"
has 'ledger.rows: "20"'
has 'ledger.cpu_ns'
has 'ledger.switches_voluntary'
has 'ledger.quantum.ctxt: "step=0 mean=0 moved=0.0000"'
rapl-dump --header a.rapl | sed -n 's/.*late_histogram: "\(.*\)"/\1/p' | tr ' ' '\n' |
    awk -F: '{ n += $2 } END { exit n != 19 }'
ok $? "each of the 19 ticks has a bin"
t check 0 "rapl-dump --check a.rapl"
has 'us CPU and'
has 'context switches a row'
t verbose 0 "rapl-sample --energy none -v -i 1ms -n 50 -o b.rapl"
has '50 rows, '
has 'a row costs'
has 'ctxt: steps of '
t python 0 "zstd -dcq a.rapl | python3 '$ROOT/tests/pipe/read_stream.py' | grep '^# ledger.rows: 20'"

# The constant costs apart, a row asks for no memory: as many requests for 10
# rows as for 400, each of them written at once.
requests() # ROWS: the last request for memory that can be made to fail
{
    low=1 high=4096
    while [ $((high - low)) -gt 1 ]; do
        at=$(((low + high) / 2))
        rm -f fired
        FAULT=malloc:$at:12 FAULT_FIRED=$TMP/fired LD_PRELOAD=$BUILD/fault.so \
            rapl-sample $one -q -i 100us -n "$1" --flush sample -o m.rapl 2>/dev/null
        if [ -e fired ]; then low=$at; else high=$at; fi
    done
    echo "$low"
}
if [ -f "$BUILD/fault.so" ] && FAULT=read:999999:5 LD_PRELOAD=$BUILD/fault.so true 2>/dev/null; then
    few=$(requests 10) many=$(requests 400)
    [ "$few" -gt 10 ] && [ "$few" -eq "$many" ]
    ok $? "400 rows ask for no more memory than 10" || echo "# $few and $many requests"
else
    ok 0 "memory # SKIP no fault library here"
fi

t level 0 "rapl-sample $one --level 19 -i 1ms -n 5 -o l.rapl && zstd -qt l.rapl && rapl-dump --check l.rapl"
has '5 rows, complete'
t level-20 2 "rapl-sample $one --level 20 -n 1 -o l.rapl"

cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
all=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status)
t pinned 0 "rapl-sample --cpu $cpu -i 1ms -o c.rapl -- sh -c '
    grep Cpus_allowed_list /proc/self/status
    n=0
    until grep -qx \"Cpus_allowed_list:.$cpu\" /proc/\$PPID/status; do
        n=\$((n + 1)); [ \$n -lt 200 ] || exit 9; sleep .05
    done'"
has "Cpus_allowed_list:	$all"
t no-cpu 2 "rapl-sample --cpu 999999 -n 1 -o x.rapl"
has '--cpu 999999: Invalid argument'
[ ! -e x.rapl ]
ok $? "and nothing is recorded"

drop="setpriv --bounding-set=-sys_nice,-ipc_lock --inh-caps=-sys_nice,-ipc_lock"
if [ "$(id -u)" -ne 0 ]; then
    drop=
elif ! $drop true 2>/dev/null; then
    drop=none
fi
if [ "$drop" = none ] || [ "$(ulimit -r 2>/dev/null || echo 0)" != 0 ]; then
    ok 0 "without the permission # SKIP it cannot be dropped here"
else
    t refused 4 "$drop rapl-sample -q --realtime -n 1 -o x.rapl"
    has '--realtime: SCHED_FIFO: Operation not permitted; grant it with: sudo setcap cap_sys_nice,cap_ipc_lock'
    [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? "in one line"
fi
if rapl-sample --realtime $one -n 1 -o x.rapl 2>/dev/null; then
    t realtime 0 "rapl-sample --realtime -i 1ms -o x.rapl -- sh -c 'cut -d \" \" -f 41 /proc/\$PPID/stat /proc/self/stat; grep VmLck /proc/\$PPID/status'"
    grep -qx 1 "$OUT" && grep -qx 0 "$OUT"
    ok $? "SCHED_FIFO for the recorder, not for the command" || sed 's/^/# /' "$OUT"
    case $BUILD in
    *san-*) ;; # AddressSanitizer makes mlockall() do nothing
    *) hasnt 'VmLck:	       0 kB' ;;
    esac
else
    ok 0 "realtime # SKIP it is not granted here"
fi
done_testing
