#!/bin/sh
# The system fails under every program, call by call: a full disk, a read
# error, a close that reports late, short reads and writes, no memory, a reader
# that went away.  A program may then do its work all the same, or say what is
# wrong and exit 3 or 4; never crash, hang, or print something else and exit 0.
. "$(dirname "$0")/../lib.sh"
[ -f "$BUILD/fault.so" ] || skip_all "no fault library in $BUILD"
FAULT=read:999999:5 LD_PRELOAD=$BUILD/fault.so true 2>/dev/null ||
    skip_all "this kernel lets no program trap its own calls"
sh "$ROOT/tests/fixtures/make" 2>"$ERR" || {
    ok 1 "fixtures"
    sed 's/^/# /' "$ERR"
}
MOST=${LONG:+100000}
MOST=${MOST:-60} # faults of one kind tried in one program

# One command a program, whose output depends on its input alone.
cases()
{
    cat <<END
rapl-import --from original run7.csv
rapl-window -d 5 run7.rapl
rapl-train -q --threads 1 -c configs/linear.yaml train.win
rapl-train -q --threads 1 -c configs/physical.yaml busy.win
rapl-infer linear.ckpt --format csv run7.win
rapl-infer physical.ckpt --format csv busy.win
rapl-calibrate -q physical.ckpt busy.win
rapl-score -q --format tsv run7.pred
rapl-export -q --print run7.pred
rapl-dump run7.rapl
rapl-plot --format gnuplot --kind errors run7.pred
rapl-dump --onnx linear.ckpt
rapl-stat --threads 1 run7.rapl
stress-sweep plan --cpus 2 --list configs/sweep-trial.yaml
stress-sweep next --threads 1 --cpus 2 --model linear.ckpt -n 2 run7.rapl configs/sweep-trial.yaml
END
}

# Run the command with a fault; fail unless it did right by it.
survives() # FAULT COMMAND
{
    rm -f fired
    timeout 60 env FAULT="$1" FAULT_FIRED="$TMP/fired" \
        LD_PRELOAD="$BUILD/fault.so" $2 >out 2>err </dev/null
    code=$?
    case $code in
    0) cmp -s out good ;;
    3 | 4) [ -s err ] && ! grep -qv '^[a-z][-a-z]*: ' err ;;
    *) false ;;
    esac
}

each_call() # CALL ERRNO COMMAND
{
    n=1
    while [ "$n" -le "$MOST" ]; do
        survives "$1:$n:$2" "$3" || {
            ok 1 "$tool: $1 $n fails"
            echo "# exit $code of: FAULT=$1:$n:$2 $3"
            head -3 err | sed 's/^/# /'
            return
        }
        [ -e fired ] || break
        n=$((n + 1))
    done
    ok 0 "$tool: any $1 may fail ($((n - 1)) tried)"
}

cases >commands
while IFS= read -r command; do
    tool=${command%% *}
    [ -x "$BIN/$tool" ] && [ -e "${command##* }" ] || continue
    $command >good 2>err </dev/null
    ok $? "$tool without faults" || {
        head -3 err | sed 's/^/# /'
        continue
    }
    FAULT=short LD_PRELOAD=$BUILD/fault.so $command >out 2>err </dev/null
    [ $? -eq 0 ] && cmp good out
    ok $? "$tool: a byte at a time gives the same" || head -3 err | sed 's/^/# /'
    $command >/dev/full 2>err </dev/null
    code=$?
    [ $code -eq 4 ] && [ "$(wc -l <err)" -eq 1 ]
    ok $? "$tool: a full disk is one line and exit 4" || {
        echo "# exit $code"
        sed 's/^/# /' err
    }
    perl -e 'pipe R, W; open STDOUT, ">&W"; close W; close R; exec @ARGV' \
        $command 2>err </dev/null
    code=$?
    [ $code -eq 141 ] && [ ! -s err ]
    ok $? "$tool: a closed pipe ends it quietly" || {
        echo "# exit $code"
        sed 's/^/# /' err
    }
    each_call read 5 "$command"
    each_call write 28 "$command"
    each_call close 5 "$command"
    each_call fsync 5 "$command"
    each_call malloc 12 "$command"
done <commands
[ "$COUNT" -gt 0 ] || skip_all "no programs yet"
done_testing
