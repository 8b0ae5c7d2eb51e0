#!/bin/sh
# Checkpoints: the table of tensors, the metadata, and whether they are whole.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-train" ] || skip_all "no rapl-train to make a checkpoint"
sh "$ROOT/tests/fixtures/make" >"$OUT" 2>"$ERR" || cat "$ERR"
[ -f linear.ckpt ] || skip_all "no checkpoint could be made"

t tensors 0 'rapl-dump linear.ckpt'
has 'tensor,type,shape,n'
t head 0 'rapl-dump --header <linear.ckpt'
has 'kind: checkpoint'
has 'window.delays: "5"'
t verify 0 'rapl-dump --check linear.ckpt run7.rapl'
has 'linear.ckpt: checkpoint, '
has 'run7.rapl: sample stream, 1 segment, 200 rows, complete'
t marks-of-checkpoint 3 'rapl-dump --marks linear.ckpt'
t one-header 3 'rapl-dump run7.rapl linear.ckpt'
has 'a checkpoint has other columns'
t both 0 'rapl-dump --format jsonl linear.ckpt run7.rapl'
has '"t_ns":'
head -c -1 linear.ckpt >cut.ckpt
t cut 3 'rapl-dump --check cut.ckpt'
has 'cut.ckpt'
done_testing
