#!/bin/sh
# What rapl-infer refuses, and how it says so.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
$win >a.win
one_line()
{
    [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? "  in one line" || sed 's/^/# /' "$ERR"
}
t train 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win'
t no-model 2 'rapl-infer'
one_line
t missing 4 'rapl-infer nowhere.ckpt a.win'
one_line
t no-checkpoint 3 'rapl-infer a.win a.win'
has 'not a checkpoint'
one_line
t no-stream 3 'rapl-infer a.ckpt --format csv a.ckpt'
t empty 3 'rapl-infer a.ckpt --format csv </dev/null'
one_line
cp a.win own.win
t own-input 2 'rapl-infer a.ckpt own.win -o own.win'
one_line
t own-stdin 2 'rapl-infer a.ckpt -o own.win <own.win'
t own-model 2 'rapl-infer a.ckpt own.win -o a.ckpt'
t nothing-lost 0 'cmp a.win own.win && rapl-dump --check a.ckpt'
t missing-later 4 'rapl-infer a.ckpt -o part.pred a.win nowhere.win'
t shows-later 3 'rapl-dump --check part.pred'
has 'truncated'
t format 2 'rapl-infer a.ckpt --format xml a.win'

# A model for other windows: the difference is named.
other() # WHAT SETTING WORD
{
    $win $2 >other.win
    t "$1" 3 'rapl-infer a.ckpt -o x.pred other.win'
    has "$3"
    has 'rapl-window --like'
}
other features features=user_pct,system_pct 'feature 2 is system_pct'
other more-features features=user_pct,log_ctxt,more 'there are 3 features'
other delays d=4 'd is 4'
other tau tau=2 'tau is 2'
other interval interval=16000000 'interval is 16ms'

# A truncated stream: all that is whole is predicted, then exit 3.
head -c 30000 a.win >cut.win
t cut 3 'rapl-infer a.ckpt --format csv cut.win'
[ "$(wc -l <"$OUT")" -gt 100 ]
ok $? "what was whole is predicted"
t cut-allowed 0 'rapl-infer --allow-truncated a.ckpt --format csv cut.win'
t short 0 'python3 "$ROOT/tests/window_stream.py" rows=2 | rapl-infer a.ckpt --format csv'
has 'no prediction: a window takes 3 rows'

# A damaged model, at any byte.
t damaged 0 'size=$(wc -c <a.ckpt)
for at in $(seq 0 37 $((size - 1))); do
    cp a.ckpt bad.ckpt
    printf "\377" | dd of=bad.ckpt bs=1 seek=$at conv=notrunc 2>/dev/null
    rapl-infer bad.ckpt --format csv a.win >out 2>err
    [ $? -eq 3 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] || exit 9
done'
t cut-model 3 'head -c 700 a.ckpt >bad.ckpt; rapl-infer bad.ckpt a.win'
one_line

t full 4 'rapl-infer a.ckpt --format csv a.win >/dev/full'
t full-stream 4 'rapl-infer a.ckpt a.win >/dev/full'
t full-text 4 'rapl-infer a.ckpt --format text a.win >/dev/full'
t pipe 0 'rapl-infer a.ckpt --format csv a.win | head -n 2'
t config 3 'echo "strickt: true" >c.yaml; rapl-infer -c c.yaml a.ckpt a.win'
has 'c.yaml:1:'
t config-used 0 'echo "format: csv" >c.yaml; rapl-infer -c c.yaml a.ckpt a.win'
has 'power_w'
done_testing
