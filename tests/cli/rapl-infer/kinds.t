#!/bin/sh
# rapl-infer with models that are no networks: what their predictions tell, on
# machines of other sizes and processors, and which checkpoints are refused.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
loads="$win law=cpus features=busy_cpus d=1 noise=0.4"
$loads cpus=24 sessions=3 cpu='Xeon A' >p.win
t train 0 'rapl-train -q -c "$ROOT/configs/physical.yaml" -o p.ckpt p.win'

# power = idle + dynamic; intervals lie one in the other.
t csv 0 'rapl-infer p.ckpt --format csv p.win'
[ "$(head -n 1 "$OUT")" = t,run,workload,power_w,lower_w,upper_w,support,measured_w,idle_w,dynamic_w ]
ok $? "  idle and dynamic columns"
awk -F, 'NR > 1 { d = $4 - $9 - $10; n++
        if (d > .0021 || d < -.0021 || $9 <= 0 || $10 < 0 || $5 < 0 || $5 > $4 ||
            $6 < $4 || $7 <= .5 || $7 > 1) exit 1 }
    END { exit n != 2000 }' "$OUT"
ok $? "  power is idle and dynamic, inside its interval, supported"
[ ! -s "$ERR" ]
ok $? "  and nothing is said"
t stream 0 'rapl-infer p.ckpt -o p.pred p.win && rapl-dump --format csv p.pred'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
    { n++; if ($c["lower"] > $c["lower80"] || $c["lower80"] > $c["lower50"] ||
          $c["lower50"] > $c["power"] || $c["power"] > $c["upper50"] ||
          $c["upper50"] > $c["upper80"] || $c["upper80"] > $c["upper"] ||
          $c["idle"] <= 0) exit 1 }
    END { exit n != 2000 }' "$OUT"
ok $? "  nested intervals"
t threads 0 'for n in 1 2 3; do rapl-infer --threads $n p.ckpt --format csv p.win >$n.csv || exit
    cmp 1.csv $n.csv || exit; done'
t live 0 "$loads cpus=24 cpu='Xeon A' block=1 >one.win; rapl-infer p.ckpt --format csv one.win >one.csv
    $loads cpus=24 cpu='Xeon A' >all.win; rapl-infer p.ckpt --format csv all.win | cmp - one.csv"

# A machine of another size: in proportion, less sure, and that is said.
t resized 0 "$loads cpus=12 cpu='Xeon A' runs=2 >small.win; rapl-infer p.ckpt --format csv small.win"
has 'the model is of 24 CPUs, and this machine has 12'
[ "$(grep -c 'the model is of' "$ERR")" -eq 1 ]
ok $? "  once"
[ "$(head -n 2 1.csv | tail -n 1 | cut -d, -f9 | awk '{ printf "%.2f", $1 / 2 }')" = \
    "$(head -n 2 "$OUT" | tail -n 1 | cut -d, -f9 | awk '{ printf "%.2f", $1 }')" ]
ok $? "  half of the machine's idle"
t back 0 'cat small.win p.win | rapl-infer -q p.ckpt --format csv | tail -n 2000 >b.csv; tail -n 2000 1.csv | cmp - b.csv'

# A model of the version before knots, calibrated by an idle wattage, is read for
# ever: at idle, one CPU, the square root of all and all it says what it said.
cat >knots.map <<'END'
time: {column: t, unit: s}
channels:
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: user, name: cpu.user, unit: "%"}
END
printf 't,idle,user\n1,100,0\n2,93.75,6.25\n3,75,25\n4,0,100\n' >knots.csv
t golden 0 "rapl-import -q --map knots.map -l cpus=16 -o knots.rapl knots.csv &&
    rapl-window -q --like '$ROOT/tests/golden/physical-1.ckpt' knots.rapl |
    rapl-infer '$ROOT/tests/golden/physical-1.ckpt' --format tsv | cut -f 4-7"
cat >want <<'END'
power_w	lower_w	upper_w	support
4.500	2.720	6.280	0.969
9.908	5.522	14.294	0.926
16.151	9.740	22.561	0.894
32.701	20.979	44.423	0.795
END
cmp -s want "$OUT"
ok $? "  to the last digit" || diff want "$OUT" | sed 's/^/# /'
t golden-again 0 "rapl-calibrate -q '$ROOT/tests/golden/physical-1.ckpt' --full 33W -o again.ckpt
    rapl-dump --check again.ckpt && rapl-dump --header again.ckpt"
grep -q 'physical.noise"' "$OUT" && ! grep -q 'physical.noise_w' "$OUT"
ok $? "  and is written as one of now"

# Another processor is another matter.
t processor 1 "$loads cpus=24 cpu='Xeon B' runs=1 | rapl-infer --strict p.ckpt --format csv"
has "this is 'Xeon B'"
[ "$(sed 1d "$OUT" | cut -d, -f5-7 | sort -u)" = ,,0.000 ]
ok $? "  no interval, no support"

# Loads that nobody trained on.
t beyond 1 "$loads cpus=24 cpu='Xeon A' scale=0.1 >low.win
    rapl-train -q -c '$ROOT/configs/physical.yaml' -o low.ckpt low.win
    rapl-infer --strict low.ckpt -o x.pred p.win"
has 'support below 0.5'

# ---- what is refused ----

# Rewrite a checkpoint: python statements on head, data; then the hash is right.
cat >damage.py <<'END'
import hashlib, json, struct, sys
raw = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head, data = json.loads(raw[8:8 + n]), bytearray(raw[8 + n:])
meta = head["__metadata__"]
def at(name):
    return slice(*head[name]["data_offsets"])
exec(sys.argv[3])
meta["sha256"] = "0" * 64
text = json.dumps(head).encode()
text += b" " * (-len(text) % 8)
whole = struct.pack("<Q", len(text)) + text + bytes(data)
good = hashlib.sha256(whole).hexdigest().encode()
open(sys.argv[2], "wb").write(whole.replace(b"0" * 64, good, 1))
END
refused() # NAME MODEL STATEMENT TEXT
{
    t "$1" 3 "python3 damage.py $2 bad.ckpt '$3' && rapl-infer bad.ckpt --format csv p.win"
    has "bad.ckpt: "
    has "$4"
    [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? "  in one line" || sed 's/^/# /' "$ERR"
}
t unharmed 0 'python3 damage.py p.ckpt same.ckpt pass && rapl-infer same.ckpt --format csv p.win | cmp - 1.csv'
refused no-curve p.ckpt 'head["physical.curv"] = head.pop("physical.curve")' physical.curve
refused shape p.ckpt 'head["physical.session"]["dtype"] = "U8"; head["physical.session"]["shape"] = [64]' \
    physical.session
refused nan p.ckpt 's = at("physical.curve"); data[s.start:s.start + 4] = struct.pack("<f", float("nan"))' \
    'physical.curve is not finite'
refused no-number p.ckpt 'del meta["physical.idle_gap_w"]' physical.idle_gap_w
refused no-noise p.ckpt 'head["physical.nois"] = head.pop("physical.noise")' physical.noise
refused bad-number p.ckpt 'meta["physical.n_cpus"] = "-3"' physical.n_cpus
refused features p.ckpt 'meta["window.features"] = "user_pct"' busy_cpus
refused kind p.ckpt 'meta["model_description"] = json.dumps({"kind": "magic"})' 'none of network, physical, gbdt'
refused other-kind p.ckpt 'meta["model_description"] = json.dumps({"kind": "gbdt"})' gbdt.trees

$win d=5 noise=0.5 >g.win
echo '{family: g, model: {kind: gbdt}, training: {trees: 20, depth: 3}}' >g.yaml
rapl-train -q -c g.yaml -o g.ckpt g.win 2>"$ERR" || {
    grep -q 'install libxgboost-dev' "$ERR"
    ok $? "trees only want XGBoost"
    echo "# SKIPPED: trees, XGBoost is not installed" >&2
    done_testing
    exit
}
t gbdt 0 'rapl-infer g.ckpt --format csv g.win >1.csv && for n in 2 3; do
    rapl-infer --threads $n g.ckpt --format csv g.win | cmp - 1.csv || exit; done; cat 1.csv'
[ "$(head -n 1 "$OUT")" = t,run,workload,power_w,lower_w,upper_w,support,measured_w ]
ok $? "  without an idle part"
awk -F, 'NR > 1 { n++; if (!($5 < $4 && $4 < $6 && $7 > .5 && $7 <= 1)) exit 1 } END { exit n != 1960 }' "$OUT"
ok $? "  watts, intervals, support"
t gbdt-live 0 "$win d=5 noise=0.5 block=1 | rapl-infer g.ckpt --format csv | cmp - 1.csv"
refused no-trees g.ckpt 'head["gbdt.tree"] = head.pop("gbdt.trees")' gbdt.trees
refused damaged-trees g.ckpt 's = at("gbdt.trees"); data[s.start + 40:s.start + 60] = b"x" * 20' gbdt.trees
refused other-columns g.ckpt 'meta["model_description"] = json.dumps({"kind": "gbdt", "columns": ["last"]})' \
    'columns'
done_testing
