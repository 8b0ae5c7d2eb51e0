#!/bin/sh
# The model called default is the one that is installed beside the program; a
# file of that name in the folder comes first.
. "$(dirname "$0")/../../lib.sh"
machine="--proc $ROOT/tests/fixtures/machine-two/proc --sys $ROOT/tests/fixtures/machine-two/sys"
model=$ROOT/checkpoints/default.ckpt
mkdir -p here/bin here/share/decode-rapl alone
for tool in rapl-window rapl-infer rapl-calibrate rapl-dump; do
    cp "$BIN/$tool" here/bin/
done
cp "$BIN/rapl-infer" alone/
cp -r "$ROOT/checkpoints" here/share/decode-rapl/
rapl-sample -q -i 100ms -n 25 $machine -o a.rapl
PATH=$TMP/here/bin:$PATH

# Only the line of how it came about differs.
t like 0 "rapl-window --like default a.rapl -o default.win && rapl-window --like $model a.rapl -o named.win"
t same-windows 0 "rapl-dump --windows default.win >a &&
    rapl-dump --windows named.win | cmp - a && grep -c . a | grep -qv ^1"
t infer 0 "rapl-infer -q default --format tsv named.win >a && rapl-infer -q $model --format tsv named.win | cmp - a"
t dump 0 "rapl-dump --check default $model"
has 'default: checkpoint,'
t calibrate 0 "rapl-calibrate -q default --cpus 20 --idle 20W --full 90W -o b.ckpt &&
    rapl-calibrate -q $model --cpus 20 --idle 20W --full 90W -o c.ckpt && cmp b.ckpt c.ckpt"
t built 0 "cd / && $BIN/rapl-dump --check default"

echo no model >default
t file-first 3 "rapl-infer default named.win"
has 'default: '
rm default
if [ -e /usr/share/decode-rapl ] || [ -e /usr/local/share/decode-rapl ]; then
    ok 0 "none installed # SKIP there is one"
else
    t none 4 "alone/rapl-infer default named.win"
    has 'default: no model is installed; name a checkpoint'
fi
done_testing
