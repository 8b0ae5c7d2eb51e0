#!/bin/sh
# One workload dominates: class weights let each count the same, or as told.
. "$(dirname "$0")/../../lib.sh"
cat >map.yaml <<END
time: {column: t, unit: s}
channels:
  - {column: user, name: cpu.user, unit: "%"}
  - {column: watts, name: "power:package-0", unit: W}
END
# The features say nothing of the watts: the best guess is the weighted mean.
run() # NAME ROWS WATTS [MORE-OPTIONS]
{
    awk -v n="$2" -v w="$3" 'BEGIN {
        print "t,user,watts"
        s = n
        for (i = 0; i < n; i++) {
            s = (s * 16807) % 2147483647
            print 1700000000 + i "," s % 1000 / 10 "," w
        }
    }' >"$1.csv"
    name=$1
    shift 3
    rapl-import -q --from csv --map map.yaml -l run="$name" "$@" -o "$name.rapl" \
        "$name.csv"
}
run many 901 50 -l workload=many
run few 101 100 -l workload=few
run bare 101 100
window='rapl-window -q --features user_pct -d 1'
$window many.rapl few.rapl >a.win
$window many.rapl bare.rapl >b.win
model() # MORE-TRAINING
{
    cat <<END
family: guess
model:
  scaling: minmax
  target_scaling: zscore
  layers: [{type: dense, out: 1}]
training:
  batch: 128
  epochs: 60
  lr: 0.05
  weight_decay: 0
  ${1:-}
END
}
guess() # CONFIG STREAM: the mean prediction
{
    rapl-train -q -c "$1.yaml" -o "$1.ckpt" "$2" &&
        rapl-infer --format csv "$1.ckpt" "$2" |
        awk -F, 'NR > 1 { s += $4; n++ } END { print s / n }'
}
near() # VALUE WANT NAME
{
    awk "BEGIN { d = $1 - $2; exit !(d < 1.5 && d > -1.5) }"
    ok $? "$3: $1 is near $2"
}
key() # CONFIG KEY
{
    rapl-dump --header "$1.ckpt" | sed -n "s/^ *$2: *\"*\([^\"]*\)\"*$/\1/p"
}

model >plain.yaml
model 'class_weights: {label: workload, balance: true}' >balance.yaml
model 'class_weights: {label: workload, weights: {few: 27}}' >told.yaml
model 'class_weights: {label: workload, weights: {many: 0}}' >zero.yaml
near "$(guess plain a.win)" 55 "all windows the same"
near "$(guess balance a.win)" 75 "all workloads the same"
near "$(guess told a.win)" 87.5 "one counts 27 times"
near "$(guess zero a.win)" 100 "the other not at all"
near "$(guess balance b.win)" 75 "recordings without the label are a class too"
[ "$(key told training.class_weights)" = 'workload: few=27' ]
ok $? "told in the checkpoint: $(key told training.class_weights)"
t threads 0 'for n in 1 2 3; do
    rapl-train -q --threads $n -c balance.yaml -o $n.ckpt a.win || exit
done; cmp 1.ckpt 2.ckpt && cmp 1.ckpt 3.ckpt'
t resumed 0 'rapl-train -q --epochs 7 -c balance.yaml -o part.ckpt a.win &&
    rapl-train -q --resume -c balance.yaml -o part.ckpt a.win && cmp part.ckpt 1.ckpt'
t changed 3 'rapl-train -q --resume -c told.yaml -o part.ckpt a.win'
has 'cannot resume: training.class_weights'
t gone 3 'rapl-train -q --resume -c plain.yaml -o part.ckpt a.win'
has 'cannot resume'

# Each of these names file and line.
i=0
for bad in '{balance: true}' '{label: workload}' \
    '{label: workload, balance: true, weights: {few: 1}}' \
    '{label: workload, balance: maybe}' '{label: workload, weights: few}' \
    '{label: workload, weights: {few: -1}}' '{label: workload, weights: {few: [1]}}' \
    '{label: workload, weights: {fewer: 3}}' '{label: phase, balance: true}' \
    '{label: workload, weights: {few: 0, many: 0}}' 'workload' \
    '{label: workload, balance: true, wieghts: {few: 1}}'; do
    i=$((i + 1))
    model "class_weights: $bad" >bad$i.yaml
    t "bad $bad" 3 "rapl-train -c bad$i.yaml -o x.ckpt a.win"
    has "bad$i.yaml:11: "
done
has "unknown key 'wieghts'; near: weights"
t no-such-value 3 'rapl-train -c bad8.yaml -o x.ckpt a.win'
has "no workload is called 'fewer'; there are: many, few"
t no-such-label 3 'rapl-train -c bad9.yaml -o x.ckpt a.win'
has "no recording has the label 'phase'"
done_testing
