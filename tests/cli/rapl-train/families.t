#!/bin/sh
# Every model of layers in configs/: the same checkpoint to the bit for 1, 2 and 3
# threads, and where training was stopped and taken up again.
. "$(dirname "$0")/../../lib.sh"
stream()
{
    python3 "$ROOT/tests/window_stream.py" machines=2 "$@"
}
train="rapl-train -q --epochs 2"

stream d=25 features=a,b,c,d rows=60 >dense.win
stream d=25 tau=4 features=a,b,c,d rows=140 >tau4.win
stream d=25 tau=8 features=a,b,c,d rows=230 >tau8.win
stream d=60 features=a,b rows=90 >lstm.win
stream d=64 features=a,b,c,d rows=72 >mstcn.win
stream d=144 features=a,b,c rows=150 >v1.win

same_bits() # MODEL NAME WINDOWS
{
    # Several batches, each of two shards of which one is short.
    sed 's/^  batch: .*/  batch: 80/' "$1" >net.yaml
    for n in 1 2 3; do
        t "$2-$n" 0 "$train --threads $n -c net.yaml -o $n.ckpt $3"
    done
    cmp 1.ckpt 2.ckpt && cmp 1.ckpt 3.ckpt
    ok $? "$2: the same for 1, 2 and 3 threads"
    t "$2-resumed" 0 "rapl-train -q --epochs 1 --threads 3 -c net.yaml -o r.ckpt $3 &&
        $train --threads 2 --resume -c net.yaml -o r.ckpt $3"
    cmp 1.ckpt r.ckpt
    ok $? "$2: stopped and resumed is the same"
}

n=0
for model in "$ROOT"/configs/*.yaml; do
    grep -q '^  layers:' "$model" || continue
    name=$(basename "$model" .yaml)
    case $name in
    v1 | lstm) windows=$name.win ;;
    mstcn*) windows=mstcn.win ;;
    *) windows=dense.win ;;
    esac
    same_bits "$model" "$name" "$windows"
    seen="${seen:-}$name "
done
[ "$seen" = "adv linear lstm mstcn-mean mstcn v1 v2 v3-decoder v3 v4-plain v4 " ]
ok $? "all families: $seen"
for tau in 4 8; do
    same_bits "$ROOT/configs/v4.yaml" "v4, tau $tau" tau$tau.win
done
done_testing
