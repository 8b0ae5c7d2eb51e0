#!/bin/sh
# Parts: whole runs, groups, the one left out, time; from files and pipes.
. "$(dirname "$0")/../../lib.sh"
PATH=$BUILD/bench:$PATH

for i in 1 2 3 4 5 6 7 8 9; do
    make-samples $((100 + 10 * i)) run=r$i workload=w$((i % 3)) @seed=$i >$i.rapl
done
RUNS='1.rapl 2.rapl 3.rapl 4.rapl 5.rapl 6.rapl 7.rapl 8.rapl 9.rapl'
export RUNS

# parts ARGUMENTS...: lines of run, workload, part and how many rows
parts()
{
    rapl-window --features seed4 -d 5 "$@" |
        rapl-dump --labels run,workload --format tsv | awk -F '\t' '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { n[$at["run"] " " $at["workload"] " " $at["part"]]++ }
        END { for (k in n) print k, n[k] }' | sort
}
parts --split run $RUNS >run.txt
[ "$(cut -d ' ' -f 1 run.txt | sort -u | wc -l)" -eq 9 ] && [ "$(wc -l <run.txt)" -eq 9 ]
ok $? "run: a run is of one part"
[ "$(cut -d ' ' -f 3 run.txt | sort -u | tr -d '\n')" = 123 ]
ok $? "run: every part has one"

parts --split group:workload --ratios 60,20,20 $RUNS >group.txt
[ "$(cut -d ' ' -f 2,3 group.txt | sort -u | wc -l)" -eq 3 ]
ok $? "group: a workload is of one part"

parts --split leave:workload=w2 $RUNS >leave.txt
[ "$(awk '$3 == 3 { print $2 }' leave.txt | sort -u)" = w2 ] &&
    [ "$(awk '$2 == "w2" { print $3 }' leave.txt | sort -u)" = 3 ]
ok $? "leave: what is left out, and only that, is the test"
[ "$(awk '$3 != 3 { print $3 }' leave.txt | sort -u | tr -d '\n')" = 12 ]
ok $? "leave: the rest trains and validates"

parts --split time $RUNS >time.txt
[ "$(wc -l <time.txt)" -eq 36 ] && [ "$(awk '$3 == 0 && $4 != 10' time.txt)" = "" ]
ok $? "time: each run has all parts, and a window's span purged at two borders"

parts --split shuffle $RUNS >shuffle.txt
[ "$(awk '$3 == 0' shuffle.txt)" = "" ] && [ "$(wc -l <shuffle.txt)" -ge 25 ]
ok $? "shuffle: runs are spread over the parts"
parts $RUNS | awk '$3 != 0' >none.txt
[ ! -s none.txt ]
ok $? "none: no parts"

# a pipe is as good as files, in whatever order
for how in run group:workload leave:workload=w1 time shuffle; do
    parts --split $how $RUNS >a
    cat 9.rapl 3.rapl 1.rapl 2.rapl 4.rapl 8.rapl 7.rapl 6.rapl 5.rapl >all
    cat all | parts --split $how >b
    cmp -s a b
    ok $? "$how: the same from a pipe, in another order"
    parts --split $how --seed 7 $RUNS >c
    [ $how = time ] || ! cmp -s a c || [ $how = leave:workload=w1 ]
    ok $? "$how: the seed decides"
done

# Two labels: what has one of both values is nobody's.
for s in a b; do
    for w in io cpu vm; do
        make-samples 120 run=$s-$w workload=$w session=$s >two-$s-$w.rapl
    done
done
parts --split leave:workload=io,session=a --ratios 50,50,0 two-*.rapl >two.txt
[ "$(awk '$3 == 3 { print $1 }' two.txt | tr '\n' ' ')" = 'a-io ' ] &&
    [ "$(awk '$3 == 0 { print $1 }' two.txt | tr '\n' ' ')" = 'a-cpu a-vm b-io ' ] &&
    [ "$(awk '$3 == 1 || $3 == 2 { print $1 }' two.txt | tr '\n' ' ')" = 'b-cpu b-vm ' ]
ok $? "leave: of two labels, training sees neither value"
t 'no run has both' 3 'rapl-window --split leave:workload=io,session=c two-*.rapl >/dev/null'
has 'no run has workload,session=io,c; there is cpu/a, cpu/b, io/a'
t 'half a pair' 2 'rapl-window --split leave:workload=,session=a two-*.rapl >/dev/null'
has 'leave:KEY=VALUE'
parts --split group:workload,session --ratios 34,33,33 two-*.rapl >pairs.txt
[ "$(wc -l <pairs.txt)" -eq 6 ] && [ "$(cut -d ' ' -f 3 pairs.txt | sort -u | tr -d '\n')" = 123 ]
ok $? "group: pairs of values"

parts --split 'leave:workload=w0|w2' $RUNS >several.txt
[ "$(awk '$3 == 3 { print $2 }' several.txt | sort -u | tr '\n' ' ')" = 'w0 w2 ' ] &&
    [ "$(awk '$2 != "w1" { print $3 }' several.txt | sort -u)" = 3 ]
ok $? "leave: several values of a label"
parts --split 'leave:workload=io|vm,session=a' --ratios 50,50,0 two-*.rapl >several.txt
[ "$(awk '$3 == 3 { print $1 }' several.txt | tr '\n' ' ')" = 'a-io a-vm ' ] &&
    [ "$(awk '$3 == 1 || $3 == 2 { print $1 }' several.txt | tr '\n' ' ')" = 'b-cpu ' ]
ok $? "leave: and of two"
make-samples 60 run=bar 'workload=w0|w2' >bar.rapl
parts --split 'leave:workload=w0|w2' bar.rapl $RUNS | awk '$3 == 3 { print $1 }' >bar.txt
grep -qx bar bar.txt
ok $? "leave: a value with a bar in it"
t 'one of several that no run has' 3 "rapl-window --split 'leave:workload=w1|io' $RUNS >/dev/null"
has 'no run has workload=w1|io; there is w0, w1, w2'
t 'several, one of them empty' 3 "rapl-window --split 'leave:workload=w1|' $RUNS >/dev/null"
t 'a value that no run has' 3 'rapl-window --split leave:workload=io $RUNS >/dev/null'
has 'no run has workload=io; there is w0, w1, w2'
make-samples 50 workload=w >nameless.rapl
t 'a label that is missing' 3 'rapl-window --split run 1.rapl nameless.rapl >/dev/null'
has "nameless.rapl: no label 'run', which --split run needs"
t 'another' 3 'rapl-window --split group:site 1.rapl >/dev/null'
has "1.rapl: run r1: no label 'site', which --split group:site needs"
t 'too few groups' 0 'rapl-window --split group:workload 1.rapl 2.rapl >w.rapl'
has 'warning: the test part is empty'
hasnt 'the train part'
t 'groups enough' 0 'rapl-window --split group:workload $RUNS >w.rapl'
hasnt 'is empty'
t 'no such split' 2 'rapl-window --split half 1.rapl'
t 'no such ratios' 2 'rapl-window --split run --ratios 80,20 1.rapl'

mkdir tmp
t 'the spool' 0 'TMPDIR=tmp rapl-window -v --split run $RUNS >w.rapl'
has 'windows wait in tmp/'
[ -z "$(ls tmp)" ]
ok $? "nothing is left behind"
t 'no room for it' 4 'TMPDIR=/nowhere rapl-window --split run $RUNS >/dev/null'
has 'TMPDIR'
# More than a pipe holds: when all is written, some of it was read.
make-samples 40000 run=long >long.rapl
t 'interrupted, it splits what came' 0 'mkfifo in
    rapl-window --features seed4 --split run <in >out.rapl 2>err & window=$!
    exec 3>in; zstd -dcq 1.rapl 2.rapl long.rapl | head -c -20 >&3
    kill -INT $window; wait $window && rapl-dump --check out.rapl &&
    rapl-dump --format tsv out.rapl | grep -q ^17'
done_testing
