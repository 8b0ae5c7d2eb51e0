#!/bin/sh
# Two power domains from a log to predictions: each has its labels, its scale,
# its scores, and a row that lacks one of them still serves the other.
. "$(dirname "$0")/../lib.sh"
value() # FILE KEY: of a checkpoint's metadata
{
    rapl-dump --header "$1" | sed -n "s/^ *\"*$2\"*: \"*\([^\"]*\)\"*$/\1/p"
}
less() # A B NAME
{
    awk "BEGIN { exit !($1 < $2) }"
    ok $? "$3 ($1 < $2)"
}

cat >map.yaml <<END
time: {column: t, unit: s}
channels:
  - {column: user, name: cpu.user, unit: "%"}
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: ctxt, name: ctxt, unit: 1/s}
  - {column: package, name: "power:package-0", unit: W}
  - {column: dram, name: "power:dram", unit: W}
END
# dram falls where the package rises; in run 2 it was not always read (-1 is
# what no meter shows).
log() # SEED
{
    awk -v s="$1" -v run="$1" 'BEGIN {
        print "t,user,idle,ctxt,package,dram"
        for (i = 0; i < 300; i++) {
            s = (s * 16807) % 2147483647
            user = s % 1000 / 10
            s = (s * 16807) % 2147483647
            ctxt = 1 + s % 20000
            dram = 2 + .03 * (100 - user) + .1 * log(1 + ctxt)
            if (run == 2 && i % 3 == 0)
                dram = -1
            printf "%d,%.1f,%.1f,%d,%.3f,%.3f\n", 1700000000 + i, user,
                100 - user, ctxt, 20 + .5 * user, dram
        }
    }'
}
for i in 1 2 3 4 5; do
    log $i >$i.csv
    rapl-import -q --from csv --map map.yaml -l workload=w$i -l run=r$i \
        -o $i.rapl $i.csv || exit 1
done

# ---- windows ----
two='rapl-window -q --features user_pct,log_ctxt -d 2 --target package-0,dram'
t window 0 "$two --split run -o two.win 1.rapl 2.rapl 3.rapl 4.rapl 5.rapl"
t header 0 'rapl-dump --header two.win'
has 'window.target: "package-0,dram"'
t rows 0 "$two 2.rapl | rapl-dump --format csv"
has 'label,label.dram,dt,part'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
    NR > 1 { n++; none += $c["label.dram"] == ""; bad += $c["label"] == "" }
    END { exit !(n == 300 && none == 100 && bad == 0) }' "$OUT"
ok $? "a domain that was not read leaves its label out"
t laid-out 0 "$two 1.rapl | rapl-dump --windows --format csv | head -1"
has ',label,label.dram,part'
t first 0 "rapl-window -q --features user_pct,log_ctxt -d 2 --target package-0 2.rapl |
    rapl-dump --format csv >one.csv &&
    $two 2.rapl | rapl-dump --format csv | sed 's/,[^,]*\(,[^,]*,[^,]*\)$/\1/' >first.csv &&
    cmp one.csv first.csv"
for bad in package-0,package-0 package-0,,dram none,dram package-0,auto ,; do
    t "target $bad" 2 "rapl-window --target '$bad' 1.rapl"
    has 'rapl-window: --target: '
done
t no-zone 3 'rapl-window --features user_pct --target package-0,psys 1.rapl'
has "no zone 'psys'; there is package-0, dram"

# ---- training ----
model() # OUT [TRAINING]
{
    cat <<END
family: two
model:
  scaling: zscore
  target_scaling: zscore
  layers:
    - {type: dense, name: a, out: 16}
    - {type: relu}
    - {type: dense, name: b, out: $1}
training: {batch: 32, epochs: 25, lr: 1.0e-2, weight_decay: 0${2:+, $2}}
END
}
model targets >two.yaml
t train 0 'rapl-train --threads 1 -c two.yaml --history h.tsv -o two.ckpt two.win'
has 'test (split run) dram: MAE'
[ "$(head -n 1 h.tsv | tr '\t' ' ')" = "epoch train_loss valid_loss valid_mae_w lr valid_mae_w.dram" ]
ok $? "the history has a column of the second"
less "$(value two.ckpt score.test.mae_w)" 0.5 "the package is found"
less "$(value two.ckpt score.test.mae_w.dram)" 0.1 "and dram, in watts of its own"
less "$(value two.ckpt interval.low_w.dram)" "$(value two.ckpt interval.high_w.dram)" \
    "dram has an interval"
less "$(awk 'END { print $6 }' h.tsv)" 0.1 "dram in the history is watts"
t shapes 0 'rapl-dump --format csv two.ckpt'
has 'target.offset,F32,2'
has 'train.history,F64,25x5'
t threads 0 'rapl-train -q --threads 2 -c two.yaml -o t2.ckpt two.win && cmp t2.ckpt two.ckpt'
t resumed 0 'rapl-train -q --epochs 9 -c two.yaml -o part.ckpt two.win &&
    rapl-train -q --resume -c two.yaml --history p.tsv -o part.ckpt two.win &&
    cmp part.ckpt two.ckpt && cmp p.tsv h.tsv'
model 2 >number.yaml
t number 0 'rapl-train -q -c number.yaml -o n.ckpt two.win'
[ "$(value n.ckpt score.test.mae_w.dram)" = "$(value two.ckpt score.test.mae_w.dram)" ]
ok $? "out: 2 is the same model"
model 1 >one.yaml
t one-out 3 'rapl-train -c one.yaml -o x.ckpt two.win'
has 'one.yaml:8: 1 value'
has 'out: targets'
t ridge 3 'rapl-train -c "$ROOT/configs/linear.yaml" -o x.ckpt two.win'
has 'out: targets'
t single 0 'rapl-window -q --features user_pct,log_ctxt -d 2 --target package-0 --split run \
    1.rapl 3.rapl 4.rapl 5.rapl >one.win &&
    rapl-train -q -c two.yaml --epochs 2 -o one.ckpt one.win'
t other-targets 3 'rapl-train -c two.yaml -o x.ckpt two.win one.win'
has 'has target package-0 and split run, the first package-0,dram'

# A weight of 0 leaves a domain out.
model targets 'domain_weights: {dram: 0}' >none.yaml
model targets 'domain_weights: {package-0: 1, dram: 4}' >four.yaml
t weights 0 'rapl-train -q -c none.yaml -o none.ckpt two.win &&
    rapl-train -q -c four.yaml -o four.ckpt two.win'
less 0.5 "$(value none.ckpt score.test.mae_w.dram)" "without weight dram is not learned"
less "$(value none.ckpt score.test.mae_w)" 0.5 "the package is"
[ "$(value four.ckpt training.domain_weights)" = "package-0=1,dram=4" ]
ok $? "weights are told"
t other-weights 3 'cp two.ckpt w.ckpt && rapl-train --resume -c four.yaml -o w.ckpt two.win'
has "cannot resume: training.domain_weights was '' and is now 'package-0=1,dram=4'"
t gone-weights 3 'rapl-train --resume -c two.yaml -o four.ckpt two.win'
has "cannot resume: training.domain_weights was 'package-0=1,dram=4' and is now ''"
i=0
for bad in '{psys: 1}' '{dram: -1}' '{dram: heavy}' '{package-0: 0, dram: 0}' '3' '[1]' '{}'; do
    i=$((i + 1))
    model targets "domain_weights: $bad" >bad$i.yaml
    t "weights $bad" 3 "rapl-train -c bad$i.yaml -o x.ckpt two.win"
    has "bad$i.yaml:9: "
done

# ---- prediction ----
t infer 0 "rapl-window -q --like two.ckpt 1.rapl 2.rapl | rapl-infer --format csv two.ckpt"
mae() # PREDICTED MEASURED: n and the mean of |difference|
{
    awk -F, -v p="$1" -v m="$2" 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
        NR > 1 && $c[m] != "" { e = $c[p] - $c[m]; s += e < 0 ? -e : e; n++ }
        END { print n, s / n }' "$OUT"
}
set -- $(mae power_w measured_w)
[ "$1" -eq 598 ]
ok $? "a window a row: $1"
less "$2" 0.5 "the first is watts of the package"
set -- $(mae dram_power_w dram_measured_w)
[ "$1" -eq 499 ]
ok $? "those of dram that were measured: $1"
less "$2" 0.1 "the second is watts of dram"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
    NR > 1 { n++; m = $c["dram_measured_w"]
             inside += m >= $c["dram_lower_w"] && m <= $c["dram_upper_w"] }
    END { exit !(inside > .6 * n) }' "$OUT"
ok $? "with an interval of its own"
t stream 0 'rapl-window -q --like two.ckpt 1.rapl | rapl-infer two.ckpt | rapl-dump --format csv | head -1'
has 'power.dram,lower.dram,upper.dram,measured.dram'
t onnx 0 'rapl-window -q --like two.ckpt 1.rapl >1.win && rapl-dump --windows 1.win >w.csv &&
    rapl-infer two.ckpt 1.win | rapl-dump >p.csv && rapl-dump --onnx two.ckpt -o two.onnx'
if python3 -c 'import numpy' 2>"$ERR"; then
    t onnx-says-the-same 0 'python3 "$ROOT/tests/onnx_run.py" own two.onnx w.csv p.csv'
    [ "$(sed 's/.*difference //' "$OUT" | wc -w)" -eq 2 ]
    ok $? "of both: $(cat "$OUT")"
else
    ok 0 "onnx # SKIP no numpy"
fi
t guest 0 'grep -v dram map.yaml >guest.yaml && cut -d, -f1-5 1.csv >guest.csv &&
    rapl-import -q --from csv --map guest.yaml -o guest.rapl guest.csv &&
    rapl-window -q --like two.ckpt guest.rapl >guest.win &&
    rapl-infer --format csv two.ckpt guest.win >guest.csv &&
    rapl-dump --header guest.win'
has 'window.target: "package-0"'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
    NR > 1 && ($c["measured_w"] == "" || $c["dram_measured_w"] != "" ||
               $c["dram_power_w"] == "") { bad++ }
    END { exit bad || NR < 200 }' guest.csv
ok $? "dram is predicted where nobody measures it"
t swapped 0 "rapl-window -q --features user_pct,log_ctxt -d 2 --target dram,package-0 1.rapl >swapped.win &&
    $two 1.rapl >straight.win && rapl-infer two.ckpt --format csv swapped.win >a.csv &&
    rapl-infer two.ckpt --format csv straight.win | cmp a.csv -"
t other-meter 0 'rapl-window -q --features user_pct,log_ctxt -d 2 --target dram 1.rapl |
    rapl-infer one.ckpt --format csv >/dev/null'
has "the model predicts 'package-0' and the stream measures 'dram'"
t no-meter 0 'rapl-window -q --like two.ckpt --target none guest.rapl | rapl-infer --format csv two.ckpt'
# Where nothing is measured the zones are those of the model.
t zones 0 'rapl-window -q --like two.ckpt --target none guest.rapl | rapl-infer -q two.ckpt |
    rapl-export --print'
has 'decode_rapl_joules_total{zone="package-0",source="predicted"'
has 'decode_rapl_joules_total{zone="dram",source="predicted"'
hasnt measured
t zones-measured 0 'rapl-window -q --like two.ckpt 1.rapl | rapl-infer -q two.ckpt | rapl-export --print'
has 'decode_rapl_joules_total{zone="dram",source="measured"}'
done_testing
