#!/bin/sh
# The system fails under rapl-export, call by call, while it keeps its state and
# writes a textfile: it counts all the same and exits 0, or says what is wrong in
# lines of its own and exits 3 or 4; and the state is whole, of the rows before or
# of some more.
. "$(dirname "$0")/../lib.sh"
[ -f "$BUILD/fault.so" ] || skip_all "no fault library in $BUILD"
FAULT=read:999999:5 LD_PRELOAD=$BUILD/fault.so true 2>/dev/null ||
    skip_all "this kernel lets no program trap its own calls"
MOST=${LONG:+100000}
MOST=${MOST:-60} # faults of one kind tried
printf '1000000000 20 16 24 1 21 1 0\n2000000000 30 16 24 1 21 1 0\n' |
    python3 "$ROOT/tests/bad/write_stream.py" prediction targets=package >a.pred
rapl-export --print --state before a.pred >"$OUT"
cp before after
rapl-export --print --state after a.pred >"$OUT"

whole() # STATE: of 2 rows, 3 or 4
{
    [ "$(tail -n 1 "$1")" = "sha256: $(sed '$d' "$1" | sha256sum | cut -d ' ' -f 1)" ] &&
        grep -q '^rows: [234]$' "$1"
}

# Run with a fault; fail unless it did right by it.
survives() # FAULT
{
    rm -f fired t.prom*
    cp before s
    timeout 60 env FAULT="$1" FAULT_FIRED="$TMP/fired" LD_PRELOAD="$BUILD/fault.so" \
        rapl-export --recorded --textfile t.prom --state s a.pred >out 2>err </dev/null
    code=$?
    whole s || return 1
    [ -z "$(ls s.tmp* t.prom.tmp* 2>"$TMP/none")" ] || return 1
    case $code in
    0) cmp -s s after && grep -q '^decode_rapl_samples_total 4$' t.prom ;;
    3 | 4) [ -s err ] && ! grep -qv '^[a-z][-a-z]*: ' err ;;
    *) false ;;
    esac
}

each_call() # CALL ERRNO
{
    n=1
    while [ "$n" -le "$MOST" ]; do
        survives "$1:$n:$2" || {
            ok 1 "$1 $n fails"
            echo "# exit $code; FAULT=$1:$n:$2"
            head -3 err | sed 's/^/# /'
            return
        }
        [ -e fired ] || break
        n=$((n + 1))
    done
    ok 0 "any $1 may fail ($((n - 1)) tried)"
}

survives read:999999:5 && [ $code = 0 ]
ok $? "without faults"
for call in read:5 write:28 close:5 fsync:5 malloc:12; do
    each_call "${call%:*}" "${call#*:}"
done
done_testing
