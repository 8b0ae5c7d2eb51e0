#!/bin/sh
# rapl-infer: what it says of predictions that nothing supports, and the
# intervals and names that go into the stream.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
$win noise=0.5 cpu='Xeon A' >a.win
t train 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win'

# How much may lack support: one run of ten goes far beyond the training.
{ $win runs=9; $win runs=1 scale=3 seed=9; } >tenth.win
t less 0 'rapl-infer --strict --max-unsupported 20% a.ckpt -o x.pred tenth.win'
[ ! -s "$ERR" ]
ok $? '  and nothing is said'
t more 1 'rapl-infer --strict --max-unsupported 5% a.ckpt -o x.pred tenth.win'
has 'unlike what the model was trained on'
t not-strict 0 'rapl-infer --max-unsupported 5% a.ckpt -o x.pred tenth.win'
has 'unlike what the model was trained on'
for share in 5 '' x% 101% -1% nan%; do
    t "share '$share'" 2 "rapl-infer --max-unsupported '$share' a.ckpt -o x.pred a.win"
    has "'$share' is no share; write 5%"
done

# Another processor than the model's.
columns() # what the fields are of rows $1 to $2 of the last output
{
    sed -n "$1,$2p" "$OUT" | cut -d, -f5-7 | sort | uniq -c | sed 's/^ *//'
}
$win cpu='Xeon A' runs=1 >same.win
$win cpu='Xeon AB' runs=1 >other.win
t same-cpu 0 'rapl-infer a.ckpt --format csv same.win'
[ ! -s "$ERR" ] && ! grep -q ',0.000,[0-9.]*$' "$OUT"
ok $? '  is supported, and nothing is said'
t other-cpu 1 'rapl-infer --strict a.ckpt --format csv other.win'
has "the model learnt from 'Xeon A', and this is 'Xeon AB'"
[ "$(columns 2 199)" = '198 ,,0.000' ]
ok $? '  no interval, no support'
t said-once 0 'cat other.win other.win | rapl-infer a.ckpt -o x.pred'
[ "$(grep -c 'learnt from' "$ERR")" -eq 1 ]
ok $? '  said once'
t unnamed 0 "$win runs=1 | rapl-infer a.ckpt --format csv"
[ ! -s "$ERR" ]
ok $? '  a processor that nobody named is taken as it is'

# It changes while running; the model does not say where it was trained.
$win noise=0.5 >b.win
t train-unnamed 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o b.ckpt b.win'
t moved 0 'cat same.win other.win same.win | rapl-infer b.ckpt --format csv'
has "the processor changed from 'Xeon A' to 'Xeon AB' while running"
[ "$(columns 200 397)" = '198 ,,0.000' ]
ok $? '  no support while it is the other'
! columns 2 199 | grep -q ',0.[0-4][0-9]*$' && ! columns 398 595 | grep -q ',0.[0-4][0-9]*$' &&
    ! columns 2 199 | grep -q ',,' && ! columns 398 595 | grep -q ',,'
ok $? '  before and after there is'
t one-of-each 0 "$win cpu=B first=1 >more.win
    cat same.win more.win | rapl-infer b.ckpt -o x.pred"
hasnt 'while running'

# Intervals: 50 % within 80 % within 90 %, and they hold what they say.
t levels 0 'rapl-infer a.ckpt -o a.pred a.win && rapl-dump --format csv a.pred'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
    { n++; m = $c["measured"]
      if ($c["lower"] > $c["lower80"] || $c["lower80"] > $c["lower50"] ||
          $c["lower50"] > $c["upper50"] || $c["upper50"] > $c["upper80"] ||
          $c["upper80"] > $c["upper"]) bad = 1
      in50 += m >= $c["lower50"] && m <= $c["upper50"]
      in80 += m >= $c["lower80"] && m <= $c["upper80"] }
    END { exit bad || in50 < .42 * n || in50 > .58 * n ||
          in80 < .73 * n || in80 > .87 * n }' "$OUT"
ok $? '  nested, and held by what was measured'
t scored 0 'rapl-score --columns coverage50,coverage80,coverage a.pred'
awk -F '\t' 'NR == 2 { exit !($4 > 40 && $4 < 60 && $4 < $5 && $5 < $6) }' "$OUT"
ok $? '  and rapl-score says so'

# The shipped model; unit/intervals has one that knows 90 % alone, as before.
PATH=$BUILD/bench:$PATH
t shipped 0 'make-samples 50 @interval=1000 run=r >r.rapl &&
    rapl-window --like "$ROOT/checkpoints/default.ckpt" r.rapl |
    rapl-infer "$ROOT/checkpoints/default.ckpt" -o old.pred && rapl-dump --header old.pred'
has 'lower50'
has 'lower'
t name 0 'rapl-infer --name tau4 a.ckpt -o a.pred a.win && rapl-score a.pred'
has 'tau4	run	test'
t no-name 2 'rapl-infer --name "" a.ckpt -o x.pred a.win'
done_testing
