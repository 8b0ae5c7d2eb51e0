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

# The same file through the package, and as the weights of a PyTorch model.
cat >package.py <<'END'
import csv, json, struct, sys
from safetensors import safe_open

raw = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
meta = head.pop("__metadata__")
with safe_open(sys.argv[1], sys.argv[2]) as f:
    assert f.metadata() == meta
    listed = {r["tensor"]: r for r in csv.DictReader(open("tensors.csv"))}
    assert set(f.keys()) == set(head) == set(listed)
    for name, t in head.items():
        a, b = (8 + n + at for at in t["data_offsets"])
        value = f.get_tensor(name)
        assert list(value.shape) == t["shape"], name
        assert listed[name]["shape"] == "x".join(map(str, value.shape)), name
        assert (value if sys.argv[2] == "np" else value.numpy()).tobytes() == \
            raw[a:b], name
END
cat >network.py <<'END'
import json, struct, sys
import torch
from torch import nn

raw = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
value = {name: torch.frombuffer(bytearray(raw[8 + n + t["data_offsets"][0]:
                                              8 + n + t["data_offsets"][1]]),
                                dtype=torch.float32).reshape(t["shape"])
         for name, t in head.items() if t.get("dtype") == "F32"}


class V3(nn.Module):
    def __init__(self):
        super().__init__()
        linear, rest = nn.Linear, lambda: (nn.ReLU(), nn.Dropout(.3))
        self.enc = nn.Sequential(linear(6, 512), *rest(), linear(512, 128),
                                 *rest(), linear(128, 64))
        self.head = nn.Sequential(linear(64, 128), *rest(), linear(128, 64),
                                  *rest(), linear(64, 1))

    def forward(self, x):
        return self.head(self.enc(x))


net = V3().eval()
net.load_state_dict({k: v for k, v in value.items()
                     if k.startswith(("enc.", "head."))}, strict=True)
x = torch.tensor([float(v) for v in sys.stdin.readline().split(",")])
lo, f = (value["scale." + k].repeat_interleave(3) for k in ("offset", "factor"))
print(f"{net(((x - lo) * f).clamp(0, 1)).item():.3f}")
END
t tensors 0 'rapl-dump a.ckpt'
cp "$OUT" tensors.csv
for python in python3 /usr/bin/python3; do
    for kind in np:numpy pt:torch; do
        "$python" -c "import safetensors, ${kind#*:}" 2>/dev/null || continue
        t "safetensors-${kind#*:}" 0 "$python package.py a.ckpt ${kind%:*}"
    done
    "$python" -c 'import torch' 2>/dev/null || continue
    t torch 0 "$python network.py a.ckpt <window"
    awk 'NR == FNR { want = $1 } NR > FNR { d = $1 - want
        exit !(d < .01 && d > -.01) }' byhand "$OUT"
    ok $? "PyTorch's own layers say $(cat "$OUT"), the model by hand $(cat byhand)"
done
done_testing
