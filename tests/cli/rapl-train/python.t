#!/bin/sh
# Python opens a checkpoint with nothing of ours: the layout's specification
# and json, and the safetensors package where there is one.
. "$(dirname "$0")/../../lib.sh"
python3 "$ROOT/tests/window_stream.py" >a.win
t made 0 'rapl-train -q --epochs 2 -c "$ROOT/configs/v3.yaml" -o a.ckpt a.win'
cat >read.py <<'END'
import hashlib, json, math, struct, sys

raw = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head, data = json.loads(raw[8:8 + n]), raw[8 + n:]
meta = head.pop("__metadata__")
assert (8 + n) % 8 == 0
assert all(isinstance(v, str) for v in meta.values())
sizes = {"F32": 4, "F64": 8, "I64": 8, "U8": 1}
at = 0
for name, t in sorted(head.items(), key=lambda i: i[1]["data_offsets"]):
    a, b = t["data_offsets"]
    assert a == at and a % sizes[t["dtype"]] == 0, name
    assert b - a == sizes[t["dtype"]] * math.prod(t["shape"]), name
    at = b
assert at == len(data)
zeroed = raw.replace(meta["sha256"].encode(), b"0" * 64, 1)
assert hashlib.sha256(zeroed).hexdigest() == meta["sha256"]
model = json.loads(meta["model_description"])
assert model["layers"][0] == {"type": "dense", "name": "enc.0", "out": 512}
assert head["enc.0.weight"]["shape"] == [512, 6]
assert head["train.history"]["shape"] == [2, 4]
assert meta["window.features"] == "user_pct,log_ctxt"


def floats(name):
    a, b = head[name]["data_offsets"]
    return struct.unpack(f"<{(b - a) // 4}f", data[a:b])


# The model, by hand, on one window: what rapl-infer should say.
def predict(window):
    lo, f = floats("scale.offset"), floats("scale.factor")
    x = [min(max((v - lo[i // 3]) * f[i // 3], 0), 1)
         for i, v in enumerate(window)]
    for layer in model["layers"]:
        if layer["type"] == "dense":
            w = floats(layer["name"] + ".weight")
            b = floats(layer["name"] + ".bias")
            k = len(x)
            x = [b[o] + sum(map(float.__mul__, map(float, x),
                                w[o * k:(o + 1) * k])) for o in range(len(b))]
        elif layer["type"] == "relu":
            x = [max(v, 0) for v in x]
    return x[0]


window = [float(v) for v in sys.stdin.readline().split(",")]
print(f"{predict(window):.3f}")
END
t windows 0 'rapl-dump --windows --format csv a.win'
sed -n 2p "$OUT" | cut -d, -f3-8 >window
t read 0 'python3 read.py a.ckpt <window'
cp "$OUT" byhand
t infer 0 'rapl-infer -q --format tsv a.ckpt a.win'
awk -F '\t' 'NR == FNR { want = $1 } NR > FNR && FNR == 2 {
    d = $4 - want; exit !(d < .01 && d > -.01) }' byhand "$OUT"
ok $? "the model by hand says $(cat byhand), rapl-infer $(sed -n 2p "$OUT" | cut -f4)"
if python3 -c 'import safetensors, numpy' 2>/dev/null; then
    t safetensors 0 'python3 -c "
from safetensors import safe_open
f = safe_open(\"a.ckpt\", \"np\")
assert f.get_tensor(\"enc.0.weight\").shape == (512, 6)
assert f.metadata()[\"family\"] == \"v3\""'
fi
done_testing
