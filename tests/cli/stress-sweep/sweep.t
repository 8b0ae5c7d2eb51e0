#!/bin/sh
# A real sweep of twelve runs, with the real stress-ng and energy that is fed,
# killed in the middle and resumed, to a scored model: in runs of 3 s, and of 1 s
# where the sanitizers run it all once more.
. "$(dirname "$0")/../../lib.sh"
command -v stress-ng >/dev/null || skip_all "no stress-ng"
perl "$ROOT/tests/fixtures/feed" "$TMP/sys" &
feeder=$!
trap 'kill $feeder; [ ! -e d ] || stress-sweep -q stop d; rm -rf "$TMP"' EXIT
until [ -s sys/class/powercap/intel-rapl:0/name ]; do sleep 0.02; done

cat >sweep.yaml <<END
name: twelve
interval: 20ms
require_energy: true
times: {cool_down: 0, warm_up: 100ms, run: 3s, ramp_down: 100ms}
parts:
  - combine:
      - {stressor: cpu, levels: [0, N], options: --cpu-method float}
      - {stressor: syscall, as: sys, levels: [0, 1], options: --syscall-method fast10}
  - combine:
      - {stressor: pipe, levels: 1}
  - combine:
      - {stressor: vm, levels: 1, options: --vm-bytes 16M}
  - {pattern: burst, step: 200ms}
  - {pattern: mixed, step: 200ms, stressors: [cpu, matrix]}
  - idle: plain
  - idle: timers
  - program: sort
    command: seq 20000 | sort -R | sort -n | tail -1
  - program: checksum
    command: head -c 20M /dev/zero | sha256sum
END
case $BIN in */san-*) sed -i 's/run: 3s/run: 1s/' sweep.yaml ;; esac
SWEEP="--sys sys --lock $TMP"
export SWEEP

journal() { cat d/journal.jsonl 2>/dev/null; }
# What is left of the sessions that the sweeps led; stress-ng's workers write over
# their environment, but stay in it.
sessions=
left()
{
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v ours=" $sessions " '{
        name = $0
        sub(/^.*\) /, "")
        if (index(ours, " " $4 " ") && $1 != "Z") print "# left: " name
    }'
}
begin() # COMMAND: a sweep that leads a session of its own
{
    setsid "$@" &
    sweep=$!
    sessions="$sessions $sweep"
}
# Until a run is under load; then the sweep is stopped, so that however busy the
# machine is it comes no further.
freeze_in() # NAME
{
    until journal | grep -q "\"begin\",\"run\":\"$1" &&
        cat /proc/[0-9]*/stat 2>/dev/null |
        grep -q "(stress-ng[^)]*) [RSD] [0-9]* [0-9]* $sweep "; do
        kill -0 $sweep 2>/dev/null || break
        sleep 0.02
    done
    kill -STOP $sweep
}

t plan 0 "stress-sweep plan --format tsv sweep.yaml"
has "runs	12"
begin stress-sweep run -q $SWEEP -o d sweep.yaml
freeze_in run_5_of_12
t second 4 "stress-sweep run \$SWEEP -o other sweep.yaml"
has "another sweep is at work on this machine, process $sweep"
t same 4 "stress-sweep resume --lock other d"
has "a sweep is at work there, process $sweep"
t working 0 "stress-sweep status --format tsv d"
has "at work, process $sweep"
has "good	4"
kill -9 $sweep
wait $sweep 2>/dev/null
journal | grep '"result":"good"' | wc -l | grep -qx 4
ok $? "four runs were complete when it was killed"
printf '{"time":"2026-01-01T00:00:0' >>d/journal.jsonl # power fails in a write
t stopped 0 "stress-sweep status --format tsv d"
has "interrupted	run_5_of_12-pipe1"

begin stress-sweep resume -q $SWEEP d
freeze_in run_6_of_12
{ sleep 0.3; kill -CONT $sweep; } &
t stop 0 "stress-sweep stop d"
left >left
[ ! -s left ]
ok $? "nothing is left of what was killed and what was stopped" || cat left
wait $sweep
ok $? "a sweep that is stopped ends well"

t resume 0 "stress-sweep resume \$SWEEP d"
has "12 of 12 runs are good"
journal | grep -o '"begin","run":"[^"]*"' | sort | uniq -d >twice
grep -q run_5_of_12-pipe1 twice && grep -q run_6_of_12-vm1 twice && [ "$(wc -l <twice)" -eq 2 ]
ok $? "only the runs that were killed and stopped were begun twice" || sed 's/^/# /' twice
t done 0 "stress-sweep status --format tsv d"
has "damaged lines	1"
t again 0 "stress-sweep run \$SWEEP -o d sweep.yaml"
[ "$(journal | grep -c '"begin"')" -eq 14 ]
ok $? "a sweep that is done repeats nothing"

t whole 0 "for f in d/runs/*.rapl; do rapl-dump -q --check \$f || exit; done
    ls d/runs | wc -l | grep -x 12"
t marks 0 "for f in d/runs/*.rapl; do rapl-dump --marks --format tsv \$f | cut -f 5 |
    grep -v ^step | grep -x 'load begins\|load ends'; done | sort | uniq -c"
has "12 load begins"
has "12 load ends"
t labels 0 "rapl-dump --header d/runs/run_8_of_12-*"
for line in 'workload: "mixed"' 'pattern: "mixed"' 'held_out: "no"' 'sweep: "twelve"' \
    'workers.syscall: "0"' 'workers.matrix: ' 'stress_ng: "' 'seed: "' 'attempt: "1"'; do
    has "$line"
done

# It is worth training on: whole programs held out.
t worth 0 "rapl-stat -q --require 'rows>600' --require 'labelled_pct>95' d/runs/*.rapl"
t model 0 "rapl-window -q --features busy_cpus -d 1 --interval 100ms --split leave:held_out=yes \
    -o all.win d/runs/*.rapl && rapl-train -q -c $ROOT/configs/physical.yaml -o m.ckpt all.win &&
    rapl-infer -q m.ckpt all.win | rapl-score --by workload --format tsv"
has "sort"
has "checksum"
[ "$(sed 1d "$OUT" | wc -l)" -le 3 ]
ok $? "and nothing else" || sed 's/^/# /' "$OUT"
done_testing
