#!/bin/sh
# The system fails under rapl-sample, call by call: it records all the same and
# exits 0 with a whole file, or says what is wrong in lines of its own and
# exits 4, and what it had written can be read.  (Short reads are left out: a
# file of /proc is read in one piece.)
. "$(dirname "$0")/../lib.sh"
[ -x "$BIN/rapl-dump" ] && [ -f "$BUILD/fault.so" ] ||
    skip_all "no rapl-dump or no fault library in $BUILD"
FAULT=read:999999:5 LD_PRELOAD=$BUILD/fault.so true 2>/dev/null ||
    skip_all "this kernel lets no program trap its own calls"
MOST=${LONG:+100000}
MOST=${MOST:-60} # faults of one kind tried
guest=$ROOT/tests/fixtures/machine-guest
sample="rapl-sample -q --energy none --proc $guest/proc --sys $guest/sys -i 100us"

# Run with a fault; fail unless it did right by it.
survives() # FAULT COMMAND
{
    rm -f fired out*.rapl
    timeout 60 env FAULT="$1" FAULT_FIRED="$TMP/fired" \
        LD_PRELOAD="$BUILD/fault.so" $2 >out 2>err </dev/null
    code=$?
    case $code in
    0) rapl-dump --check out*.rapl >/dev/null 2>&1 ;;
    4) [ -s err ] && ! grep -qv '^rapl[-a-z]*: ' err && readable ;;
    *) false ;;
    esac
}

# Each file but those that were opened and never written.
readable()
{
    for file in out*.rapl; do
        [ ! -s "$file" ] || rapl-dump --allow-truncated "$file" >/dev/null 2>&1 ||
            return 1
    done
}

each_call() # CALL ERRNO COMMAND
{
    n=1
    while [ "$n" -le "$MOST" ]; do
        survives "$1:$n:$2" "$3" || {
            ok 1 "$1 $n fails: $3"
            echo "# exit $code of: FAULT=$1:$n:$2 $3"
            head -3 err | sed 's/^/# /'
            return
        }
        [ -e fired ] || break
        n=$((n + 1))
    done
    ok 0 "any $1 may fail ($((n - 1)) tried): ${3##*100us}"
}

for command in "$sample -n 5 -o out.rapl" \
    "$sample -n 8 --flush sample --rotate 200us -o out.rapl"; do
    $command 2>err && rapl-dump --check out*.rapl >/dev/null
    ok $? "without faults: ${command##*100us}"
    each_call read 5 "$command"
    each_call write 28 "$command"
    each_call close 5 "$command"
    [ "${command#*--rotate}" != "$command" ] || each_call malloc 12 "$command"
done
done_testing
