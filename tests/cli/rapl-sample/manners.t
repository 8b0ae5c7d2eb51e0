#!/bin/sh
# Signals, full disks, closed pipes, terminals, and words it does not take.
. "$(dirname "$0")/../../lib.sh"
one="-q --energy powercap --proc $ROOT/tests/fixtures/machine-one/proc --sys $ROOT/tests/fixtures/machine-one/sys"
t zero 2 "rapl-sample -n 0"
t bare 2 "rapl-sample -i 16"
has 'needs a unit'
t tiny 2 "rapl-sample -i 1us"
t both 2 "rapl-sample -n 1 -d 1s"
t signals 2 "rapl-sample --signals stat,bogus"
has "no signals 'bogus'"
t 'no signals' 2 "rapl-sample --signals ''"
has 'name one of'
t label 2 "rapl-sample -l workload >a.rapl"
t taken 2 "rapl-sample -l cpus=4 >a.rapl"
has 'for the recorder to say'
t config 3 "echo 'bogus: 1' >b.yaml; rapl-sample -c b.yaml >a.rapl"
has 'b.yaml:1'
t folder 4 "rapl-sample -n 1 -o /nonexistent/a.rapl"

t full 4 "rapl-sample $one -n 3 >/dev/full"
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "a full disk is one line"
t full-file 4 "rapl-sample $one -n 3 -o /dev/full"
t full-command 4 "rapl-sample $one -n 3 -o /dev/full -- true"
t closed 0 "rapl-sample $one -i 1ms | head -c 1 >/dev/null"
[ ! -s "$ERR" ]
ok $? "a closed pipe is no news"

if command -v script >/dev/null; then
    t terminal 2 "script -qec \"'$BIN/rapl-sample' -n 1\" /dev/null"
    has 'is a terminal'
else
    ok 0 "a terminal is refused # SKIP no script(1)"
fi

# A signal ends the stream properly: it tests as whole.
for signal in INT TERM; do
    rapl-sample $one -i 1ms --flush 1ms >$signal.rapl 2>"$ERR" &
    while [ ! -s $signal.rapl ] && kill -0 $!; do
        sleep .05
    done
    kill -$signal $!
    wait $!
    ok $? "SIG$signal: exit 0"
    t "$signal-complete" 0 "zstd -qt $signal.rapl && rapl-dump --check $signal.rapl"
done

# Ctrl-C ends the reader too, and maybe first: asked to end is still exit 0.
mkfifo pipe
sleep 60 <pipe &
reader=$!
rapl-sample $one -i 100ms >pipe 2>"$ERR" &
sampler=$!
until readlink /proc/$sampler/exe | grep -q 'rapl-sample$' &&
    grep -q '^SigCgt:.*[2367abef]$' /proc/$sampler/status; do
    sleep .05
done
kill -STOP $sampler
kill $reader
wait $reader 2>/dev/null
kill -INT $sampler
kill -CONT $sampler
wait $sampler
ok $? "SIGINT, and the reader has gone: exit 0"
[ ! -s "$ERR" ]
ok $? "and nothing is said"
done_testing
