#!/bin/sh
# Models with branches and batch norm: trained and used.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py d=25 features=a,b,c,d rows=60"
value() # FILE KEY: of a checkpoint's metadata
{
    rapl-dump --header "$1" | sed -n "s/^ *\"*$2\"*: \"*\([^\"]*\)\"*$/\1/p"
}
train="rapl-train -q -c $ROOT/configs"

$win >one.win
$win machines=3 >three.win
for family in v2 v3-decoder; do
    t "$family" 0 "rapl-train -v -c '$ROOT/configs/$family.yaml' --epochs 1 -o $family.ckpt one.win"
    has '267941 parameters'
done
! cmp -s v2.ckpt v3-decoder.ckpt
ok $? "the weight of the reconstruction tells"
t adv 0 'rapl-train -v -c "$ROOT/configs/adv.yaml" --epochs 1 -o adv.ckpt three.win'
has '150980 parameters' # 142,273 + 8,320 + 3 * 129
[ "$(value adv.ckpt data.machines)" = "m0, m1, m2" ]
ok $? "the checkpoint names the machines"
t adv-one 0 'rapl-train -c "$ROOT/configs/adv.yaml" --epochs 1 -o lone.ckpt one.win'
has 'branch disc has nothing to learn'
has 'the label `machine`'
t mixed 0 "cat one.win three.win | $train/adv.yaml --epochs 1 -o mixed.ckpt"
[ "$(value mixed.ckpt data.machines)" = ", m0, m1, m2" ]
ok $? "recordings without the label are a machine of their own"

t adv-label 0 "$train/adv.yaml --set model.machine_label=run --epochs 1 -o by-run.ckpt three.win"
[ "$(value by-run.ckpt data.machines)" != "m0, m1, m2" ]
ok $? "another label can tell the machines apart"
t adv-no-label 0 'rapl-train -c "$ROOT/configs/adv.yaml" --set model.machine_label=host --epochs 1 -o x.ckpt three.win'
has 'the label `host`'
for net in v3 adv; do
    for lr in 5e-4 2e-3; do
        t "$net-$lr" 0 "$train/$net.yaml --set training.lr=$lr --set training.batch=100 --epochs 1 -o $net-$lr.ckpt three.win"
        [ "$(value $net-$lr.ckpt training.batch)" = 100 ]
        ok $? "what was set is in the checkpoint"
    done
    ! cmp -s $net-5e-4.ckpt $net-2e-3.ckpt
    ok $? "$net: and tells"
done

for family in v2 adv v4; do
    t "$family-epochs" 0 "$train/$family.yaml --epochs 3 -o r.ckpt three.win"
    t "$family-infer" 0 "rapl-infer r.ckpt --format csv three.win"
    [ "$(wc -l <"$OUT")" -gt 100 ]
    ok $? "$family predicts"
    t "$family-slim" 0 "$train/$family.yaml --epochs 3 --slim -o s.ckpt three.win &&
        rapl-infer r.ckpt --format csv three.win >r.csv &&
        rapl-infer s.ckpt --format csv three.win >s.csv && cmp r.csv s.csv"
done

# Other optimisers and schedules: the rates of the history, and mistakes.
net() # LINES OF training...
{
    {
        printf '%s\n' 'model:' '  scaling: zscore' '  layers:' \
            '    - {type: dense, out: 8}' '    - {type: dense, out: 1}' 'training:'
        printf '  %s\n' 'batch: 200' 'lr: 1.0e-2' "$@"
    } >net.yaml
}
rates()
{
    awk 'NR > 1 { printf "%.6g ", $5 }' h.tsv
}
net 'method: adamw' 'schedule: cosine' 'epochs: 6' 'warmup_epochs: 2' 'min_lr: 0' 'clip_norm: 1'
t cosine 0 'rapl-train -q -c net.yaml --history h.tsv -o c.ckpt one.win'
[ "$(rates)" = "0.005 0.01 0.01 0.00853553 0.005 0.00146447 " ]
ok $? "warm-up and cosine: $(rates)"
[ "$(value c.ckpt training.method)" = adamw ] && [ "$(value c.ckpt training.cosine_epochs)" = 6 ]
ok $? "the checkpoint says how it was trained"
t longer 3 'rapl-train --resume --epochs 9 -c net.yaml -o c.ckpt one.win'
has "training.cosine_epochs was '6' and is now '9'"
net 'schedule: constant' 'epochs: 3' 'warmup_steps: 100'
t constant 0 'rapl-train -q -c net.yaml --history h.tsv -o c.ckpt one.win'
[ "$(rates)" = "0.0002 0.0004 0.0006 " ]
ok $? "warm-up by steps: $(rates)"

mistake() # WHAT LINE PATTERN
{
    net "$2"
    t "$1" 3 'rapl-train -c net.yaml -o no.ckpt one.win'
    has "net.yaml:9: "
    has "$3"
}
mistake schedule 'schedule: cosinus' 'plateau, cosine, constant'
mistake clip 'clip_norm: -1' 'clip_norm'
mistake method 'method: sgd' 'adam, adamw, ridge'
mistake cosine-key 'cosine_epochs: 3' 'cosine_epochs says nothing under schedule: plateau'
mistake unknown 'clip: 1' 'clip_norm'
net 'warmup_epochs: 2' 'warmup_steps: 2'
t both 3 'rapl-train -c net.yaml -o no.ckpt one.win'
has 'net.yaml:10: give warmup_steps or warmup_epochs, not both'
done_testing
