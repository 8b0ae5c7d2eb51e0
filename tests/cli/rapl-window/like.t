#!/bin/sh
# Windows as a checkpoint wants them.
. "$(dirname "$0")/../../lib.sh"
PATH=$BUILD/bench:$PATH
command -v rapl-train >/dev/null || skip_all "no rapl-train"

for i in 1 2 3 4 5; do
    make-samples 300 run=r$i @seed=$i >$i.rapl
done
t 'a model' 0 'rapl-window --features seed4 -d 5 -t 2 --interval 32ms --split run ?.rapl |
    rapl-train -q -c "$ROOT/configs/linear.yaml" -o m.ckpt'
t 'like it' 0 'rapl-window --like m.ckpt 1.rapl | rapl-dump --header >h'
has() { grep -qF -- "$1" "$OUT" "$ERR" h; ok $? "  says: $1"; }
has 'window.features: "user_pct,system_pct,iowait_pct,log_ctxt"'
has 'window.delays: "5"'
has 'window.tau: "2"'
has 'window.interval_ns: "32000000"'
t 'said again' 0 'rapl-window --like m.ckpt -d 5 --features seed4 1.rapl >/dev/null'
t 'other delays' 2 'rapl-window --like m.ckpt -d 6 1.rapl >/dev/null'
has '--like m.ckpt: d is 6, and the model takes 5'
t 'other features' 2 'rapl-window --like m.ckpt --features log_ctxt 1.rapl >/dev/null'
has 'feature 1 is log_ctxt, and the model takes user_pct'
t 'another interval' 2 'rapl-window --like m.ckpt --interval 1s 1.rapl >/dev/null'
has 'the interval is 1s, and the model takes 32ms'
make-samples 50 @interval=1000 >slow.rapl
t 'a coarser recording' 3 'rapl-window --like m.ckpt slow.rapl >/dev/null'
has 'recorded every 1s, which is coarser than the interval of 32ms'
make-samples 50 @energy=0 >guest.rapl
t 'a guest' 0 'rapl-window --like m.ckpt guest.rapl | rapl-dump --header >h'
has 'window.target: "none"'
t 'no model' 3 'rapl-window --like 1.rapl 1.rapl'
t 'no file' 4 'rapl-window --like nowhere.ckpt 1.rapl'
done_testing
