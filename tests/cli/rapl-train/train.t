#!/bin/sh
# rapl-train recovers a law that it is shown, and says how well.
. "$(dirname "$0")/../../lib.sh"
win="python3 $ROOT/tests/window_stream.py"
value() # FILE KEY: of a checkpoint's metadata
{
    rapl-dump --header "$1" | sed -n "s/^ *\"*$2\"*: \"*\([^\"]*\)\"*$/\1/p"
}
less() # A B NAME
{
    awk "BEGIN { exit !($1 < $2) }"
    ok $? "$3 ($1 < $2)"
}

$win noise=0.1 >linear.win
$win law=bent runs=20 rows=300 >bent.win
cat >net.yaml <<END
family: small
model:
  scaling: minmax
  clip: true
  layers:
    - {type: dense, name: a, out: 32}
    - {type: relu}
    - {type: dropout, rate: 0.05}
    - {type: dense, name: b, out: 16}
    - {type: relu}
    - {type: dense, name: c, out: 1}
training:
  method: adam
  batch: 64
  epochs: 30
  lr: 3.0e-3
  stop_patience: 15
END

t linear 0 'rapl-train -c "$ROOT/configs/linear.yaml" -o linear.ckpt linear.win'
has 'test (split run)'
less "$(value linear.ckpt score.test.mae_w)" 0.1 "the linear law is found"
less "$(value linear.ckpt score.test.r2)" 1.0001 "R2 is stored"
less 0.999 "$(value linear.ckpt score.test.r2)" "R2 is near 1"
less "$(value linear.ckpt interval.low_w)" 0 "residuals lie on both sides"
less 0 "$(value linear.ckpt interval.high_w)" "residuals lie on both sides"

# The weights, unscaled, are those of the law.
python3 - linear.ckpt >law <<'END'
import json, struct, sys
raw = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", raw[:8])[0]
head = json.loads(raw[8:8 + n])
def tensor(name):
    a, b = head[name]["data_offsets"]
    return struct.unpack(f"<{(b - a) // 4}f", raw[8 + n + a:8 + n + b])
w, factor = tensor("linear.weight"), tensor("scale.factor")
print(" ".join(f"{w[i] * factor[i // 3]:.2f}" for i in range(6)))
END
[ "$(sed 's/-0\.00/0.00/g' law)" = "0.00 0.10 0.50 0.00 0.00 -2.00" ]
ok $? "oldest first, feature by feature: $(cat law)"

t net 0 'rapl-train -c net.yaml --history net.tsv -o net.ckpt bent.win'
t bent-linear 0 'rapl-train -q -c "$ROOT/configs/linear.yaml" -o bent.ckpt bent.win'
less "$(value net.ckpt score.test.mae_w)" "$(value bent.ckpt score.test.mae_w)/2" \
    "a network learns what a line cannot"
[ "$(head -n 1 net.tsv | tr '\t' ' ')" = "epoch train_loss valid_loss valid_mae_w lr" ] &&
    [ "$(wc -l <net.tsv)" -eq 31 ]
ok $? "a history has a line an epoch"

t stdout 0 'rapl-train -q -c net.yaml --epochs 1 <bent.win >out.ckpt && rapl-dump --check out.ckpt'
t slim 0 'rapl-train -q -c net.yaml --epochs 1 --slim -o slim.ckpt bent.win &&
    rapl-infer slim.ckpt --format csv bent.win >slim.csv &&
    rapl-infer out.ckpt --format csv bent.win >out.csv && cmp slim.csv out.csv'
[ "$(wc -c <slim.ckpt)" -lt "$(($(wc -c <out.ckpt) / 2))" ]
ok $? "--slim is small"

t sample 0 'rapl-train -q -c net.yaml --epochs 2 --sample 10%,50% -o s.ckpt bent.win &&
    rapl-train -q -c net.yaml --epochs 1 --sample 10%,50% -o again.ckpt bent.win &&
    rapl-train -q -c net.yaml --epochs 2 --sample 10%,50% --threads 2 --resume \
        -o again.ckpt bent.win && cmp s.ckpt again.ckpt'
[ "$(value s.ckpt data.sample)" = 10%,50% ]
ok $? "the checkpoint names the share"
all=$(value net.ckpt data.windows.train)
less "$(value s.ckpt data.windows.train)" "$all/10+1" "a tenth of $all windows"
[ "$(value s.ckpt data.windows.test)" = "$(value net.ckpt data.windows.test)" ]
ok $? "the test part is whole unless said"
t other-sample 3 'rapl-train -q -c net.yaml --epochs 3 --sample 20% --resume -o s.ckpt bent.win'
has 'cannot resume'
t no-share 2 'rapl-train -q -c net.yaml --sample 0.1 -o x.ckpt bent.win'
has "write 10%, or 10%,25%,25%"

$win split=none >none.win
t nosplit 0 'rapl-train -c net.yaml --epochs 3 -o none.ckpt none.win'
has 'no validation part'
[ "$(value none.ckpt interval.low_w)" = nan ]
ok $? "no interval without validation"
t v3 0 'rapl-train -v -c "$ROOT/configs/v3.yaml" --epochs 1 -o v3.ckpt linear.win'
has 'windows/s in training'
$win d=25 features=a,b,c,d rows=60 >v3.win
t v3-size 0 'rapl-train -v -c "$ROOT/configs/v3.yaml" --epochs 1 -o v3.ckpt v3.win'
has '142273 parameters'
done_testing
