#!/bin/sh
# What rapl-train refuses: one clear line, the right exit code, and whatever
# checkpoint was there stays.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
linear=$ROOT/configs/linear.yaml
one_line()
{
    [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? "  in one line" || sed 's/^/# /' "$ERR"
}
$win >a.win
model() # TRAINING-SETTINGS [LAYERS]
{
    echo "family: test"
    echo "model: {layers: [${2:-{type: dense, out: 1\}}]}"
    echo "training: {$1}"
}

t no-model 2 'rapl-train a.win'
one_line
t resume-without-file 2 'rapl-train --resume -c "$ROOT/configs/linear.yaml" a.win'
one_line
cp a.win own.win
cp "$linear" own.yaml
t own-input 2 'rapl-train -c own.yaml own.win -o own.win'
one_line
t own-config 2 'rapl-train -c own.yaml own.win -o own.yaml'
t own-history 2 'rapl-train -c own.yaml own.win -o x.ckpt --history own.win'
t nothing-lost 0 'cmp a.win own.win && cmp "$ROOT/configs/linear.yaml" own.yaml'
t resume-from-stdout 2 'rapl-train --resume -c own.yaml -o - a.win'
t empty 3 "rapl-train -c $linear -o x.ckpt </dev/null"
one_line
t text 3 "rapl-train -c $linear -o x.ckpt '$linear'"
one_line
t missing 4 "rapl-train -c $linear -o x.ckpt nowhere.win"
one_line
head -c 5000 a.win >cut.win
t truncated 3 "rapl-train -c $linear -o x.ckpt cut.win"
t allowed 0 "rapl-train -q --allow-truncated -c $linear -o cut.ckpt cut.win"
[ ! -e x.ckpt ]
ok $? "nothing was written"

$win label=no >no.win
t no-label 3 "rapl-train -c $linear -o x.ckpt no.win"
has 'no window with a label'
$win rows=2 >short.win
t too-short 3 "rapl-train -c $linear -o x.ckpt short.win"
$win d=4 >d4.win
t two-kinds 3 "rapl-train -c $linear -o x.ckpt a.win d4.win"
has 'd is 4'
$win split=shuffle >other-split.win
t two-splits 3 "rapl-train -c $linear -o x.ckpt a.win other-split.win"
has 'one rapl-window'

# Each of these names the file and the line.
model 'epoks: 3' >1.yaml
model 'lr: fast' >2.yaml
model 'method: magic' >3.yaml
model 'method: ridge' >4.yaml
model 'method: ridge, lambda: [1, -1]' >5.yaml
model '' '{type: dense, out: 1, bias: maybe}' >6.yaml
model '' '{type: dens, out: 1}' >7.yaml
model '' '{type: dense, out: 2}' >8.yaml
{ model ''; echo "colour: red"; } >9.yaml
echo "family: none" >10.yaml
for i in $(seq 10); do
    t "yaml$i" 3 "rapl-train -c $i.yaml -o x.ckpt a.win"
    has "$i.yaml:"
done
model 'method: ridge, lambda: [1]' '{type: dense, out: 4}, {type: dense, out: 1}' >deep.yaml
t ridge-of-two-layers 3 "rapl-train -c deep.yaml -o x.ckpt a.win"
has 'one dense layer'

# What --set says stands instead of the file, and is checked as the file is.
for set in '' batch =1 training training.batch training.x.y=1 model.layers=1; do
    t "set '$set'" 2 "rapl-train -c deep.yaml --set '$set' -o x.ckpt a.win"
    one_line
    has "'$set'"
done
t set-wrong 3 "rapl-train -c 3.yaml --set training.method=adam --set training.lr=fast -o x.ckpt a.win"
has "3.yaml: as set: lr: 'fast' is no number"
t set-unknown 3 "rapl-train -c 3.yaml --set training.learning=1 --set training.method=adam -o x.ckpt a.win"
has "3.yaml: as set: unknown key 'learning'"

# A loss that grows without bound ends training; the best epoch is kept.
deep='{type: dense, out: 32}'
for i in 1 2 3 4 5 6; do
    deep="$deep, {type: relu}, {type: dense, out: 32}"
done
model 'lr: 1000, epochs: 50, batch: 4096' "$deep, {type: dense, out: 1}" >wild.yaml
t diverges 3 "rapl-train -c wild.yaml -o wild.ckpt a.win"
has 'the loss is not finite'
has 'batch'
has 'kept epoch'
t kept 0 "rapl-infer -q wild.ckpt --format csv a.win"

# A disk that is full keeps the checkpoint that was there.
t good 0 "rapl-train -q -c $linear -o keep.ckpt a.win"
cp keep.ckpt before.ckpt
t full 4 "trap '' XFSZ; ulimit -f 1; rapl-train -q -c '$ROOT/configs/v3.yaml' --epochs 1 -o keep.ckpt a.win"
cmp keep.ckpt before.ckpt
ok $? "the previous checkpoint is untouched"
[ -z "$(ls keep.ckpt.* 2>/dev/null)" ]
ok $? "and nothing is left beside it"
t dev-full 4 "rapl-train -q -c $linear -o /dev/full a.win"
t stdout-full 4 "rapl-train -q -c $linear a.win >/dev/full"
t no-folder 4 "rapl-train -q -c $linear -o nowhere/x.ckpt a.win"
t history-full 4 "rapl-train -q -c wild.yaml --epochs 1 --history /dev/full -o h.ckpt a.win"
t damaged 3 'printf x | dd of=before.ckpt bs=1 seek=900 conv=notrunc 2>/dev/null
    rapl-train --resume -c "$ROOT/configs/v3.yaml" --epochs 1 -o before.ckpt a.win'
has 'damaged'
done_testing
