#!/bin/sh
# rapl-infer: every format, recorded or arriving bit by bit, on any number of
# threads, says the same.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
$win noise=0.5 >a.win
$win noise=0.5 block=1 >live.win
$win noise=0.5 seed=2 gap=1 block=50 runs=2 >gap.win
t train 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win'

t csv 0 'rapl-infer a.ckpt --format csv a.win'
[ "$(head -n 1 "$OUT")" = t,run,workload,power_w,lower_w,upper_w,support,measured_w ]
ok $? "the columns"
[ "$(wc -l <"$OUT")" -eq $((10 * 198 + 1)) ]
ok $? "a row a window"
awk -F, 'NR > 1 && ($4 - $8 > 4 || $8 - $4 > 4 || $5 > $4 || $6 < $4) { exit 1 }' "$OUT"
ok $? "what is predicted is near what was measured, in its interval"
awk -F, 'NR > 1 { n++; in_it += $8 >= $5 && $8 <= $6 }
    END { exit !(in_it > .85 * n && in_it < .95 * n) }' "$OUT"
ok $? "the interval holds nine in ten"
grep -q '^1700000002.000,run0,w0,' "$OUT"
ok $? "the first window ends at the third row"
cp "$OUT" a.csv

t threads 0 'for n in 1 2 3; do
    rapl-infer --threads $n a.ckpt --format csv a.win | cmp - a.csv || exit 9
    rapl-infer --threads $n a.ckpt a.win | rapl-dump --format csv >$n.dump || exit 9
done; cmp 1.dump 2.dump && cmp 1.dump 3.dump'
t live 0 'rapl-infer a.ckpt --format csv <live.win'
paste -d, "$OUT" a.csv | awk -F, 'NR > 1 && ($1 != $9 || $7 != $15 ||
    $4 - $12 > .002 || $12 - $4 > .002) { exit 1 }'
ok $? "row by row as in bulk, but for the rounding of another order"
t files 0 'rapl-infer a.ckpt --format csv a.win - <a.win'
[ "$(wc -l <"$OUT")" -eq $((20 * 198 + 1)) ]
ok $? "files one after another, - is standard input"
# Some of the windows: the same rows, but fewer.
t part 0 'rapl-infer a.ckpt --part test --format csv a.win'
[ "$(sed 1d "$OUT" | cut -d, -f 2 | uniq)" = "$(rapl-dump --format csv a.win |
    awk -F, '$7 == 3 { print "run" $2 - 1 }' | uniq)" ] &&
    [ "$(grep -cxFf a.csv "$OUT")" -eq 199 ]
ok $? "the test part, one run in ten"
t sample 0 'rapl-infer a.ckpt --sample 10% --format csv a.win'
cp "$OUT" some.csv
n=$(grep -cxFf a.csv some.csv)
[ "$n" -eq "$(wc -l <some.csv)" ] && [ "$n" -gt 140 ] && [ "$n" -lt 260 ]
ok $? "about a tenth: $n rows"
t seed 0 'rapl-infer a.ckpt --sample 10% --threads 3 --format csv a.win | cmp - some.csv &&
    ! rapl-infer a.ckpt --sample 10% --seed 7 --format csv a.win | cmp -s - some.csv'
t no-share 2 'rapl-infer a.ckpt --sample 0.1 a.win -o x.pred'
has "--sample: '0.1' is no share; write 5%"
t no-window 2 'rapl-infer a.ckpt --sample 0% a.win -o x.pred'
t tsv 0 'rapl-infer a.ckpt --format tsv a.win | tr "\t" , | cmp - a.csv'
t jsonl 0 'rapl-infer a.ckpt --format jsonl a.win | python3 -c "
import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert len(rows) == 1980 and rows[0][\"run\"] == \"run0\"
print(rows[0])"'
t text 0 'rapl-infer a.ckpt --format text a.win'
[ "$(wc -l <"$OUT")" -eq 1980 ]
ok $? "a line a second"
has 'measured'
t stream 0 'rapl-infer a.ckpt a.win -o a.pred && rapl-dump --header a.pred'
has 'model_sha256'
tr -d '"' <"$OUT" >header
grep -q '^ *trained_on: run train$' header && grep -q '^ *split: run$' header &&
    grep -q '^ *run: run9$' header && grep -q '^ *model: linear$' header
ok $? "says where it comes from"
t score 0 'rapl-score --part test --format tsv a.pred'
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
    NR == 2 { exit !($c["mae_w"] < .6 && $c["n"] == 198) }' "$OUT"
ok $? "and scores well"
t gap 0 'rapl-infer a.ckpt --format csv gap.win'
[ "$(wc -l <"$OUT")" -eq $((2 * 4 * 48 + 1)) ]
ok $? "no window crosses a gap"

# A guest: nothing was measured.
$win label=no target=none >guest.win
t guest 0 'rapl-infer a.ckpt --format csv guest.win | sed 1d | cut -d, -f8 | sort -u'
[ "$(cat "$OUT")" = "" ]
ok $? "an empty cell where nothing was measured"
t guest-json 0 'rapl-infer a.ckpt --format jsonl guest.win | head -n 1'
has '"measured_w":null'
t guest-text 0 'rapl-infer a.ckpt --format text guest.win'
hasnt 'measured'
$win target=wall >wall.win
t wall 0 'rapl-infer a.ckpt -o x.pred wall.win'
has "measures 'wall'"

# Support.
t in-range 0 'rapl-infer --strict a.ckpt -o x.pred a.win'
[ ! -s "$ERR" ]
ok $? "nothing is said of inputs like those of training"
$win scale=3 >far.win
t far 0 'rapl-infer a.ckpt -o x.pred far.win'
has 'unlike what the model was trained on'
t strict 1 'rapl-infer --strict a.ckpt --format csv far.win'
has 'unlike what the model was trained on'
awk -F, 'NR > 1 && ($7 < 0 || $7 > 1) { exit 1 }' "$OUT"
ok $? "support lies in 0..1"

# A large window over many blocks.
$win d=40 tau=7 rows=900 runs=2 block=64 >long.win
t long-train 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o long.ckpt long.win'
t long 0 'rapl-infer long.ckpt --format csv long.win'
[ "$(wc -l <"$OUT")" -eq $((2 * (900 - 39 * 7) + 1)) ]
ok $? "windows over many blocks"
awk -F, 'NR > 1 && ($4 - $8 > 1 || $8 - $4 > 1) { exit 1 }' "$OUT"
ok $? "hold the right rows"
done_testing
