#!/bin/sh
# stress-sweep next: which runs a model would learn most from.
. "$(dirname "$0")/../../lib.sh"

cat >sweep.yaml <<'END'
name: small
times: {run: 2s, cool_down: 0}
parts:
  - combine:
      - {stressor: cpu, levels: [0, N/4, N/2, N], options: --cpu-method float}
      - {stressor: vm, levels: [0, 1, 2], options: --vm-bytes 16M}
      - {stressor: pipe, levels: [0, N]}
  - {pattern: sine, low: 10, high: 90, step: 500ms, period: 1s}
  - idle: timers
  - program: sort
    command: seq 1000 | sort
    needs: sort
END
stress-sweep plan --cpus 8 --list --format tsv sweep.yaml | sed 1d | cut -f 1 >names

# Record a run as the original collector would: cpu is user time, vm is half
# system time, pipe switches; vm draws more than its time tells.
record() # <NAMES, into folder $1
{
    mkdir -p "$1"
    awk -v folder="$1" '{
        n = split($1, part, "-")
        delete w
        for (i = 2; i <= n; i++)
            w[substr(part[i], 1, match(part[i], /[0-9]/) - 1)] = \
                substr(part[i], match(part[i], /[0-9]/))
        file = folder "/" $1 ".csv"
        print "timestamp_unix,user_percent,system_percent,iowait_percent," \
            "ctx_switches_per_sec,package_power_watts" >file
        for (i = 0; i < 20; i++) {
            printf "%d.0,%.1f,%.1f,0.0,%.1f,%.2f\n", 1700000000 + i,
                8 * w["cpu"] + 5 * w["vm"] + i % 3 / 2, 5 * w["vm"],
                300 + 9000 * w["pipe"], \
                20 + 4 * w["cpu"] + 10 * w["vm"] + w["pipe"] + i % 2 >file
        }
    }'
    for f in "$1"/*.csv; do
        rapl-import -q -l cpus=8 -l run=@name -o "${f%csv}rapl" "$f"
    done
}
next() { echo "stress-sweep next --cpus 8 --model m.ckpt $*"; }

# Recorded: all without vm.
grep -e -vm0- -e pattern -e idle names | record recorded
rapl-window -q --features seed4 -d 1 --split run -o w recorded/*.rapl
rapl-train -q -c "$ROOT/configs/linear.yaml" -o m.ckpt w
t missing 0 "$(next -n 4 --format tsv recorded sweep.yaml)"
sed -n 2p "$OUT" | grep -q -- '-vm2-'
ok $? '  the region that is not recorded comes first'
[ "$(sed 1d "$OUT" | grep -c -- '-vm[12]-')" -ge 3 ]
ok $? '  and most of the others lie there'
[ "$(cut -f 2 "$OUT" | sort -u | wc -l)" -eq 5 ]
ok $? '  no run twice'
t text 0 "$(next -n 40 recorded sweep.yaml)"
has '16 of 16 runs that can be picked; 10 are recorded, 1 held out, 0 given up'
has 'By 10 recordings'
hasnt 'program'
hasnt '-vm0-pipe0 '
t json 0 "$(next -n 3 --format json recorded sweep.yaml) |
    python3 -c 'import json, sys; print(len(json.load(sys.stdin)[\"rows\"]))'"
has 3

# Also some of vm, where the model, which has not seen them, is wrong.
grep -- '-vm1-pipe8' names | record wrong
t uncertain 0 "$(next -n 12 --format tsv recorded wrong sweep.yaml)"
has '	uncertain	'
awk -F '\t' 'NR > 1 { n[/-vm2-/]++; sum[/-vm2-/] += $6 }
    END { exit !(n[1] > 4 && sum[1] / n[1] > 5) }' "$OUT"
ok $? '  it is in doubt where it was wrong nearby, and more runs are from there'

# As a sweep of its own, in that order, which plan reads.
t yaml 0 "$(next -n 18 --yaml recorded sweep.yaml) >next.yaml &&
    stress-sweep plan --cpus 8 --list --format tsv next.yaml | sed 1d | cut -f 1 |
    sed 's/run_[0-9]*_of_[0-9]*-//' >have"
sh -c "$(next -n 18 --format tsv recorded sweep.yaml)" | sed 1d | cut -f 2 |
    sed 's/run_[0-9]*_of_[0-9]*-//' >want
cmp want have
ok $? '  the same runs in the same order'
t yaml-words 0 "stress-sweep plan --cpus 8 --list --format tsv next.yaml"
has '--cpu-method float --vm 2 --vm-bytes 16M'
t patterns 0 "$(next -n 40 --yaml sweep.yaml) | grep -A 7 'pattern: sine'"
has 'low: 10'
has 'step: 500ms'
t too-many 2 "$(next -n 2000 --yaml "$ROOT"/configs/sweep-original.yaml)"
t again 0 "$(next -n 18 --yaml recorded sweep.yaml) | cmp - next.yaml"
# what that sweep recorded has other names, and lies at the same places
labels='-l sweep=small-next -l load=combine -l workers.cpu=8 -l workers.vm=2 -l workers.pipe=0'
f=$(ls recorded/run_1_*.csv)
rapl-import -q -l cpus=8 -l run=other $labels -o other.rapl "$f"
t other-name 0 "$(next -n 40 --format tsv recorded other.rapl sweep.yaml)"
hasnt 'cpu8-vm2-pipe0'
has 'cpu8-vm2-pipe8'
rapl-import -q -l cpus=8 -l run=stranger -o stranger.rapl "$f"
t stranger 0 "$(next -n 1 recorded stranger.rapl sweep.yaml)"
has '1 recordings have no labels of a sweep'

# Nothing recorded, or nothing left.
t nothing 0 "$(next -n 3 sweep.yaml)"
has 'No recording of this sweep'
t sweep-of-all 0 "$(next -n 5 "$ROOT"/configs/sweep-short.yaml)"
printf 'times: {run: 2s}\nname: small\nparts: [{combine: [{stressor: cpu, levels: 1}]}]\n' >one.yaml
rapl-import -q -l cpus=8 -l run=run_1_of_1-cpu1 -o one.rapl "$f"
t all-done 3 "$(next one.rapl one.yaml)"
has 'small: no run is left to pick: 1 are recorded'

# A sweep that was begun: its own recordings, and what is not there any more.
printf 'name: calm\ninterval: 20ms\ntimes: {cool_down: 0, warm_up: 0, run: 300ms, ramp_down: 0}
parts: [{idle: plain, count: 2}, {program: nap, command: sleep 1, held_out: false}]\n' >calm.yaml
t begin 0 "stress-sweep run -q --lock $TMP -o d calm.yaml"
t begun 3 "$(next d)"
has '3 are recorded'
rm d/runs/*nap*
t begun-left 0 "$(next --format tsv d)"
has 'nap'

# What is wrong is said in a line.
t no-model 2 'stress-sweep next sweep.yaml'
has 'name the checkpoint of a model with --model'
t bad-model 3 'stress-sweep next --model sweep.yaml sweep.yaml'
t no-data 3 "mkdir empty; $(next empty sweep.yaml)"
has 'no recording (*.rapl) in this folder'
t bad-data 3 "$(next sweep.yaml sweep.yaml)"
t absent 4 "$(next absent.rapl sweep.yaml)"
t not-begun 2 "$(next empty)"
t full 4 "$(next --yaml recorded sweep.yaml) >/dev/full"
t over-input 2 "$(next -o sweep.yaml --yaml recorded sweep.yaml)"
t other-verb 2 'stress-sweep plan recorded sweep.yaml'
done_testing
