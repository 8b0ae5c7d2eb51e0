#!/bin/sh
# Every model in configs/ as ONNX says what rapl-infer says, run by a reader of
# our own and, where there is one, by onnxruntime.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-train" ] || skip_all "no rapl-train to make a checkpoint"

python_with() # MODULES: print one that has them
{
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && echo "$python" && return
    done
}
python=$(python_with numpy)
[ -n "$python" ] || skip_all "no numpy to run models with"
onnxruntime=$(python_with numpy,onnxruntime)

# Windows that the family takes.
windows_of() # FAMILY
{
    case $1 in
    linear) set -- d=5 ;;
    lstm) set -- d=60 features=a,b ;;
    mstcn*) set -- d=64 features=a,b,c,d rows=80 ;;
    v1*) set -- d=144 features=a,b,c rows=150 ;;
    adv) set -- d=25 features=a,b,c,d machines=3 ;;
    *) set -- d=25 features=a,b,c,d ;;
    esac
    python3 "$ROOT/tests/window_stream.py" runs=4 rows=70 "$@"
}

agrees() # NAME: of NAME.ckpt and NAME.win
{
    t "$1-export" 0 "rapl-dump --onnx $1.ckpt -o $1.onnx &&
        rapl-infer -q --format stream $1.ckpt $1.win | rapl-dump >$1.csv &&
        rapl-dump --windows $1.win >windows.csv"
    t "$1-own" 0 "$python '$ROOT/tests/onnx_run.py' own $1.onnx windows.csv $1.csv"
    sed 's/^/# /' "$OUT"
    [ -n "$onnxruntime" ] || return 0
    t "$1-onnxruntime" 0 "$onnxruntime '$ROOT/tests/onnx_run.py' onnxruntime \
        $1.onnx windows.csv $1.csv"
    sed 's/^/# /' "$OUT"
}

for config in "$ROOT"/configs/*.yaml; do
    grep -q '^  layers:' "$config" || continue
    family=$(basename "$config" .yaml)
    windows_of "$family" >"$family.win"
    t "$family-trained" 0 "rapl-train -q --epochs 2 -c $config -o $family.ckpt $family.win"
    agrees "$family"
done

# What the families do not have: lengths of 1, every scaling, odd kernels.
net() # NAME SCALING TARGET-SCALING WINDOWS LAYERS...
{
    name=$1 scaling=$2 target=$3 windows=$4
    shift 4
    {
        printf '%s\n' "family: $name" 'model:' "  scaling: $scaling" \
            "  target_scaling: $target" '  layers:'
        printf '    - {%s}\n' "$@" 'type: dense, out: 1'
        printf '%s\n' 'training:' '  batch: 64'
    } >"$name.yaml"
    python3 "$ROOT/tests/window_stream.py" runs=4 rows=40 $windows >"$name.win"
    t "$name-trained" 0 "rapl-train -q --epochs 3 -c $name.yaml -o $name.ckpt $name.win"
    agrees "$name"
}
net single zscore minmax d=1 'type: conv1d, out: 3, kernel: 1' 'type: relu' \
    'type: lstm, hidden: 4'
net plain none zscore 'd=9 tau=2' 'type: conv1d, out: 5, kernel: 4, padding: 3, dilation: 2' \
    'type: maxpool, size: 9' 'type: conv1d, out: 2, kernel: 1'
net pooled minmax none 'd=8 features=a,b,c' 'type: maxpool, size: 3' \
    'type: conv1d, name: c, out: 4, kernel: 2, padding: 0' 'type: dense, out: 6'
net joined minmax none 'd=6 features=a,b' \
    'type: parallel, paths: [{type: conv1d, out: 2, kernel: 3}, [{type: conv1d, out: 3, kernel: 5}, {type: relu}]]' \
    'type: batch_norm, name: bn' \
    'type: residual, layers: [{type: conv1d, out: 5, kernel: 3, dilation: 2}, {type: batch_norm}]' \
    'type: maxpool, size: 6' 'type: batch_norm, name: top' \
    'type: conv1d, from: input, out: 2, kernel: 6, padding: 0, name: side' \
    'type: concat, from: [top, side], name: both' 'type: dense, out: 7, name: a' \
    'type: relu, name: b' 'type: add, from: [a, b, both]'
net attended zscore minmax 'd=7 features=a,b,c' \
    'type: unfold, size: 3' 'type: conv1d, out: 6, kernel: 1' \
    'type: residual, layers: [{type: attention, name: attn, heads: 2}]' \
    'type: layer_norm' 'type: attention_pool, name: pool' 'type: layer_norm'
net averaged minmax none 'd=4 features=a,b,c' 'type: attention, heads: 3' \
    'type: mean_pool' 'type: attention' 'type: unfold, size: 1' \
    'type: attention_pool' 'type: mean_pool'

# Trees, over every kind of column, over some, and over a single sample.
trees() # NAME WINDOWS COLUMNS TREES
{
    printf '%s\n' "family: $1" "model: {kind: gbdt, columns: [$3]}" \
        "training: {method: boost, trees: $4, eta: 0.3, min_child_weight: 1}" >"$1.yaml"
    python3 "$ROOT/tests/window_stream.py" runs=4 rows=120 $2 >"$1.win"
    t "$1-trained" 0 "rapl-train -q -c $1.yaml -o $1.ckpt $1.win"
    agrees "$1"
}
echo 'model: {kind: gbdt}' >any.yaml
rapl-train -q -c any.yaml -o any.ckpt linear.win 2>"$ERR"
if [ $? -eq 4 ] && grep -q 'install libxgboost-dev' "$ERR"; then
    ok 0 "trees # SKIP XGBoost is not installed"
else
    trees wood 'd=25 features=a,b,c,d' 'last, mean, step, spread, range' 50
    trees stump 'd=6 tau=2 features=a,b' 'window, mean, range' 1
    trees twig d=1 last 3
fi

# A physical model as it was fitted, and calibrated for a guest of the machine.
loads="python3 $ROOT/tests/window_stream.py law=cpus features=busy_cpus d=1"
$loads noise=0.4 cpus=24 sessions=3 runs=20 rows=100 >physical.win
t physical-trained 0 "rapl-train -q -c '$ROOT/configs/physical.yaml' -o physical.ckpt physical.win"
agrees physical
cp physical.win here.win
t here-fitted 0 'rapl-calibrate -q physical.ckpt --cpus 24 --idle 7W --full 50W -o here.ckpt'
agrees here
$loads cpus=6 runs=3 rows=100 >guest.win
t guest-fitted 0 'rapl-calibrate -q here.ckpt --share 6/24 -o guest.ckpt'
agrees guest

t head 0 "$python '$ROOT/tests/onnx_run.py' head pooled.onnx"
has 'input windows N 24'
has 'output package N 1'
has 'family: pooled'
has 'window.features: a,b,c'
has 'window.delays: 8'
has 'window.tau: 1'
has 'window.interval_ns: 1000000000'
has 'units.outputs: W'
has "checkpoint.sha256: $(rapl-dump --header pooled.ckpt | sed -n 's/^sha256: *"*\([0-9a-f]*\)"*/\1/p')"

t to-stdout 0 'rapl-dump --onnx <pooled.ckpt | cmp - pooled.onnx'
t stream 3 'rapl-dump --onnx pooled.win -o no.onnx'
has 'pooled.win: not a checkpoint'
t absent 4 'rapl-dump --onnx absent.ckpt -o no.onnx'
t two 2 'rapl-dump --onnx pooled.ckpt plain.ckpt -o no.onnx'
t both 2 'rapl-dump --onnx --check pooled.ckpt'
t over-itself 2 'rapl-dump --onnx pooled.ckpt -o pooled.ckpt'
[ ! -e no.onnx ]
ok $? "nothing is written where there is nothing to write"
t full 4 'rapl-dump --onnx pooled.ckpt -o /dev/full'
has '/dev/full'
[ -n "$onnxruntime" ] || ok 0 "onnxruntime # SKIP it is not installed"
done_testing
