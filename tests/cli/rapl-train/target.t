#!/bin/sh
# A target that is scaled in training: what comes out is watts all the same.
. "$(dirname "$0")/../../lib.sh"
python3 "$ROOT/tests/window_stream.py" noise=0.5 >a.win
model() # TARGET-SCALING
{
    cat <<END
family: small
model:
  scaling: minmax
  target_scaling: $1
  layers:
    - {type: dense, name: a, out: 16}
    - {type: relu}
    - {type: dense, name: b, out: 1}
training: {batch: 64, epochs: 20, lr: 1.0e-2, weight_decay: 0}
END
}

for how in minmax zscore; do
    model $how >$how.yaml
    t $how 0 "rapl-train -q -c $how.yaml -o $how.ckpt a.win"
    t $how-infer 0 "rapl-infer $how.ckpt -o $how.pred a.win"
    t $how-score 0 "rapl-score --part test --format tsv $how.pred"
    awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
        NR == 2 { print $c["mae_w"]; exit !($c["mae_w"] < 1) }' "$OUT" >mae
    ok $? "$how: predictions are watts, and good ones"
    t $how-header 0 "rapl-dump --header $how.ckpt"
    tr -d '" ' <"$OUT" | awk -F : -v mae="$(cat mae)" '
        $1 == "score.test.mae_w" && $2 - mae < .001 && mae - $2 < .001 { found = 1 }
        END { exit !found }'
    ok $? "$how: the scores in the checkpoint are of watts too"
    t $how-interval 0 "rapl-infer $how.ckpt --format csv a.win"
    awk -F, 'NR > 1 { n++; in_it += $8 >= $5 && $8 <= $6 }
        END { exit !(in_it > .85 * n && in_it < .95 * n) }' "$OUT"
    ok $? "$how: so is the interval"
done

# What was fitted, read by the rules of the format: labels of the training part.
cat >target.py <<'END'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", raw[:8])
head = json.loads(raw[8:8 + n])
for name in ("target.offset", "target.factor"):
    if name not in head:
        sys.exit("no " + name)
    assert head[name]["shape"] == [1] and head[name]["dtype"] == "F32"
    at = head[name]["data_offsets"][0] + 8 + n
    print(*struct.unpack("<f", raw[at:at + 4]))
END
t fitted 0 'python3 target.py minmax.ckpt'
cp "$OUT" fitted
rapl-infer minmax.ckpt a.win | rapl-dump --format csv >all.csv
t of-the-training-part 0 "python3 - fitted <<'END'
import csv, sys
offset, factor = (float(v) for v in open('fitted'))
rows = list(csv.DictReader(open('all.csv')))
w = [float(r['measured']) for r in rows if r['part'] == '1']
print(len(w), offset, factor, min(w), max(w))
assert len(w) > 1000
assert abs(offset - min(w)) < 1e-4
assert abs(1 / factor - (max(w) - min(w))) < 1e-3
END"

model none >none.yaml
t none 0 'rapl-train -q --epochs 1 -c none.yaml -o none.ckpt a.win'
t not-there 1 'python3 target.py none.ckpt'
t same 0 'rapl-train -q --epochs 3 --threads 1 -c minmax.yaml -o 1.ckpt a.win &&
    rapl-train -q --epochs 1 --threads 2 -c minmax.yaml -o 2.ckpt a.win &&
    rapl-train -q --resume --epochs 3 -c minmax.yaml -o 2.ckpt a.win && cmp 1.ckpt 2.ckpt'
t unknown 3 'sed s/minmax/log/ minmax.yaml >log.yaml; rapl-train -c log.yaml -o x.ckpt a.win'
has 'log.yaml:3:'
model log >log.yaml
t unknown-target 3 'rapl-train -c log.yaml -o x.ckpt a.win'
has "log.yaml:4: target_scaling 'log' is none of"
sed 's/^training.*/training: {method: ridge, lambda: [1]}/' minmax.yaml >ridge.yaml
t ridge 3 'rapl-train -c ridge.yaml -o x.ckpt a.win'
has 'ridge.yaml:4: target_scaling'

# Families as they are given, from windows to watts.
win="python3 $ROOT/tests/window_stream.py"
$win d=60 features=busy_share,n_cpus_64 scale=0.01 >lstm.win
$win d=25 law=bent >v4-plain.win
for family in lstm v4-plain; do
    t $family 0 "rapl-train -q --epochs 1 -c '$ROOT/configs/$family.yaml' -o f.ckpt $family.win"
    t $family-infer 0 "rapl-infer f.ckpt --format csv $family.win"
    awk -F, 'NR > 1 { n++; if (!($4 > 0 && $4 < 200)) exit 1 } END { exit !n }' "$OUT"
    ok $? "$family: watts come out"
done
done_testing
