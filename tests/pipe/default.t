#!/bin/sh
# The model that is shipped: whole, the one that its card tells of, and of use on
# machines of any size, as it is and calibrated.
. "$(dirname "$0")/../lib.sh"
model=$ROOT/checkpoints/default.ckpt card=$ROOT/checkpoints/default.md
export model

t check 0 'rapl-dump --check "$model" && rapl-dump --header "$model"'
grep -qF "| SHA-256 | $(sed -n 's/^sha256: //p' "$OUT") |" "$card"
ok $? "the card is of this file"
grep -qF "SHA-256 $(sed -n 's/^ *data.sha256: "\(.*\)"/\1/p' "$OUT") |" "$card"
ok $? "and of the data that it was trained on"
for words in 'unseen\|never saw' 'nested-strict' 'cannot tell' 'rapl-calibrate'; do
    grep -q "$words" "$card"
    ok $? "the card says: $words"
done

# Machines of 24, 8 and 2 CPUs at five shares of load.
cat >load.map <<'END'
time: {column: t, unit: s}
channels:
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: user, name: cpu.user, unit: "%"}
END
printf 't,idle,user\n1,100,0\n2,93.75,6.25\n3,75,25\n4,50,50\n5,0,100\n' >load.csv
for cpus in 24 8 2; do
    rapl-import -q --map load.map -l cpus=$cpus -o $cpus.rapl load.csv
    rapl-window -q --like "$model" $cpus.rapl >$cpus.win
done
t size 0 'for cpus in 24 8 2; do rapl-infer -q "$model" --format tsv $cpus.win |
    sed "1d;s/^/$cpus\t/"; done'
awk -F '\t' '{ n++; watts = $5; low = $6; high = $7; idle = $10; dynamic = $11
        if (!(low >= 0 && low <= watts && watts <= high && idle > 0 &&
              dynamic >= 0) || watts - idle - dynamic > .002 ||
            idle + dynamic - watts > .002)
            bad = 1
        if ($1 == last && watts < before)
            bad = 1
        if (before_at[n % 5] && watts > before_at[n % 5])
            bad = 1
        last = $1; before = watts; before_at[n % 5] = watts }
    END { exit bad || n != 15 }' "$OUT"
ok $? "idle and dynamic, inside an interval, more with load, less with fewer CPUs"
t known 0 'rapl-infer --strict "$model" --format tsv 24.win'
[ ! -s "$ERR" ]
ok $? "supported where it was trained"

t calibrated 0 'rapl-calibrate "$model" --cpus 24 --idle 2W --full 26W -o here.ckpt &&
    rapl-infer here.ckpt --format tsv 24.win'
awk -F '\t' 'NR == 2 && !($4 > 1.6 && $4 < 2.4) { bad = 1 }
    NR == 6 && !($4 > 24 && $4 < 28) { bad = 1 }
    END { exit bad || NR != 6 }' "$OUT"
ok $? "idle and full load as they were told"
# A wattage of the machine that it was trained on says the same of a smaller one.
t other-size 0 'rapl-calibrate "$model" --cpus 24 --full 26W -o full.ckpt &&
    for cpus in 8 2; do rapl-infer -q full.ckpt --format tsv $cpus.win |
        sed "1d;s/^/$cpus\t/"; done'
awk -F '\t' '$1 == last && $5 < before { bad = 1 }
    $11 < 0 || $8 <= 0 { bad = 1 }
    { last = $1; before = $5; n++ }
    n % 5 == 0 && !($5 > 26 * $1 / 24 * .8 && $5 < 26 * $1 / 24 * 1.8) { bad = 1 }
    END { exit bad || n != 10 }' "$OUT"
ok $? "more with load, about its share at full load" || sed 's/^/# /' "$OUT"
done_testing
