#!/bin/sh
# --transient: the test part keeps the windows over which the load changes.
. "$(dirname "$0")/../../lib.sh"

# 4 runs of 60 s on 20 CPUs: idle, from second 20 on 10 % busy, which is 2 CPUs,
# and a spike at second 40 that is over within every window.
cat >map.yaml <<END
time: {column: t, unit: s}
channels:
  - {column: user, name: cpu.user, unit: "%"}
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: watts, name: "power:package-0", unit: W}
labels: {cpus: "20"}
END
for run in 1 2 3 4; do
    awk 'BEGIN {
        print "t,user,idle,watts"
        for (t = 0; t < 60; t++) {
            u = t == 40 ? 50 : t < 20 ? 0 : 10
            print 1700000000 + t "," u "," 100 - u "," 10 + u
        }
    }' >$run.csv
    rapl-import -q --map map.yaml -l run=$run -l workload=w$run -o $run.rapl $run.csv
done
RUNS='1.rapl 2.rapl 3.rapl 4.rapl'
export RUNS

# rows ARGUMENTS: second, run and part of each row
rows()
{
    rapl-window -q --features user_pct -d 5 "$@" $RUNS |
        rapl-dump --labels run --format tsv | awk -F '\t' '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { n[$at["run"]]++; print n[$at["run"]], $at["run"], $at["part"] }' | sort
}

first=$(rapl-dump --format tsv 1.rapl | sed 1d | wc -l)
[ "$first" -eq 60 ]
ok $? "60 readings a run"
for how in run leave:workload=w2 shuffle time; do
    rows --split $how >all.txt
    rows --split $how --transient 1.5 >some.txt
    grep -q ' 3$' all.txt
    ok $? "$how: there is a test part"
    # row k is second k - 1; the load differs between the ends of a window that
    # ends in seconds 20 to 23, 40, and 44
    paste -d ' ' all.txt some.txt | awk '
        { second = $1 - 1
          moves = second >= 20 && second <= 23 || second == 40 || second == 44
          want = $3 == 3 && !moves ? 0 : $3
          if ($6 != want) { print "# " $0; bad = 1 } }
        END { exit bad }'
    ok $? "$how: what is steady leaves the test part, and all else stays"
done
t tested 0 'rapl-window -q --features user_pct -d 5 --split leave:workload=w2 --transient 1.5 $RUNS |
    rapl-dump --format tsv | awk -F "\t" "\$NF == 3" | wc -l'
[ "$(cat "$OUT")" -eq 6 ]
ok $? "six windows of the run that is left out"

# busy_cpus need not be last among the features, nor among them at all
for features in busy_cpus,user_pct user_pct,busy_cpus; do
    rapl-window -q --features $features -d 5 --split run --transient 1.5 $RUNS |
        rapl-dump --format tsv | awk -F '\t' '{ print $NF }' >b
    rapl-window -q --features user_pct -d 5 --split run --transient 1.5 $RUNS |
        rapl-dump --format tsv | awk -F '\t' '{ print $NF }' | cmp -s - b
    ok $? "the same parts with $features"
done

t says 0 'rapl-window -q --features user_pct -d 5 --split run --transient 1.5 $RUNS | rapl-dump --header | tr -d \"'
has 'window.transient: 1.5'
t plain 0 'rapl-window -q --features user_pct -d 5 --split run $RUNS | rapl-dump --header'
hasnt 'window.transient'
t no-split 2 'rapl-window --transient 1.5 $RUNS -o x.win'
has 'ask for a --split'
t no-cpus 2 'rapl-window --split run --transient -1 $RUNS -o x.win'

# the score says what it is of, and pools nothing with it
t train 0 'rapl-window -q --features user_pct -d 5 --split shuffle $RUNS >w.win &&
    rapl-train -q -c "$ROOT/configs/linear.yaml" -o m.ckpt w.win'
t score 0 '{ rapl-infer -q m.ckpt w.win
    rapl-window -q --features user_pct -d 5 --split shuffle --transient 1.5 $RUNS |
        rapl-infer -q m.ckpt; } | rapl-score --columns mae'
[ "$(cut -f 2 "$OUT" | tr '\n' ,)" = 'split,shuffle,shuffle transient>1.5,' ]
ok $? "a line for all, a line for the transients"
hasnt 'flatters'
done_testing
