#!/bin/sh
# The error budget and the fingerprint check, on windows whose noise, hidden
# state and fingerprint are known.
. "$(dirname "$0")/../../lib.sh"

# A run of 300 s: watts are 10 busy CPUs plus noise of variance 1, plus the
# level of the session, plus that of the workload. `mark` is 1 in nine of ten
# rows of session b and in one of ten of a.
run() # SEED SESSION LEVEL WORKLOAD LEVEL
{
    awk -v seed="$1" -v session="$2" -v level=$(($3 + $5)) 'BEGIN {
        srand(seed)
        for (i = 1; i <= 300; i++) {
            noise = -6
            for (k = 0; k < 12; k++)
                noise += rand()
            busy = 4 * rand()
            print i "000000000", busy, (session == "b") == (rand() < .9),
                10 * busy + level + noise, 1, 0
        }
    }' | "$ROOT/tests/bad/write_stream.py" window workload="$4" run="$1" \
        session="$2" cpus=4 +busy_cpus,CPU,f32,gauge +mark,1,f32,gauge
}

# figure NAME LOW HIGH: is column 2 of that row of $OUT within?
figure()
{
    awk -v name="$1" -v low="$2" -v high="$3" '
        $1 == name { found = 1; print "# " name " " $2; exit !($2 >= low && $2 <= high) }
        END { if (!found) exit 1 }' "$OUT"
    ok $? "  $1 is within $2 and $3"
}

for w in 1 2 3; do
    run $w a 0 w$w $((w * 5)) >a$w.rapl
    run $((w + 3)) b 4 w$w $((w * 5)) >b$w.rapl
done
t ceiling 0 'rapl-stat --ceiling --format tsv --apart 5s --features busy_cpus [ab]?.rapl'
figure variance 145 180
figure noise .8 1.2
figure hidden 7 9
figure gap 15 30
t threads 0 'for n in 1 2 3; do rapl-stat --ceiling --threads $n --apart 5s [ab]?.rapl >t$n
    done; cmp t1 t2 && cmp t1 t3'
t seeds 1 'rapl-stat --ceiling --rows 500 [ab]?.rapl >s1
    rapl-stat --ceiling --rows 500 --seed 43 [ab]?.rapl | cmp -s - s1'
t notes 0 'rapl-stat --ceiling --apart 10m a1.rapl b1.rapl'
has 'No recording is longer than 600s: noise is unknown.'
has 'There is one group'
t by-run 0 'rapl-stat --ceiling --group run --apart 5s [ab]?.rapl'
has 'No group has two recordings'
t no-label 3 'rapl-stat --ceiling --group kind a1.rapl'
has "recording 1 (run 1) has no label 'kind': name another with --group"
t no-feature 3 'rapl-stat --ceiling --features busy_pct a1.rapl'
has 'a1.rapl: windows without busy_pct (f32)'

t fingerprint 0 'rapl-stat --fingerprint --session session --format tsv --apart 5s [ab]?.rapl'
# guesses nine of ten, tells 1 - H(.1) = .53 bits of one; of the same work there
# are few rows, which count less than what is believed without them
figure mark 87 93
figure busy_cpus 40 60
awk '$1 == "mark" && ($3 < .45 || $3 > .6 || $4 < .1 || $4 > .6) { exit 1 }' "$OUT"
ok $? '  bits of the mark'
awk '$1 == "busy_cpus" && ($3 > .05 || $8 < .8) { exit 1 }' "$OUT"
ok $? '  the load tells nothing of the session, and all of the watts'
t each-run 0 'rapl-stat --fingerprint [ab]?.rapl'
has '6 sessions (each recording is one)'
hasnt 'r2_session'
t without 0 'rapl-stat --fingerprint --without mark,busy_cpus [ab]?.rapl'
has 'mark+busy_cpus'
t without-what 2 'rapl-stat --fingerprint --without marc [ab]?.rapl'
has 'marc is none of the features here'
t one-session 3 'rapl-stat --fingerprint a1.rapl'
has 'one session only'

if [ -n "$SHARED" ]; then
    rapl-import -q --from powerstat -l workload=@dir -l run=@name -l cpus=24 \
        -o all.rapl "$SHARED"/data/jvm-powerstat/*/*.txt
    t real 0 'rapl-stat --ceiling --format tsv --rows 1500 all.rapl'
    figure noise .3 1.5
    figure hidden 1.5 4
    figure gap 8 25
fi
done_testing
