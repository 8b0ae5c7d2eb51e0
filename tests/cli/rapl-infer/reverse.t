#!/bin/sh
# --reverse-windows shows a fault, and nobody can take what it writes for good.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
$win >a.win
t train 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win'

t forward 0 'rapl-infer a.ckpt -o a.pred a.win'
t reversed 0 'rapl-infer a.ckpt --reverse-windows -o r.pred a.win'
has 'the windows are reversed'
t header 0 'rapl-dump --header r.pred | tr -d \"'
has 'model: linear (windows reversed)'
has 'window.order: newest-first'
t forward-header 0 'rapl-dump --header a.pred | tr -d \"'
has 'window.order: oldest-first'
t named 0 'rapl-infer a.ckpt --reverse-windows --name mine a.win | rapl-dump --header | tr -d \"'
has 'model: mine (windows reversed)'

# The law of a.win: 20 + .5 user_pct + .1 (the one before) - 2 log_ctxt; of a
# window of three, reversed, the newest stands for the oldest.
t law 0 'rapl-dump --windows --format csv a.win | head -n 1'
t values 0 'rapl-dump --format csv a.win >x.csv; rapl-dump --format csv r.pred >r.csv
python3 - <<END
import csv
x = list(csv.DictReader(open("x.csv")))[:200]
r = list(csv.DictReader(open("r.csv")))[:198]
for i, row in enumerate(r):
    oldest, middle = x[i], x[i + 1]
    want = (20 + .5 * float(oldest["user_pct"]) + .1 * float(middle["user_pct"])
            - 2 * float(oldest["log_ctxt"]))
    assert abs(float(row["power"]) - want) < .1, (i, row["power"], want)
END'
t threads 0 'rapl-infer -q --threads 1 a.ckpt --reverse-windows a.win | rapl-dump --format csv | cmp - r.csv'

t scored 0 'cat a.pred r.pred | rapl-score --columns r2'
[ "$(cut -f 1 "$OUT" | tr '\n' ,)" = 'model,linear,linear (windows reversed),' ]
ok $? "the score of the fault is a line of its own"

for format in csv tsv jsonl text; do
    t $format 2 "rapl-infer a.ckpt --reverse-windows --format $format a.win"
    has 'only --format stream'
done
t stream 0 'rapl-infer -q a.ckpt --reverse-windows --format stream a.win | rapl-dump --check'
done_testing
