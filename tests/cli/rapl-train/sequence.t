#!/bin/sh
# The families that look along a window: trained, used, scored.
. "$(dirname "$0")/../../lib.sh"
python3 "$ROOT/tests/window_stream.py" d=64 features=a,b,c,d rows=72 machines=2 >mstcn.win
cp mstcn.win mstcn-mean.win
python3 "$ROOT/tests/window_stream.py" d=144 features=a,b,c rows=150 machines=2 >v1.win

parameters() # FAMILY COUNT: of a model that is trained
{
    t "$1" 0 "rapl-train -v -c '$ROOT/configs/$1.yaml' --threads 1 --epochs 2 -o $1.ckpt $1.win"
    has "$2 parameters"
}
parameters mstcn 730642
parameters mstcn-mean 730513
parameters v1 303294 # 188,753, the decoder, a discriminator of two machines

for family in mstcn mstcn-mean v1; do
    t "$family-infer" 0 "rapl-infer $family.ckpt -o p.rapl $family.win &&
        rapl-infer $family.ckpt --format csv $family.win"
    awk -F, 'NR > 1 { n++; if (!($4 > -200 && $4 < 400)) exit 1 } END { exit n < 50 }' "$OUT"
    ok $? "$family: watts come out"
    t "$family-score" 0 "rapl-score p.rapl"
done
t other 3 'rapl-infer v1.ckpt mstcn.win'
done_testing
