#!/bin/sh
# What rapl-stat says of recordings whose faults are known.
. "$(dirname "$0")/../../lib.sh"

# A second a row: the time in s, idle %, watts.
samples() # METADATA...
{
    awk '{ $1 = $1 "000000000" } 1' |
        "$ROOT/tests/bad/write_stream.py" sample interval_ns=1000000000 \
            cpus=4 "$@" +cpu.idle,%,f64,gauge +ctxt,1/s,f64,gauge \
            +power:package-0,W,f64,gauge
}

# 40 rows, of which the first 20 idle; rows 11 and 12 are missing
seq 1 42 | awk '$1 != 11 && $1 != 12 {
    print $1, ($1 <= 22 ? 99 : 10 * ($1 % 9)), 100 + $1,
        ($1 <= 22 ? 5 : 20 + $1 % 9)
}' | samples workload=io run=r1 >io.rapl
# a wattage below 0, one of 5 kW, and 5 s of the same; half as many rows
seq 1 20 | awk '{ w = 30 + $1 / 10 }
    $1 == 3 { w = -1 }
    $1 == 4 { w = 5000 }
    $1 >= 10 && $1 <= 15 { w = 33 }
    { print $1, 50, 100, w }' |
    samples workload=cpu run=r2 >cpu.rapl

t judge 0 'rapl-stat --format tsv io.rapl cpu.rapl'
t each 0 'cat io.rapl cpu.rapl | rapl-stat --each --format tsv'
t columns 0 'rapl-stat --columns --format tsv io.rapl cpu.rapl'
t text 0 'rapl-stat --each io.rapl cpu.rapl'
t groups 0 'rapl-stat --groups --format tsv io.rapl cpu.rapl'
t json 0 'rapl-stat --format json io.rapl >j &&
    python3 -c "import json; print(json.load(open(\"j\"))[\"rows\"][5][\"value\"])"'
has '40'
t md 0 'rapl-stat --columns --format md io.rapl'
has '| watts |'
t to-file 0 'rapl-stat --format tsv -o table io.rapl cpu.rapl && cmp table '"$HERE/judge.out"
t to-file-text 0 'rapl-stat --each -o table io.rapl cpu.rapl && cmp table '"$HERE/text.out"

t met 0 "rapl-stat --require 'missing_pct<5' --require 'rows>39' io.rapl"
has 'ok'
t not-met 1 "rapl-stat -q --require 'missing_pct<4' --require 'rows>39' io.rapl"
has 'rapl-stat: missing_pct<4 is not met: missing_pct is 4.762'
has 'failed'
hasnt 'rows>39 is'
t unknown-figure 1 "rapl-stat --require 'settled_s>0' io.rapl"
t no-such-check 2 "rapl-stat --require 'mising_pct<4' io.rapl"
has "'mising_pct<4' names no check"
for bad in missing_pct missing_pct= 'missing_pct<' 'missing_pct<x' '<' 'rows>1x'; do
    t "syntax $bad" 2 "rapl-stat --require '$bad' io.rapl"
    has "'$bad' is no requirement"
done
t of-a-question 2 "rapl-stat --each --require 'rows>1' io.rapl"
t two-questions 2 'rapl-stat --each --columns io.rapl'
has 'one question at a time'

# a long list of names is cut: --columns has them all
seq 1 9 | awk '{ print $1 "000000000" }' | awk '{ for (i = 0; i < 9; i++) $0 = $0 " 7"; print }' |
    "$ROOT/tests/bad/write_stream.py" sample interval_ns=1000000000 cpus=4 \
        +cpu.idle,%,f64,gauge +cpu.user,%,f64,gauge +cpu.system,%,f64,gauge \
        +cpu.iowait,%,f64,gauge +cpu.nice,%,f64,gauge +cpu.irq,%,f64,gauge \
        +ctxt,1/s,f64,gauge +intr,1/s,f64,gauge +power:package-0,W,f64,gauge >still.rapl
t still 0 'rapl-stat --format tsv still.rapl | grep constant_features'
has ',...	features that never change'

# a folder is the recordings in it, in the order of their names; a sweep's is
# those in runs/
mkdir -p all/b all/a empty sweep/runs sweep/bad
cp io.rapl all/b/2.rapl
cp cpu.rapl all/a/1.rapl
echo no stream >all/b/notes.txt
t folder 0 'rapl-stat --each --format tsv all | cut -f1 | tr "\n" " "'
has 'workload cpu io '
cp io.rapl sweep/runs/r1.rapl
cp cpu.rapl sweep/bad/r2.rapl
t sweep 0 'rapl-stat --each --format tsv sweep | cut -f1 | tr "\n" " "'
has 'workload io '
ln -s .. all/b/loop.rapl
t loop 0 'rapl-stat --each --format tsv all | wc -l'
has '3'
t no-recordings 3 'rapl-stat empty'
has 'empty: no recording (*.rapl) in this folder; name the files'
t into-folder 2 'rapl-stat -o all/a/1.rapl all'
# one that is damaged is named, and the others are judged
: >all/b/nothing.rapl
t refused 3 'rapl-stat --format tsv all'
has 'all/b/nothing.rapl: empty: there is no stream'
has 'refused	1'
has 'recordings	2'
t refused-question 3 'rapl-stat --each all'
rm -r all/b

# the counter gains 20 J in a second, and wraps behind 500 J
seq 0 60 | awk '{ printf "%d000000000 50 %.0f 20\n", $1,
    (2.61643e11 + 2e7 * $1) % 2.62143e11 }' >rows
counter() # METADATA...
{
    "$ROOT/tests/bad/write_stream.py" sample interval_ns=1000000000 cpus=4 \
        "$@" +cpu.idle,%,f64,gauge +energy:package-0,uJ,u64,counter,262143000000 \
        +power:package-0,W,f64,gauge
}
counter run=same workload=w <rows >same.rapl
awk '{ $4 = 25 } 1' rows | counter run=other workload=w >other.rapl
t energy 0 'rapl-stat --each --format tsv same.rapl other.rapl | cut -f2,17'
has 'same	0.000'
has 'other	25.000'
t energy-worst 1 "rapl-stat --require 'energy_off_pct<1' same.rapl other.rapl"
has 'energy_off_pct is 25.000'
has 'w other'
# five seconds that no row saw, in which it gained 100 J more: the rows' 20 W
# are not the 1300 J / 60 s that it tells
awk '$1 < 30e9 || $1 > 34e9 {
    if ($1 > 30e9)
        $3 = sprintf("%.0f", $3 + 1e8)
    print
}' rows | counter run=gap workload=w >gap.rapl
t energy-gap 0 'rapl-stat --each --format tsv gap.rapl | cut -f2,17'
has 'gap	7.692'

# ten seconds of idleness at first, then behind load; a label says what it is
seq 1 60 | awk '{ print $1, $1 % 30 < 12 ? 99.5 : 20, 100, 10 }' |
    samples workload=w run=r3 >twice.rapl
t idle-kinds 0 'rapl-stat --format tsv twice.rapl | grep idle_kinds'
has 'idle_kinds	2		start,after_load'
seq 1 60 | awk '{ print $1, 99.5, 100, 10 }' |
    samples workload=idle run=r4 idle=timers >timers.rapl
t idle-label 0 'rapl-stat --format tsv twice.rapl timers.rapl | grep idle_kinds'
has 'idle_kinds	3		start,after_load,timers'

# no energy source: the rest is judged all the same
seq 1 30 | awk '{ print $1 "000000000", 99 }' |
    "$ROOT/tests/bad/write_stream.py" sample interval_ns=1000000000 \
        +cpu.idle,%,f64,gauge >guest.rapl
t guest 0 'rapl-stat --format tsv guest.rapl | cut -f1,2'
has 'labelled_pct	0.00'
has 'idle_pct	100.00'
t guest-lags 0 'rapl-stat --lags 3 guest.rapl'
t guest-ceiling 3 'rapl-stat --ceiling guest.rapl'
has 'no row with measured watts'

head -c -1 io.rapl >cut.rapl
t cut 0 'rapl-stat --format tsv cut.rapl'
has 'truncated	1'
t cut-each 3 'rapl-stat --each cut.rapl'
t cut-allowed 0 'rapl-stat --each --allow-truncated cut.rapl'
has 'no'
: >empty.rapl
t empty 3 'rapl-stat empty.rapl'
t absent 4 'rapl-stat absent.rapl'
t text-file 3 'echo hello | rapl-stat'
t own-input 2 'rapl-stat -o io.rapl io.rapl'
t full 4 'rapl-stat io.rapl >/dev/full'
t full-tsv 4 'rapl-stat --format tsv io.rapl >/dev/full'
t full-file 4 'rapl-stat -o /dev/full io.rapl'
has 'No space left'

# 1 s of load, 1 s of none: half of a period is where it remembers least
seq 1 400 | awk '{ print $1, 50 + 40 * sin($1 * 3.14159265 / 8), 1,
    20 + 10 * sin($1 * 3.14159265 / 8) }' | samples workload=w run=r >sine.rapl
t lags 0 'rapl-stat --lags 8 sine.rapl'
has 'watts, 1 recordings, autocorrelation below 1/e: tau 4 (4 s)'
t lags-short 3 'rapl-stat --lags 200 sine.rapl'
has 'no recording has 804 rows'
done_testing
