#!/bin/sh
# rapl-score: choosing without peeking, models beside one another, intervals
# over runs, idle rows, further levels.
. "$(dirname "$0")/../../lib.sh"

predictions() # METADATA...
{
    "$ROOT/tests/bad/write_stream.py" prediction "$@"
}

# Errors of two models on three workloads, two runs each: `steady` is off by 2
# everywhere, `lucky` by 0 on io and by 2.9 elsewhere, so that it is better on
# all rows together, and worse on the others for whoever is not io.
fold() # MODEL WORKLOAD RUN ERROR [SPLIT]
{
    split=${5:-leave:workload=$2}
    awk -v e="$4" 'BEGIN { for (i = 1; i <= 10; i++)
        print i "000000000", 10 + i + e, 9 + i, 11 + i, 1, 10 + i, 1, 3 }' |
        predictions "model=$1" "model_sha256=$1-$split" "split=$split" \
            "workload=$2" "run=$3"
}
for w in io cpu vm; do
    for r in a b; do
        fold steady $w $w-$r 2 >steady-$w-$r.rapl
        fold steady $w $w-$r 0.5 shuffle >shuffle-$w-$r.rapl
        case $w in io) e=0 ;; *) e=2.9 ;; esac
        fold lucky $w $w-$r $e >lucky-$w-$r.rapl
    done
done

t select 0 'rapl-score --select nested --by workload --criterion mae \
    --columns mae,bias lucky-*.rapl steady-*.rapl'
t select-json 0 'rapl-score --select nested --by workload --criterion mae --format json \
    lucky-*.rapl steady-*.rapl | python3 -c "
import json, sys
rows = json.load(sys.stdin)[\"rows\"]
roles = [r[\"role\"] for r in rows]
assert roles == [\"held-out\"] * 3 + [\"nested\", \"peeked\", \"candidate\"], roles
nested, peeked = rows[3], rows[4]
assert peeked[\"model\"] == \"lucky\" and peeked[\"mae_w\"] < nested[\"mae_w\"]
assert nested[\"n\"] == 60 and nested[\"chosen\"] == 3"'
t order 0 'rapl-score --select nested --by workload steady-*.rapl lucky-*.rapl >a &&
    rapl-score --select nested --by workload lucky-*.rapl steady-*.rapl | cmp - a'
t gate-nested 1 "rapl-score -q --select nested --by workload --criterion mae --gate 'mae<2.5' \
    lucky-*.rapl steady-*.rapl"
has 'gate mae<2.5 failed: 2.6'
t gap-in-grid 3 'rapl-score --select nested --by workload lucky-*.rapl steady-io-*.rapl'
has 'was not predicted by every model'
[ ! -s "$OUT" ]
ok $? '  prints nothing'
t one-model 3 'rapl-score --select nested --by workload lucky-*.rapl'
has '1 models and 3 groups: choosing wants two of each'
t two-splits 3 'rapl-score --select nested --by workload lucky-*.rapl steady-*.rapl shuffle-*.rapl'
has 'choosing wants those of one'
# A second checkpoint of the same name for one group.
awk 'BEGIN { print "1000000000", 12, 9, 11, 1, 11, 1, 3 }' |
    predictions model=lucky model_sha256=zzz split=leave:workload=io \
        workload=io run=io-c >other.rapl
t same-name 3 'rapl-score --select nested --by workload lucky-*.rapl steady-*.rapl other.rapl'
has "'io' was predicted by several checkpoints called 'lucky' (rapl-infer --name"
t select-alone 2 'rapl-score --select nested lucky-io-a.rapl'
has 'needs --by'
t select-criterion 2 'rapl-score --select nested --by workload --criterion bias lucky-io-a.rapl'
has "'bias' is no figure to choose by"

# Pairs left out, so that a choice is by models that never saw the group it is
# for: off by $3 when left out beside the group of $4.
pair() # MODEL WORKLOAD ERROR BESIDE
{
    for r in a b; do
        fold "$1" "$2" "$2-$r" "$3" "leave:workload=$(printf '%s\n%s' "$2" "$4" |
            sort | paste -s -d '|')" >"pair-$1-$2-$4-$r.rapl"
    done
}
# Whoever did not see io finds `steady` better on cpu and vm; lucky saw io when it
# did well on them.
for w in io cpu vm; do
    for v in io cpu vm; do
        [ $w != $v ] || continue
        pair steady $w 2 $v
        case $v in io) e=5 ;; *) e=0.1 ;; esac
        pair lucky $w $e $v
    done
done
for w in io cpu vm; do
    case $w in io) e=9 ;; *) e=1 ;; esac
    for r in a b; do
        fold steady $w $w-$r 2 >one-steady-$w-$r.rapl
        fold lucky $w $w-$r $e >one-lucky-$w-$r.rapl
    done
done
t loose 0 'rapl-score --select nested --by workload --criterion mae --columns mae one-*.rapl'
has 'held-out	io	lucky	1	leave:workload	20	9.000'
t strict 0 'rapl-score --select nested --by workload --criterion mae --columns mae one-*.rapl pair-*.rapl'
has 'held-out	io	steady	1	leave:workload	20	2.000'
has 'held-out	cpu	lucky	1	leave:workload	20	1.000'
has 'nested-strict	all	nested	3	leave:workload	60	1.333'
[ "$(wc -l <"$OUT")" -eq 7 ]
ok $? '  pairs have no lines of their own'
cp "$OUT" strict.tsv
t strict-order 0 'rapl-score --select nested --by workload --criterion mae --columns mae \
    $(ls -r pair-*.rapl one-*.rapl) | cmp - strict.tsv'
t strict-hole 3 'rapl-score --select nested --by workload one-*.rapl pair-s*.rapl pair-lucky-[iv]*.rapl'
has "no predictions of 'cpu' by one 'lucky' that was trained without it and"
t strict-labels 3 'rapl-score --select nested --by workload,run one-*.rapl pair-*.rapl'
t strict-alone 3 'rapl-score --select nested --by workload pair-*.rapl'
has '0 models'
t pairs 0 'rapl-score --by workload --columns mae pair-*.rapl'
has 'cpu	lucky	leave:workload*2	40	2.550'
has 'io	lucky	leave:workload*2	40	0.100'
t default-column 0 'rapl-score --select nested --by workload --criterion winkler one-*.rapl'
head -n 1 "$OUT" | grep -q 'width_w	winkler_w$'
ok $? '  what was chosen by is shown'

t compare 0 'rapl-score --compare --columns mae,bias lucky-*.rapl steady-*.rapl shuffle-*.rapl'
t compare-md 0 'rapl-score --compare --format md --bootstrap 50 --columns bias \
    steady-*.rapl shuffle-*.rapl'
t compare-by 2 'rapl-score --compare --by workload lucky-io-a.rapl'

# Models beside one another on rows that all of them have: `long` looks back
# further and has no first rows, which are the ones that `short` gets wrong.
some() # MODEL WORKLOAD FROM SPLIT: rows FROM to 6 of two runs
{
    for run in a b; do
        awk -v n="$3" 'BEGIN { for (i = n; i <= 6; i++)
            print i "000000000", 10 + i + (i < 3 ? 4 : 1), "nan", "nan", 1, 10 + i, 1, 3 }' |
            predictions "model=$1" "split=$4" "workload=$2" "run=$2-$run" \
                "model_sha256=$1-$4"
    done
}
for w in io cpu; do
    some short $w 1 leave:workload=$w >short-$w.rapl
    some long $w 3 leave:workload=$w >long-$w.rapl
done
some short io 5 shuffle >short-shuffle.rapl
some long io 3 shuffle >long-shuffle.rapl
t own-rows 0 'rapl-score --columns mae short-*.rapl long-*.rapl'
has 'short	leave:workload	24	2.000'
has 'long	leave:workload	16	1.000'
t common 0 'rapl-score --common --columns mae short-*.rapl long-*.rapl'
has 'short	leave:workload	16	1.000'
has 'long	leave:workload	16	1.000'
has 'short	shuffle	4	1.000'
has 'long	shuffle	4	1.000'
cp "$OUT" a
t common-order 0 'rapl-score --common --columns mae long-*.rapl short-*.rapl | cmp - a'
t common-one 0 'rapl-score --common --columns mae short-io.rapl short-cpu.rapl'
has 'short	leave:workload	24'
t common-nested 0 'rapl-score --common --select nested --by workload --criterion mae --columns mae \
    short-io.rapl short-cpu.rapl long-io.rapl long-cpu.rapl'
has 'nested	all	nested	2	leave:workload	16	1.000'
t common-compare 0 'rapl-score --common --compare short-*.rapl long-*.rapl'
awk 'BEGIN { print "99000000000", 12, "nan", "nan", 1, 11, 1, 3 }' |
    predictions model=late split=shuffle workload=io run=io-a >late.rapl
t nothing-common 3 'rapl-score --common short-shuffle.rapl late.rapl'
has "no row in common under the split 'shuffle'"
t common-stdin 2 'rapl-score --common <short-io.rapl'
has 'give files'
t common-dash 2 'rapl-score --common short-io.rapl -'

# Intervals: over runs, the same for the same seed whatever the order.
t bootstrap 0 'rapl-score --bootstrap 200 --columns r2,mae --by workload lucky-*.rapl'
for i in 1 2 3 4 5 6 7 8; do
    fold m w$i r$i 0.$((i * i)) >run-$i.rapl
done
t seeded 0 'rapl-score --bootstrap 200 run-?.rapl >a &&
    rapl-score --bootstrap 200 $(ls -r run-?.rapl) | cmp - a &&
    rapl-score --bootstrap 200 --threads 2 run-?.rapl | cmp - a &&
    ! rapl-score --bootstrap 200 --seed 1 run-?.rapl | cmp -s - a'
t bootstrap-md 0 'rapl-score --bootstrap 100 --format md lucky-*.rapl'
awk -F '|' 'NR == 3 { exit !($5 ~ /^ 1\.933 \([0-9.]+ to [0-9.]+\) $/) }' "$OUT"
ok $? '  the range stands in the cell'

# A run in several files, as draws of a split make them, is one unit.
t four-runs 0 'rapl-score --bootstrap 50 --columns mae run-1.rapl run-2.rapl run-3.rapl run-4.rapl run-4.rapl'
awk -F '\t' 'NR == 2 { exit !($3 == 50 && $5 == "" && $6 == "") }' "$OUT"
ok $? '  four runs have no interval'

# Idle rows.
printf '1 5 nan nan 1 4 1 0\n2000000000 5 nan nan 1 2 1 0\n' |
    predictions workload=idle run=i >idle.rapl
printf '1 5 nan nan 1 2.5 1 0\n' | predictions workload=io run=j >busy.rapl
t idle 0 'rapl-score --columns idle_rows,idle_bias idle.rapl busy.rapl'
has '	3	2	2.000'
t idle-settle 0 'rapl-score --idle-settle 1s --columns idle_rows,idle_bias idle.rapl busy.rapl'
has '	3	1	3.000'
t idle-watts 0 'rapl-score --idle "<3W" --columns idle_rows,idle_bias idle.rapl busy.rapl'
has '	3	2	2.750'
t idle-rule 2 'rapl-score --idle 3 idle.rapl'
has "'3' names no idle rows"
t idle-md 0 'rapl-score --format md idle.rapl busy.rapl'
has '| idle_bias_w |'
t no-idle-md 0 'rapl-score --format md busy.rapl'
hasnt 'idle_bias_w'

# Levels: 50 % and 80 % beside the 90 % that every stream has.
printf '4 6 3 7 1 5 2 8 1 5.5 1 3\n4 6 3 7 2 5 2 8 1 6.5 1 3\n' |
    sed 's/^4 6 3 7 \([12]\)/\1 4 6 3 7/' |
    predictions +lower50,W,f32,gauge +upper50,W,f32,gauge \
        +lower80,W,f32,gauge +upper80,W,f32,gauge split=run run=l >levels.rapl
t levels 0 'rapl-score --columns coverage50,width50,coverage80,width80,coverage,width levels.rapl'
has '	2	50.00	2.000	100.00	4.000	100.00	6.000'
# y = 5, 6; 90 %: 2..8, 2..8; the further levels 4..6 and 3..7.
t interval-scores 0 'rapl-score --columns winkler,wis levels.rapl'
awk -F '\t' 'NR == 2 { exit !($4 > 5.999 && $4 < 6.001) }' "$OUT"
ok $? '  no miss: the width'
# Support tells the one row that is off by more than that.
printf '1 10 nan nan 0.2 5 1 0\n2 10 nan nan 0.9 9 1 0\n3 10 nan nan 0.1 9 1 0\n' |
    predictions run=s >support.rapl
t far 0 'rapl-score --columns support_auroc support.rapl'
has '	3	0.500'
t farther 0 'rapl-score --far 6W --columns support_auroc support.rapl'
[ "$(sed 1d "$OUT" | cut -f 4)" = '' ]
ok $? '  none is so far off: nothing to tell'
t far-unit 2 'rapl-score --far 6J support.rapl'
has "--far: '6J' is no power; write 1W"
t columns 2 'rapl-score --columns mea levels.rapl'
has "there is no figure 'mea'"

# Two labels left out at once are one kind of split.
for w in io cpu; do
    printf '1 2 nan nan 1 1 1 3\n' | predictions model=m run=$w \
        split=leave:workload=$w,session=s$w workload=$w session=s$w >two-$w.rapl
done
t two-labels 0 'rapl-score two-io.rapl two-cpu.rapl'
has 'm	leave:workload,session	test	2'

done_testing
