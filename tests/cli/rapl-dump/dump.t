#!/bin/sh
# rapl-dump prints what is in streams, exactly.
. "$(dirname "$0")/../../lib.sh"

write=$ROOT/tests/bad/write_stream.py

"$write" sample run=a 'workload=x,y' +ctxt,1,u64,counter \
    +power:wall,W,f64,gauge >s.rapl <<'E1'
1000000000 18446744073709551615 0.1
2000000000 9007199254740993 45.25
mark 2500000000 1 3 three ticks
6000000000 0 1e-300
E1
"$write" sample run=b +cpu.user,tick,u64,counter >other.rapl <<'E1'
1 5
E1
{
    echo "1000000000 1.5 20 101 1 1"
    echo "2000000000 2.5 21 102 1 2"
    echo "3000000000 3.5 22 103 1 3"
    echo "4000000000 4.5 23 nan 1 3"
    echo "mark 4500000000 4 0 a note is no gap"
    echo "5000000000 5.5 24 105 1 0"
    echo "mark 5500000000 1 1 a gap"
    echo "6000000000 6.5 25 106 1 1"
    echo "7000000000 7.5 26 107 1 1"
    echo "8000000000 8.5 27 108 1 1"
} | "$write" window run=a +user_pct,%,f32,gauge +iowait_pct,%,f32,gauge >w.rapl
cat s.rapl other.rapl >mixed.rapl

t csv 0 'rapl-dump --labels run,workload,none s.rapl'
t tsv 0 'rapl-dump --format tsv --labels workload <s.rapl'
t jsonl 0 'rapl-dump --format jsonl --labels run,none mixed.rapl'
t header 0 'rapl-dump --header s.rapl w.rapl'
t windows 0 'rapl-dump --windows --labels run w.rapl'
t marks 0 'rapl-dump --marks w.rapl'
t check 0 'rapl-dump --check s.rapl w.rapl mixed.rapl'
t mixed 3 'rapl-dump mixed.rapl'
t second 0 'rapl-dump --segment 2 mixed.rapl'
t third 3 'rapl-dump --segment 3 mixed.rapl'
has 'there is no segment 3'
t other-kind 3 'rapl-dump --windows s.rapl'
has 's.rapl: a sample stream, where a window stream is needed'


# A trailer, which version 1 does not have and nothing may follow.
"$write" sample run=a --version 2 +ctxt,1,u64,counter >trailer.rapl <<'E1'
1 5
trailer ledger.rows=1 ledger.cpu_ns=77
E1
t trailer 0 'rapl-dump --check trailer.rapl && rapl-dump --header trailer.rapl'
has 'trailer:'
has '  ledger.cpu_ns: "77"'
t trailer-unasked 0 'rapl-dump trailer.rapl && rapl-dump --marks trailer.rapl'
hasnt ledger
printf '1 5\ntrailer a=b\n' | "$write" sample +ctxt,1,u64,counter >bad.rapl
t trailer-in-1 3 'rapl-dump --check bad.rapl'
has 'of unknown type 84'
printf 'trailer a=b\n1 5\n' |
    "$write" sample --version 2 +ctxt,1,u64,counter >bad.rapl
t row-behind-trailer 3 'rapl-dump --check bad.rapl'
has 'stands behind the trailer'

# Files of every version are read for ever.
golden=$ROOT/tests/golden
t golden-1 0 "rapl-dump --check '$golden/stream-1.rapl' | sed 's,.*/,,' &&
    rapl-dump --segment 1 '$golden/stream-1.rapl' &&
    rapl-dump --segment 2 --labels run,machine '$golden/stream-1.rapl' &&
    rapl-dump --marks '$golden/stream-1.rapl'"

t output 0 'rapl-dump -o o.csv s.rapl && rapl-dump s.rapl | cmp - o.csv'
t full 4 'rapl-dump s.rapl >/dev/full'
has 'No space left'
t full-header 4 'rapl-dump --header s.rapl >/dev/full'
t absent 4 'rapl-dump absent.rapl'
has 'absent.rapl: No such file'
t two-modes 2 'rapl-dump --check --header s.rapl'
t no-format 2 'rapl-dump --format xml s.rapl'
t closed-pipe 0 'yes s.rapl | head -500 | xargs cat >long.rapl &&
    rapl-dump long.rapl | head -1'
has 't_ns,segment,ctxt,power:wall'
printf 'format: tsv\nlabels: run\n' >options.yaml
t config 0 'rapl-dump -c options.yaml s.rapl | head -1'
has 'segment	run'
printf 'formt: tsv\n' >options.yaml
t bad-config 3 'rapl-dump -c options.yaml s.rapl'
has 'options.yaml:1'
done_testing
