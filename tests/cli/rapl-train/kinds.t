#!/bin/sh
# Models that are no networks: trained, predicted with and scored through the
# programs, the same for any number of threads; what they refuse.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
loads="$win law=cpus features=busy_cpus d=1 noise=0.4"
physical=$ROOT/configs/physical.yaml
value() # FILE KEY: of a checkpoint's metadata
{
    rapl-dump --header "$1" | sed -n "s/^ *\"*$2\"*: \"*\([^\"]*\)\"*$/\1/p"
}
less() # A B NAME
{
    awk "BEGIN { exit !($1 < $2) }"
    ok $? "$3 ($1 < $2)"
}
one_line()
{
    [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? "  in one line" || sed 's/^/# /' "$ERR"
}

# ---- physical ----

$loads cpus=24 sessions=3 runs=20 rows=300 >p.win
t physical 0 "rapl-train -c '$physical' -o p.ckpt p.win"
has '24 CPUs, idle 6'
has 'test (split run): MAE'
less "$(value p.ckpt score.test.mae_w)" 1 "the law is found"
[ "$(value p.ckpt training.method)$(value p.ckpt physical.n_cpus)" = em24 ]
ok $? "method and CPUs are kept"
[ -z "$(value p.ckpt interval.low_w)" ]
ok $? "its intervals are its own, not those of a validation part"
for n in 2 3; do
    t "physical-threads$n" 0 "rapl-train -q --threads $n -c '$physical' -o $n.ckpt p.win && cmp $n.ckpt p.ckpt"
done
t chain 0 'rapl-infer p.ckpt p.win | rapl-score --columns mae,r2,coverage,idle_bias'
has 'physical	run	598'
t nothing-to-resume 0 "rapl-train --resume -c '$physical' -o p.ckpt p.win"
has 'there is nothing to resume'
t unsplit 0 "$loads cpus=24 split=none >u.win; rapl-train -c '$physical' -o u.ckpt u.win"
hasnt 'no validation part'

# Groups are those of the training part; what they are decides what is fitted.
t other-groups 0 "$loads cpus=24 runs=20 rows=300 >q.win; rapl-train -q -c '$physical' -o q.ckpt q.win"
! cmp -s p.ckpt q.ckpt && [ "$(value p.ckpt data.sha256)" != "$(value q.ckpt data.sha256)" ]
ok $? "without sessions it is another model, of other data"
t many-sessions 3 "$loads cpus=24 runs=170 rows=10 | rapl-train -c '$physical' -o x.ckpt"
has 'with one session'
one_line
t few-sessions 0 "$loads cpus=24 runs=170 rows=10 sessions=9 | rapl-train -q -c '$physical' -o x.ckpt"

# A smaller machine beside the first: the same law in proportion.
t sizes 0 "$loads cpus=8 runs=5 rows=100 first=20 >small.win
    cat p.win small.win | rapl-train -q -c '$physical' -o sizes.ckpt"
[ "$(value sizes.ckpt physical.n_cpus)" = 24 ]
ok $? "the size of most rows"
t sizes-fit 0 'rapl-infer -q sizes.ckpt small.win | rapl-score --part all --columns mae'
less "$(awk 'NR == 2 { print $NF }' "$OUT")" 1 "and the small one is predicted"

t no-cpus 3 "$loads cpus=24 told=0 | rapl-train -c '$physical' -o x.ckpt"
has '-l cpus=N'
one_line
t other-features 3 "$win d=1 | rapl-train -c '$physical' -o x.ckpt"
has 'rapl-window --features busy_cpus -d 1'
one_line
t delays 3 "$win law=cpus cpus=8 features=busy_cpus d=3 | rapl-train -c '$physical' -o x.ckpt"
has 'rapl-window --features busy_cpus -d 1'
t one-load 3 "$loads cpus=24 scale=0 | rapl-train -c '$physical' -o x.ckpt"
has 'physical.yaml: '
one_line

# One target.
cat >map.yaml <<END
time: {column: t, unit: s}
channels:
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: user, name: cpu.user, unit: "%"}
  - {column: a, name: "power:package-0", unit: W}
  - {column: b, name: "power:dram", unit: W}
END
awk -v OFS=, 'BEGIN { print "t,idle,user,a,b"
    for (i = 0; i < 300; i++) print i, i % 100, 100 - i % 100, 50 - i % 100 / 4, 3 }' >two.csv
t two-targets 0 'rapl-import -q --from csv --map map.yaml -l cpus=4 -l run=a two.csv |
    rapl-window --features busy_cpus -d 1 --target package,dram -o two.win'
for kind in physical gbdt; do
    t "$kind-of-two" 3 "rapl-train -c '$ROOT/configs/$kind.yaml' -o x.ckpt two.win"
    has 'predicts one target, and these windows have 2 (package,dram)'
done

# ---- a model's file ----

yaml() # NAME MODEL TRAINING
{
    printf 'family: x\nmodel: {%s}\ntraining: {%s}\n' "$2" "$3" >"$1.yaml"
    t "$1" 3 "rapl-train -c $1.yaml -o x.ckpt p.win"
    has "$1.yaml:"
    one_line
}
yaml kind 'kind: magic' 'method: em'
has 'none of network, physical, gbdt'
yaml method 'kind: physical' 'method: adam'
has 'trained by em'
yaml key 'kind: physical, layers: []' 'method: em'
has 'layers'
yaml training-key 'kind: physical' 'method: em, epochs: 3'
has 'epochs'
yaml trees 'kind: gbdt' 'method: boost, trees: 0'
yaml columns 'kind: gbdt, columns: [first]' 'method: boost'
has 'there are: last, window'
yaml tree-key 'kind: gbdt' 'method: boost, leaves: 3'
has 'leaves'
yaml tree-method 'kind: gbdt, columns: [last]' 'method: ridge'
has 'trained by boost'
yaml network 'kind: network' 'method: ridge, lambda: [1]'
yaml network-layers 'kind: gbdt, scaling: minmax' 'method: boost'

# ---- gbdt ----

$win d=5 noise=0.5 target=package >g.win
cat >g.yaml <<END
family: small
model: {kind: gbdt, columns: [window, mean]}
training: {method: boost, trees: 60, eta: 0.3, depth: 4, min_child_weight: 2}
END

# Where the library cannot be loaded.
mkdir none
: >none/libxgboost.so.0
: >none/libxgboost.so
t no-library 4 'LD_LIBRARY_PATH=$PWD/none rapl-train -c g.yaml -o none.ckpt g.win'
has 'install libxgboost-dev'
one_line
[ ! -e none.ckpt ]
ok $? "nothing was written"

rapl-train -q -c g.yaml -o g.ckpt g.win 2>"$ERR"
if [ $? -eq 4 ] && grep -q 'install libxgboost-dev' "$ERR"; then
    echo "# SKIPPED: trees, XGBoost is not installed" >&2
    done_testing
    exit
fi
t gbdt 0 'rapl-train -c g.yaml -o g.ckpt g.win'
has 'trees over'
has 'test (split run): MAE'
hasnt 'resume'
less "$(value g.ckpt score.test.mae_w)" 6 "trees learn"
less "$(value g.ckpt interval.low_w)" 0 "residuals lie on both sides"
less 0 "$(value g.ckpt interval.high_w)" "residuals lie on both sides"
for n in 1 2 3; do
    t "gbdt-threads$n" 0 "rapl-train -q --threads $n -c g.yaml -o g$n.ckpt g.win && cmp g$n.ckpt g.ckpt"
done
t gbdt-seed 0 'rapl-train -q --seed 7 -c g.yaml -o seed.ckpt g.win && ! cmp -s seed.ckpt g.ckpt'
t gbdt-chain 0 'rapl-infer g.ckpt g.win | rapl-score --columns mae,coverage'
has 'small	run	196'
# What a checkpoint says of its test part is what a reader of it predicts.
[ "$(awk -F '\t' 'NR == 2 { printf "%.2f", $4 }' "$OUT")" = \
    "$(printf %.2f "$(value g.ckpt score.test.mae_w)")" ]
ok $? "  as it was scored in training"
t gbdt-without-library 0 'LD_LIBRARY_PATH=$PWD/none rapl-infer -q g.ckpt g.win -o no.pred'
t gbdt-resume 0 'rapl-train --resume -c g.yaml -o g.ckpt g.win && cmp g.ckpt g1.ckpt'
has 'there is nothing to resume'

# A forest that never ends, stopped while it grows.
stopped() # WANTED-EXIT OPTIONS...
{
    want=$1
    shift
    rm -f log
    echo '{model: {kind: gbdt}, training: {trees: 100000, stop_patience: 0, eta: 1.0e-5}}' >endless.yaml
    rapl-train -v -c endless.yaml "$@" -o stop.ckpt g.win 2>log &
    pid=$!
    while ! grep -q 'windows to train on' log 2>/dev/null; do
        kill -0 $pid 2>/dev/null || break
        sleep .05
    done
    kill -TERM $pid
    { wait $pid; } 2>/dev/null
    [ $? -eq "$want" ] && grep -q 'stopped; what had grown by then is kept' log
    ok $? "stopped: exit $want" || sed 's/^/# /' log
}
stopped 0
t kept 0 'rapl-infer -q stop.ckpt --format csv g.win'
stopped 1 --whole
done_testing
