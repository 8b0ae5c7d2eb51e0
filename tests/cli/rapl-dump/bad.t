#!/bin/sh
# Bad input: a clear message, exit 3, and all that was good before it.
. "$(dirname "$0")/../../lib.sh"

write=$ROOT/tests/bad/write_stream.py
stream() # KIND AND OPTIONS
{
    "$write" "$@" >bad.rapl
}

three='1000 1 1.5
2000 2 2.5
3000 3 3.5'
channels='+ctxt,1,u64,counter +power:wall,W,f64,gauge'

printf '' >bad.rapl
t empty 3 'rapl-dump --check bad.rapl'
has 'rapl-dump: bad.rapl: empty: there is no stream'
echo 'time,watts' >bad.rapl
t text 3 'rapl-dump --check bad.rapl'
has 'bad.rapl: not a stream of this suite, but text'
t own-input 2 'echo x >own; rapl-dump --header own -o own; e=$?; [ -s own ] && exit $e'
has 'own: is read and cannot be written at the same time'
t closed 4 'rapl-dump --help >&-'
head -c 5000 /dev/zero >bad.rapl
t zeros 3 'rapl-dump bad.rapl'
has 'bad.rapl: not a stream of this suite'

echo "$three" | stream sample $channels --channels 4000000000
t channels 3 'rapl-dump bad.rapl'
has 'bad.rapl: record 1: the header claims 4000000000 channels'
echo "$three" | stream sample $channels --rows 1000000
t rows 3 'rapl-dump bad.rapl'
has 'record 2: a block that claims 1000000 rows'
echo "$three" | stream sample $channels --rows 4
t more-rows 3 'rapl-dump bad.rapl'
has 'bad.rapl: record 2'
echo "$three" | stream sample $channels --version 9
t version 3 'rapl-dump bad.rapl'
has 'bad.rapl: format version 9'
echo "$three" | stream sample $channels --count 7
t count 3 'rapl-dump bad.rapl'
has 'records are missing: the end record counts 7 rows, and 3 came'
has '3000,1,3,3.5'

echo "$three" | stream sample $channels --no-end
t truncated 3 'rapl-dump bad.rapl'
has 'bad.rapl: truncated after 3 rows'
has '3000,1,3,3.5'
t allowed 0 'rapl-dump --allow-truncated bad.rapl'
has 'warning: bad.rapl: truncated after 3 rows'
has '3000,1,3,3.5'
t allowed-check 0 'rapl-dump --allow-truncated --check bad.rapl'
has 'bad.rapl: sample stream, 1 segment, 3 rows, truncated'

for value in nan inf -inf; do
    printf '1000 1 1.5\n2000 2 %s\n' $value | stream sample $channels
    t "gauge-$value" 3 'rapl-dump bad.rapl'
    has 'row 2: power:wall is no finite number'
    printf '1000 %s 10 1 1\n' $value | stream window +user_pct,%,f32,gauge
    t "feature-$value" 3 'rapl-dump --check bad.rapl'
    has 'bad.rapl: user_pct at t_ns 1000 is no finite number'
    t "windows-$value" 3 'rapl-dump --windows bad.rapl'
    has 'bad.rapl: user_pct is no finite number'
    printf '1000 %s nan nan 1 10 1 1\n' $value | stream prediction
    t "power-$value" 3 'rapl-dump --check bad.rapl'
    has 'bad.rapl: power at t_ns 1000 is no finite number'
done

printf '1000 1 1\n3000 2 2\n2000 3 3\n' | stream sample $channels
t back 3 'rapl-dump bad.rapl'
has 'bad.rapl: record 2: row 3: time went back'
printf '1000 1 1\n1000 2 2\n' | stream sample $channels
t still 3 'rapl-dump bad.rapl'
has 'row 2: time went back'

# One good file does not hide a bad one, nor a bad one the rest.
echo "$three" | "$write" sample $channels >good.rapl
t all-files 3 'rapl-dump --check good.rapl bad.rapl good.rapl'
has 'good.rapl: sample stream, 1 segment, 3 rows, complete'
has 'bad.rapl: record 2: row 2: time went back'
[ "$(grep -c good.rapl "$OUT")" -eq 2 ]
ok $? '  both good ones are named'

t worst 4 'rapl-dump --check bad.rapl absent.rapl good.rapl'
has 'good.rapl: sample stream'

cat good.rapl good.rapl >twice.rapl
t twice 0 'rapl-dump --check twice.rapl'
has '2 segments, 6 rows, complete'
t rows-twice 0 'rapl-dump twice.rapl | wc -l'
has 7
size=$(wc -c <good.rapl)
head -c $((size + size / 2)) twice.rapl >bad.rapl
t second-cut 3 'rapl-dump bad.rapl'
has '3000,1,3,3.5'
head -c $((size - 1)) good.rapl >bad.rapl
t last-byte 3 'rapl-dump --check bad.rapl'
has 'truncated after 3 rows'
done_testing
