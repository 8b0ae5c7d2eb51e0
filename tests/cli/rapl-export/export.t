#!/bin/sh
# rapl-export: what a stream amounts to, what is kept, and in which files.
. "$(dirname "$0")/../../lib.sh"
stream="python3 $ROOT/tests/bad/write_stream.py prediction"
parts="+lower50,W,f32,gauge +upper50,W,f32,gauge +lower80,W,f32,gauge
    +upper80,W,f32,gauge +idle,W,f32,gauge"
dram="+power.dram,W,f32,gauge +lower.dram,W,f32,gauge +upper.dram,W,f32,gauge
    +measured.dram,W,f32,gauge"

value() # SERIES: as it was printed last
{
    grep -v '^#' "$OUT" | grep -F -- "$1 " | sed 's/.* //'
}
is() # SERIES VALUE
{
    got=$(value "decode_rapl_$1")
    [ "$got" = "$2" ]
    ok $? "  $1 is $2" || echo "# it is '$got'"
}

# Columns: t, the extra ones, power lower upper support measured dt part.
# A gap of 7 s; a sample of 0.5 s; one below zero; one that measured nothing.
$stream targets=package,dram model=made model_sha256=0123456789abcdef \
    trained_on='run train' window.target=package,dram $parts $dram >a.pred <<END
1000000000 18 22 17 23 8  4 3 5 4.5  20 16 24 1 21 1 0
2000000000 18 22 17 23 8  4 3 5 nan  30 16 24 1 nan 1 0
9500000000 18 22 17 23 8  2 1 3 2    10 6 14 .25 12 .5 0
10500000000 nan nan nan nan 8 6 5 7 6  -4 nan nan 0 1 1 0
END
t print 0 'rapl-export --print a.pred'
p='zone="package",source="predicted",model="0123456789ab"'
is "joules_total{$p}" 55
is "idle_joules_total{$p}" 28
is "dynamic_joules_total{$p}" 35
is "covered_seconds_total{$p}" 3.5
is 'joules_total{zone="package",source="measured"}' 28
is 'covered_seconds_total{zone="package",source="measured"}' 2.5
is 'joules_total{zone="dram",source="predicted",model="0123456789ab"}' 15
is 'joules_total{zone="dram",source="measured"}' 11.5
is "watts{$p}" -4
is "dynamic_watts{$p}" -12
is 'watts{zone="dram",source="predicted",model="0123456789ab"}' 6
is 'upper_watts{zone="dram",source="predicted",model="0123456789ab",level="0.9"}' 7
is 'support_ratio{model="0123456789ab"}' 0
is last_sample_timestamp_seconds 10.500
is samples_total 4
hasnt "upper_watts{$p"
hasnt 'idle_watts{zone="dram"'
hasnt nan
has 'name="made",sha256="0123456789abcdef",trained_on="run train"'
head -c -1 a.pred >cut.pred
t truncated 3 'rapl-export --print cut.pred'
has 'cut.pred: truncated after 4 rows'
t allow-truncated 0 'rapl-export --print --allow-truncated cut.pred'
is samples_total 4
t levels 0 "echo 1 18 22 17 23 8 20 16 24 1 nan 1 0 | $stream $(echo $parts) |
    rapl-export --print"
has 'decode_rapl_lower_watts{zone="unknown",source="predicted",level="0.5"} 18'
has 'decode_rapl_lower_watts{zone="unknown",source="predicted",level="0.8"} 17'
has 'decode_rapl_upper_watts{zone="unknown",source="predicted",level="0.9"} 24'
hasnt 'measured'

# The names of the zones: what the model predicts, and what was measured.
rows='1 20 16 24 1 21 1 0'
t guest 0 "echo $rows | $stream targets=core window.target=none | rapl-export --print"
has 'decode_rapl_watts{zone="core",source="predicted"} 20'
t wall 0 "echo $rows | $stream targets=package window.target=wall | rapl-export --print"
has 'decode_rapl_watts{zone="package",source="predicted"} 20'
has 'decode_rapl_watts{zone="wall",source="measured"} 21'
t older 0 "echo $rows | $stream window.target=package | rapl-export --print"
has 'decode_rapl_watts{zone="package",source="measured"} 21'
t same-zone 3 "echo 1 1 20 16 24 1 21 1 0 |
    $stream targets=package +power.package,W,f32,gauge | rapl-export --print"
has "standard input: two power domains named 'package'"
printf '1 20 16 24 1 21 1 0\n' | $stream 'model=a"b\c
d' "model_sha256=$(printf '\377"x')" targets=package >hostile.pred
t hostile 0 'rapl-export --print hostile.pred'
grep -qF 'name="a\"b\\c\nd"' "$OUT"
ok $? "  names are quoted"
has 'model="?\"x"'
t hostile-state 0 'rapl-export --print --state h hostile.pred >twin &&
    rapl-export --print --state h hostile.pred'
is 'joules_total{zone="package",source="predicted",model="?\"x"}' 40
for zone in '' "$(head -c 1000 /dev/zero | tr '\0' z)" "$(printf 'a\377\001"')" none auto a,a; do
    echo "$rows" | $stream "targets=$zone" "window.target=$zone" >zone.pred
    rm -f h
    t "zone '$(echo "$zone" | tr -dc 'a-z,' | cut -c -9)'" 0 'rapl-export --print --state h zone.pred >twin &&
        rapl-export --print --state h zone.pred'
    is samples_total 2
done
PYTHONPATH=$ROOT/tests/bad python3 -B -c '
import io, sys, write_stream
for i in range(100, 399):
    sys.stdin = io.StringIO(f"{i} 20 16 24 1 nan 1 0\n")
    write_stream.main(["prediction", "targets=package", f"model_sha256={i}"])
' >many.pred
t many-models 0 'rapl-export --print --state m many.pred'
is 'joules_total{zone="package",source="predicted",model="398"}' 20
[ "$(grep -c zone: m)" = 256 ] && grep -q 'model: "144"' m && ! grep -q 'model: "143"' m
ok $? "the oldest models are forgotten, and no others"
t many-again 0 'rapl-export --print --state m many.pred'
is samples_total 598
printf '' | $stream targets=package >none.pred
t no-row 0 'rapl-export --print none.pred'
has 'decode_rapl_fresh 0'
hasnt 'watts{'
t to-file 0 'rapl-export --print -o page.txt a.pred && rapl-export --print a.pred | cmp - page.txt'

# The energy of a real chain, against what awk makes of the same predictions.
sh "$ROOT/tests/fixtures/make" 2>"$ERR" || ok 1 fixtures
t chain 0 'rapl-infer -q linear.ckpt --format stream windows.rapl >all.pred &&
    rapl-export --print all.pred'
rapl-dump --format tsv all.pred | awk -F '\t' '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { w = $at["power"]; j += (w > 0 ? w : 0) * $at["dt"]; n++
      m += $at["measured"] * $at["dt"] }
    END { printf "%d %.3f %.3f\n", n, j, m }' >twin
awk '/^decode_rapl_joules_total.*predicted/ { j = $2 }
    /^decode_rapl_joules_total.*measured/ { m = $2 }
    /^decode_rapl_samples_total/ { n = $2 }
    END { printf "%d %.3f %.3f\n", n, j, m }' "$OUT" | diff twin - | sed 's/^/# /' >diff
[ ! -s diff ]
ok $? "joules and samples are what awk makes of them" || cat diff
has "sha256=\"$(rapl-dump --header linear.ckpt | sed -n 's/^sha256: //p')\""

# The state: two runs are one, over and over; a damaged file is no zero.
t state 0 'rapl-export --print --state s a.pred >/dev/null && rapl-export --print --state s a.pred'
is "joules_total{$p}" 110
is samples_total 8
echo "$rows" | $stream targets=package model_sha256=fedcba9876543210 >b.pred
t other-model 0 'rapl-export --print --state s b.pred'
is 'joules_total{zone="package",source="predicted",model="fedcba987654"}' 20
is 'joules_total{zone="package",source="measured"}' 77
hasnt "$p"
t back 0 'rapl-export --print --state s a.pred'
is "joules_total{$p}" 165
cp s good
for damage in 'head -c -1 good' 'head -c 100 good' 'sed s/joules/jouleS/ good' \
    'tr 5 6 <good' 'printf ""' 'cat good good' 'head -c 2000000 /dev/zero' 'sed \$d good'; do
    sh -c "$damage" >s
    cp s before
    t "damaged by '$damage'" 3 'rapl-export --print --state s a.pred'
    [ "$(wc -l <"$ERR")" = 1 ] && grep -q '^rapl-export: s: ' "$ERR" && [ ! -s "$OUT" ] &&
        cmp -s s before
    ok $? "  in one line, and the file is left as it is" || sed 's/^/# /' "$ERR"
done
resealed() # SED: a state that says something else, and is whole
{
    sed -e '$d' -e "$1" good >s
    printf 'sha256: %s\n' "$(sha256sum <s | cut -d ' ' -f 1)" >>s
}
resealed 's/state: 1/state: 2/'
t version 3 'rapl-export --print --state s a.pred'
has 's:1: version 2 of the state, and this program reads 1'
resealed 's/ joules: [0-9]*/ joules: -5/'
t below-zero 3 'rapl-export --print --state s a.pred'
has 's:4: joules'
resealed 's/ joules: [0-9]*/ joules: .nan/'
t not-finite 3 'rapl-export --print --state s a.pred'
resealed 's/source: measured/source: guessed/'
t source 3 'rapl-export --print --state s a.pred'
has "'guessed' is neither measured nor predicted"
resealed 's/dram/package/'
t twice 3 'rapl-export --print --state s a.pred'
has 'a meter that stands there twice'
resealed 's/meters:/meters: {}/;/  -/d'
t no-list 3 'rapl-export --print --state s a.pred'
t no-folder 4 'rapl-export --print --state no/s a.pred'
has 'rapl-export: no/s: cannot create'

# The textfile: whole, readable by all, gone with the program.
t textfile 0 'umask 077; rapl-export --recorded --textfile t.prom a.pred'
[ "$(stat -c %a t.prom)" = 644 ] && [ "$(ls t.prom*)" = t.prom ]
ok $? "mode 0644, and nothing beside it"
rapl-export --print a.pred | cmp - t.prom
ok $? "it says what --print does"
mkfifo fifo
rapl-export --textfile live.prom --every 10ms fifo 2>"$ERR" &
pid=$!
exec 3>fifo
while [ ! -s live.prom ]; do sleep .02; done
grep -q '^decode_rapl_fresh 0' live.prom && ! grep -q 'watts{' live.prom
ok $? "before the first sample it says so"
head -c -28 a.pred >&3
until grep -q 'samples_total 4' live.prom; do sleep .02; done
! grep -q 'watts{' live.prom && grep -q 'fresh 0' live.prom && ! grep -q age live.prom
ok $? "samples of long ago are counted and not shown"
kill "$pid"
wait "$pid"
code=$?
exec 3>&-
[ $code = 0 ] && [ ! -e live.prom ] && [ ! -s "$ERR" ]
ok $? "asked to stop it takes the file away and exits 0" || echo "# $code $(cat "$ERR")"
rapl-export --recorded --stale 100ms --every 1h --textfile live.prom fifo 2>"$ERR" &
pid=$!
exec 3>fifo
until grep -q 'watts{' live.prom 2>"$TMP/none"; do
    cat a.pred >&3
    sleep .02
done
until grep -q 'fresh 0' live.prom; do sleep .02; done
! grep -q 'watts{' live.prom && ! grep -q joules{ live.prom
ok $? "a file does not wait to say what came, and that it is stale"
kill "$pid"
wait "$pid"
exec 3>&-
t textfile-folder 4 'rapl-export --textfile no/t.prom a.pred'
has 'rapl-export: no/t.prom: cannot create'

# Usage.
t suffix 2 'rapl-export --textfile t.txt a.pred'
has "NAME.prom"
t two-files 2 'rapl-export a.pred a.pred'
t output 2 'rapl-export -o x a.pred'
t print-listen 2 'rapl-export --print --listen 127.0.0.1:0 a.pred'
t over-input 2 'cp a.pred a.prom; rapl-export --recorded --textfile a.prom a.prom'
t over-state 2 'rapl-export --print --state a.pred a.pred'
cmp -s a.pred a.prom
ok $? "what is read is not written over"
for at in 28283 localhost:28283 127.0.0.1 127.0.0.1:http ::1:80 '[::1]' 127.0.0.1:70000 '[127.0.0.1:1' :1; do
    t "listen at $at" 2 "rapl-export --listen $at a.pred"
    [ "$(wc -l <"$ERR")" = 1 ]
    ok $? "  in one line"
done
t samples 3 'rapl-export --print run7.rapl'
has 'a sample stream, where a prediction stream is needed'
t empty 3 'rapl-export --print </dev/null'
t absent 4 'rapl-export --print nothing.pred'
done_testing
