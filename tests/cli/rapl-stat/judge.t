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
t json 0 'rapl-stat --format json io.rapl >j &&
    python3 -c "import json; print(json.load(open(\"j\"))[\"rows\"][4][\"value\"])"'
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
