#!/bin/sh
# A training that is stopped or killed leaves a checkpoint to go on from, and
# says with --whole that it is not done; its history as a table.
. "$(dirname "$0")/../../lib.sh"
python3 "$ROOT/tests/window_stream.py" >a.win
cat >endless.yaml <<END
family: endless
model: {layers: [{type: dense, out: 8}, {type: relu}, {type: dense, out: 1}]}
training: {epochs: 1000000, stop_patience: 0, lr: 1.0e-4}
END

# Start a training that never ends; return once it did what is waited for.
begin() # TEST-OF-WHAT-IS-THERE OPTIONS...
{
    until=$1
    shift
    rm -f log
    rapl-train -c endless.yaml "$@" a.win 2>log &
    pid=$!
    while ! eval "$until" 2>/dev/null; do
        kill -0 $pid 2>/dev/null || return 1
        sleep .05
    done
}
end() # SIGNAL WANTED-EXIT NAME
{
    kill -"$1" $pid
    { wait $pid; } 2>/dev/null
    code=$?
    [ $code -eq "$2" ]
    ok $? "$3: exit $2" || sed 's/^/# /' log
}

begin 'grep -q "^rapl-train: epoch 1:" log' -o term.ckpt
end TERM 0 "SIGTERM"
grep -q '^rapl-train: stopped in epoch .*--resume goes on from there$' log
ok $? "it says where"
begin 'grep -q "^rapl-train: epoch [0-9]*:" log' --resume -o term.ckpt
end INT 0 "SIGINT"
grep -q '^rapl-train: resuming after [1-9]' log
ok $? "it had gone on"
t whole-file 0 'rapl-dump --check term.ckpt'
begin 'grep -q "^rapl-train: epoch [0-9]*:" log' --resume --whole -o term.ckpt
end TERM 1 "SIGTERM with --whole"
grep -q '^rapl-train: stopped in epoch' log
ok $? "it says why"
begin '[ -e kill.ckpt ]' -o kill.ckpt
end KILL 137 "killed"
t killed 0 'rapl-dump --check kill.ckpt'
begin 'grep -q "^rapl-train: epoch [0-9]*:" log' --resume -o kill.ckpt
end TERM 0 "what was killed goes on"
grep -q '^rapl-train: resuming after [1-9]' log
ok $? "from where it was saved"

# Data that end before they begin: the same words and codes.
mkfifo pipe
for how in "" --whole; do
    rapl-train -c endless.yaml $how -o none.ckpt pipe 2>log &
    pid=$!
    { cat a.win a.win a.win; kill -TERM $pid; cat a.win; } >pipe 2>/dev/null
    wait $pid
    code=$?
    want=${how:+1}
    [ $code -eq "${want:-0}" ]
    ok $? "stopped while reading ${how:-without --whole}: exit $code"
done

t done 0 'rapl-train -q --whole -c endless.yaml --epochs 3 --history h.jsonl -o h.ckpt a.win'
t tsv 0 'rapl-train -q -c endless.yaml --epochs 3 --history h.tsv -o h.ckpt a.win'
t same 0 "python3 - <<'END'
import csv, json
lines = [json.loads(line) for line in open('h.jsonl')]
rows = list(csv.DictReader(open('h.tsv'), delimiter='\t'))
assert [r['epoch'] for r in rows] == ['1', '2', '3'] and len(lines) == 3
assert list(lines[0]) == ['epoch', 'train_loss', 'valid_loss', 'valid_mae_w', 'lr']
for a, b in zip(lines, rows):
    assert all(a[k] == float(b[k]) for k in a)
END"
t awk 0 "awk -F '\t' 'NR > 1 && \$4 > 0 { n++ } END { exit n != 3 }' h.tsv"
python3 "$ROOT/tests/window_stream.py" split=none >none.win
t nothing-known 0 "rapl-train -q -c endless.yaml --epochs 1 --history n.jsonl -o n.ckpt none.win &&
    python3 -c 'import json; assert json.load(open(\"n.jsonl\"))[\"valid_mae_w\"] is None'"
done_testing
