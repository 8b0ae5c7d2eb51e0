#!/bin/sh
# The same data, model and seed give the same checkpoint to the bit: for any
# number of threads, and however often training is stopped and taken up.
. "$(dirname "$0")/../../lib.sh"
python3 "$ROOT/tests/window_stream.py" law=bent rows=300 >a.win
cat >net.yaml <<END
family: small
model:
  scaling: zscore
  layers:
    - {type: dense, out: 64}
    - {type: relu}
    - {type: dropout, rate: 0.2}
    - {type: dense, out: 32}
    - {type: relu}
    - {type: dense, out: 1}
training: {batch: 200, epochs: 6, lr: 1.0e-3, plateau_patience: 1}
END
for n in 1 2 3; do
    t "threads$n" 0 "rapl-train -q --threads $n -c net.yaml -o $n.ckpt a.win"
    t "linear$n" 0 "rapl-train -q --threads $n -c '$ROOT/configs/linear.yaml' -o l$n.ckpt a.win"
done
cmp 1.ckpt 2.ckpt && cmp 1.ckpt 3.ckpt
ok $? "the same for 1, 2 and 3 threads"
cmp l1.ckpt l2.ckpt && cmp l1.ckpt l3.ckpt
ok $? "the closed form too"
t seed 0 'rapl-train -q --seed 7 -c net.yaml -o seed.ckpt a.win && ! cmp -s seed.ckpt 1.ckpt'
t again 0 'rapl-train -q --seed 42 -c net.yaml a.win >again.ckpt; cmp again.ckpt 1.ckpt'

# Epochs in steps.
t steps 0 'for n in 1 2 4 6; do
    rapl-train -q --resume --epochs $n -c net.yaml --history s.tsv -o steps.ckpt a.win || exit
done'
cmp steps.ckpt 1.ckpt
ok $? "resumed after 1, 2 and 4 epochs"
[ "$(wc -l <s.tsv)" -eq 7 ]
ok $? "the history is whole"
t done 0 'rapl-train -q --resume -c net.yaml -o steps.ckpt a.win'
cmp steps.ckpt 1.ckpt
ok $? "nothing left to do changes nothing"

# Stopped by a signal wherever it happens to be, again and again.
python3 "$ROOT/tests/window_stream.py" law=bent rows=3000 >b.win
t unbroken 0 'rapl-train -q -c net.yaml -o b.ckpt b.win'
t stopped 0 'for i in $(seq 40); do
    timeout -s TERM "$(printf 0.%03d $((20 + 7 * i)))" \
        rapl-train --resume -c net.yaml -o cut.ckpt b.win 2>log
    code=$?
    [ $code -eq 124 ] || [ $code -eq 0 ] || exit $code
    grep "^rapl-train: stopped in epoch" log
    [ $code -eq 124 ] || break
done
rapl-train -q --resume -c net.yaml -o cut.ckpt b.win'
echo "# stopped $(wc -l <"$OUT") times"
cmp cut.ckpt b.ckpt
ok $? "stopped and resumed is the same as not stopped"

t other-data 3 'python3 "$ROOT/tests/window_stream.py" seed=9 rows=300 law=bent |
    rapl-train --resume -c net.yaml -o 1.ckpt'
has 'cannot resume: data.sha256'
t other-seed 3 'rapl-train --resume --seed 7 -c net.yaml -o 1.ckpt a.win'
has 'cannot resume: training.seed'
t slim 3 'rapl-train -q --slim --epochs 1 -c net.yaml -o slim.ckpt a.win &&
    rapl-train --resume -c net.yaml -o slim.ckpt a.win'
has 'slim'
done_testing
