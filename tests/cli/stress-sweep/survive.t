#!/bin/sh
# What happens to a sweep in 35 hours, one thing after another, with a stress-ng
# of ours that does as it is told.  Energy is not needed for any of it.
. "$(dirname "$0")/../../lib.sh"
command -v python3 >/dev/null || skip_all "no python3"
mkdir bin
cat >bin/stress-ng <<'END'
#!/bin/sh
case "$*" in
--version) echo "stress-ng, version 0.99.1 (gcc 9, x86_64 Linux)"; exit ;;
*--dry-run*) exit ;;
esac
case $(cat "$MOOD") in
fails) echo "no memory today" >&2; exit 2 ;;
early) exit 0 ;;
leaves) setsid sleep 300 & ;;
deaf) trap '' INT TERM ;;
esac
exec sleep 300
END
chmod +x bin/stress-ng
export MOOD="$TMP/mood"
PATH=$TMP/bin:$PATH
RUN="--lock $TMP"
export RUN
trap 'for d in d*/; do stress-sweep -q stop "$d" 2>/dev/null; done; rm -rf "$TMP"' EXIT

sweep() # PART...: write sweep.yaml
{
    echo "{interval: 20ms, energy: none, attempts: 2, reserve_mb: 0,"
    echo "times: {cool_down: 0, warm_up: 0, run: 300ms, ramp_down: 0}, parts: ["
    printf '  %s,\n' "$@"
    echo "]}"
} >sweep.yaml
CPU='{combine: [{stressor: cpu, levels: 1}]}'
VM='{combine: [{stressor: vm, levels: 1}]}'
IDLE='{idle: plain}'

said() # FOLDER PATTERN N: the journal holds N such lines
{
    n=$(grep -c -- "$2" "$1/journal.jsonl")
    [ "$n" -eq "$3" ]
    ok $? "  $3 lines of the journal: $2" || sed 's/^/# /' "$1/journal.jsonl"
}
await() # COMMAND: until it is so, but not for ever
{
    n=0
    until "$@" 2>/dev/null; do
        n=$((n + 1))
        [ $n -lt 2000 ] || return 1
        sleep 0.02
    done
}
running() # FOLDER COMM N: so many of the sweep's processes
{
    [ "$(ours "$1" "$2" | wc -l)" -eq "$3" ]
}
ours() # FOLDER [COMM]: the processes that the sweep started
{
    for environ in $(grep -lz "^STRESS_SWEEP_MARK=$(pwd -P)/$1\$" \
        /proc/[0-9]*/environ 2>/dev/null); do
        process=${environ%/environ}
        [ -z "${2:-}" ] || grep -qsx "$2" "$process/comm" || continue
        echo "${process#/proc/}"
    done
}

# A load that does not start is tried again, then given up, and said so.
sweep "$IDLE" "$CPU"
echo fails >mood
t fails 1 "stress-sweep run \$RUN -o d1 sweep.yaml"
has "1 of 2 runs are good, 1 given up"
said d1 '"result":"bad","why":"stress-ng ended, status 2: no memory today"' 2
said d1 '"event":"given_up"' 1
rapl-dump -q --check d1/bad/run_2_of_2-cpu1.rapl && [ ! -e d1/runs/run_2_of_2-cpu1.rapl ]
ok $? "  what was recorded of it is kept apart"
t given 0 "stress-sweep status --format tsv d1"
has "given up	1"
has "bad attempts	2"
echo fine >mood
t final 1 "stress-sweep resume \$RUN d1"
said d1 '"event":"begin"' 3
t retry 0 "stress-sweep resume \$RUN --retry d1"
has "2 of 2 runs are good, 0 given up"
said d1 '"event":"begin"' 4

# One that ends too early is no load.  Three runs in a row: something is wrong.
echo early >mood
sweep "$CPU" "$VM" "$CPU" "$IDLE"
t early 4 "stress-sweep run \$RUN --set attempts=1 --set times.run=700ms -o d2 sweep.yaml"
has "3 runs in a row were given up"
said d2 'stress-ng ended 0.[67] s early' 3
said d2 '"event":"stop","why":"several runs in a row were given up"' 1

# A sampler that dies costs a run, not the sweep.
echo fine >mood
sweep "$CPU"
stress-sweep run -q $RUN --set times.run=900ms -o d3 sweep.yaml &
sweep=$!
await running d3 rapl-sample 1
kill -9 $(ours d3 rapl-sample)
wait $sweep
ok $? "the sweep goes on without its sampler"
said d3 '"result":"bad","why":"rapl-sample ended, status 137' 1
said d3 '"attempt":2,"result":"good"' 1

# One that hangs is found at the end; a load that does not listen is killed.
if [ -n "${LONG:-}" ]; then
    stress-sweep run -q $RUN --set attempts=1 -o d8 sweep.yaml &
    sweep=$!
    await running d8 rapl-sample 1
    kill -STOP $(ours d8 rapl-sample)
    wait $sweep
    said d8 '"result":"bad","why":"rapl-sample does not end"' 1
    echo deaf >mood
    t deaf 1 "stress-sweep run \$RUN --set attempts=1 -o d9 sweep.yaml"
    said d9 '"result":"bad","why":"stress-ng had to be killed"' 1
    [ -z "$(ours d8)$(ours d9)" ]
    ok $? "  nothing of them is left"
    echo fine >mood
fi

# The settings of the first start are those of the sweep; so is its machine.
t changed 2 "stress-sweep run \$RUN --set times.run=901ms -o d3 sweep.yaml"
[ "$(sed 's/^stress-sweep: \(error: \)*//' "$ERR" | head -2 | tr '\n' '|')" = \
    '- times.run: 900ms|+ times.run: 901ms|' ]
ok $? "  says what differs" || sed 's/^/# /' "$ERR"
cp d3/machine.json machine.json
sed 's/"stress_ng":"[^"]*"/"stress_ng":"0.1"/' machine.json >d3/machine.json
t renewed 0 "stress-sweep resume \$RUN d3"
has "stress_ng was '0.1' and is '0.99.1'"
sed 's/"host":"[^"]*"/"host":"elsewhere"/' machine.json >d3/machine.json
t moved 2 "stress-sweep resume \$RUN d3"
has "begun on another machine: host was 'elsewhere'"
t other 2 "stress-sweep resume \$RUN --sys / d1"
has "sweep_sys was '/sys' and is '/'"

# The power fails: before the journal has the last line, and in the recording.
last=d1/runs/run_2_of_2-cpu1.rapl
grep -v '"attempt":1,"result":"good"' d1/journal.jsonl >kept
grep -v '"event":"stop"' kept >d1/journal.jsonl
t unsaid 0 "stress-sweep resume \$RUN d1"
said d1 'complete, though the journal did not say so' 2
said d1 '"event":"begin"' 4
grep -v '"result":"good"' d1/journal.jsonl >kept
cp kept d1/journal.jsonl
size=$(wc -c <$last)
truncate -s $((size - 9)) $last
t cut 0 "stress-sweep resume \$RUN d1"
said d1 '"result":"lost","why":"the sweep or the machine stopped' 1
said d1 '"event":"begin"' 5
rapl-dump -q --check $last
ok $? "  a recording that was cut is made again"

# Asked to stop, it leaves nothing behind; nor when it was killed itself.
echo leaves >mood
for how in stop kill hangup; do
    stress-sweep run -q $RUN --set times.run=1m -o d4-$how sweep.yaml &
    sweep=$!
    await running d4-$how sleep 2
    [ $how != kill ] || kill -9 $sweep
    [ $how != hangup ] || kill -HUP $sweep
    [ $how != hangup ] || await grep -q '"event":"stop"' d4-hangup/journal.jsonl
    t $how 0 "stress-sweep stop d4-$how"
    wait $sweep
    code=$?
    [ $how = kill ] || [ $code -eq 0 ]
    ok $? "  $how: the sweep ends with $code"
    [ $how != kill ] || has "no sweep is at work there"
    [ -z "$(ours d4-$how)" ]
    ok $? "  $how: nothing that it started is left"
done
said d4-stop '"result":"stopped"' 1
said d4-stop '"leftovers":1' 1
said d4-hangup '"event":"stop","why":"asked to stop"' 1
t status-stopped 0 "stress-sweep status --format tsv d4-stop"
has "state	stopped"
has "to do	1"

# What a load leaves behind is ended, and said; a heat trip is said.
sweep "$CPU" "{program: hot, command: echo 7 >$TMP/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count; exec sleep 9}"
mkdir -p sys/devices/system/cpu/cpu0/thermal_throttle
echo 5 >sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count
t around 0 "stress-sweep run \$RUN --sys sys -o d5 sweep.yaml"
said d5 'run_1_of_2.*"leftovers":1' 1
said d5 'run_2_of_2.*"result":"good".*"throttled":2' 1
said d5 '"throttled"' 1

# What cannot be done is said before anything is begun; or left out.
sweep "$IDLE" '{program: xx, command: "true", needs: no-such-program}'
t refused 1 "stress-sweep run \$RUN -o d6 sweep.yaml"
has "cannot program no-such-program: not in PATH"
[ ! -e d6 ]
ok $? "  and nothing is begun"
t without-it 0 "stress-sweep run \$RUN --leave-out -o d6 sweep.yaml"
has "1 of 2 runs are good, 0 given up, 1 left out"
t folder 2 "stress-sweep resume \$RUN ."
has "no sweep was begun there"

# The disk: nearly full before a run, in a run, and full to the last byte.
cat >disk <<'END'
set -e
mkdir full
mount -t tmpfs -o size=8m none full
fill() { head -c 20M /dev/zero >full/ballast 2>/dev/null || :; }
go() { code=0; "$@" 2>>said || code=$?; echo "exit $code"; }
fill
go stress-sweep run $RUN --set reserve_mb=1 -o full sweep.yaml
rm full/ballast
go stress-sweep run $RUN --set reserve_mb=1 -o full/d sweep.yaml
head -c 7500K /dev/zero >full/ballast
go stress-sweep run $RUN --set reserve_mb=1 -o full/e sweep.yaml
rm full/ballast
go stress-sweep resume $RUN full/e
for reserve in 1 0; do
    stress-sweep run $RUN --set reserve_mb=$reserve --set times.run=1m \
        --set interval=1ms -o full/f$reserve sweep.yaml 2>>said &
    until [ -e full/f$reserve/runs/run_1_of_1-idle_plain-1.rapl.part ]; do sleep 0.02; done
    fill
    go wait $!
    cp full/f$reserve/journal.jsonl journal-$reserve
    rm full/ballast
done
END
sweep "$IDLE"
alone=-m
unshare $alone true 2>/dev/null || alone=-rm
if unshare $alone true 2>/dev/null; then
    t disk 0 "unshare $alone sh disk"
    [ "$(tr '\n' ' ' <"$OUT")" = "exit 4 exit 0 exit 4 exit 0 exit 4 exit 4 " ]
    ok $? "  a full disk stops it, and with room it goes on" || sed 's/^/# /' "$OUT"
    grep -q 'make room and resume' said
    ok $? "  and it says what to do" || sed 's/^/# /' said
    grep -q '"result":"bad","why":"the disk is nearly full"' journal-1
    ok $? "  a run is ended before the disk is full" || sed 's/^/# /' journal-1
    grep -q '"result":"bad","why":"rapl-sample ended, status 4' journal-0
    ok $? "  a recording without room is bad" || sed 's/^/# /' journal-0
else
    ok 0 "a full disk # SKIP no file system may be mounted here"
fi

# On a terminal a line says how far it is.
cat >terminal.py <<'END'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
try:
    while more := os.read(fd, 4096):
        said += more
except OSError:
    pass
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
perl "$ROOT/tests/fixtures/feed" "$TMP/fed" &
feeder=$!
await [ -s fed/class/powercap/intel-rapl:0/name ]
t terminal 0 "python3 terminal.py stress-sweep run \$RUN --sys fed \
    --set energy=powercap --set times.run=2200ms -o d7 sweep.yaml"
kill $feeder
grep -q 'run 1 of 1: run_1_of_1-idle_plain-1: idle, [1-9][0-9]*\.[0-9] W, [0-9]* s left' "$OUT"
ok $? "  says run, phase, watts, time left" || sed 's/^/# /' "$OUT"

# Python reads the journal.
python3 - d*/journal.jsonl <<'END'
import json, sys
lines = [json.loads(line) for name in sys.argv[1:] for line in open(name)]
assert len(lines) > 40 and all(line["time"].endswith("Z") and line["event"] for line in lines)
END
ok $? "the journals are JSON, line by line"
done_testing
