#!/bin/sh
# Bad command lines, bad maps, and files that are no logs.
. "$(dirname "$0")/../../lib.sh"
F=$ROOT/tests/fixtures/import
cp -r "$F"/* .
O='-o out.rapl'

# usage: 2
t no-format 2 "rapl-import $O wall.csv"
has '--from csv --map MAP.yaml'
t csv-without-map 2 "rapl-import $O --from csv wall.csv"
t map-without-csv 2 "rapl-import $O --from powerstat --map wall.yaml wall.csv"
t bad-label 2 "rapl-import $O -l workload wall.csv"
has 'key=value'
t bad-path-label 2 "rapl-import $O -l a=@folder wall.csv"
has '@dir'
t our-label 2 "rapl-import $O -l interval_ns=5 wall.csv"
t bad-date 2 "rapl-import $O --date 2023-02-29 idle-box/night.txt"
t bad-from 2 "rapl-import $O --from xml wall.csv"
has 'csv|original|powerstat'
cp wall.csv own.csv
t own-input 2 'rapl-import --map wall.yaml own.csv -o own.csv'
has 'own.csv: is read and cannot be written at the same time'
t own-map 2 'rapl-import --map wall.yaml own.csv -o ./wall.yaml'
cmp wall.csv own.csv && [ -s wall.yaml ]
ok $? '  and nothing is lost'

# data: 3
: >empty
printf '\n\n' >blank
t empty 3 "rapl-import $O empty"
has 'no rows'
has 'no row in any file'
hasnt 'rows from'
t blank 3 "rapl-import $O blank"
t empty-csv 3 "rapl-import $O --map wall.yaml empty"
t empty-beside-good 0 "rapl-import $O empty idle-box/night.txt"
has 'empty: no rows'
has '6 rows from 1 files, 1 rejected'
head -4 idle-box/night.txt >heading
t heading-only 3 "rapl-import $O heading"
head -c 100000 "$BIN/rapl-import" >garbage
for from in powerstat original 'csv --map wall.yaml'; do
    t "garbage as ${from%% *}" 3 "rapl-import $O --from $from garbage"
    [ "$(grep -c . "$ERR")" -eq 1 ]
    ok $? "  one line"
done
t csv-as-powerstat 3 "rapl-import $O --from powerstat wall.csv"
has 'no powerstat log'
t original-as-csv 3 "rapl-import $O --map wall.yaml run_3_*.csv"
has "no column 'ms'"
sed 's/busy;idle/busy;busy/' wall.csv >twice.csv
t twice 3 "rapl-import $O --map wall.yaml twice.csv"
has "two columns are named 'busy'"
sed 's/column: idle/column: idel/' wall.yaml >idel.yaml
t column-missing 3 "rapl-import $O --map idel.yaml wall.csv"
has "wall.csv: no column 'idel', which idel.yaml:7 names"
sed 's/interval/intervall/' wall.yaml >key.yaml
t map-key 3 "rapl-import $O --map key.yaml wall.csv"
has "key.yaml:3: unknown key 'intervall'"
echo 'epochs: 3' >c.yaml
t config-key 3 "rapl-import $O -c c.yaml wall.csv"
has "c.yaml:1: unknown key 'epochs'"

# hostile rows do no harm to their neighbours
{
    sed 6q idle-box/night.txt
    printf '23:59:59 \000\001 1 2 3\n'
    head -c 3000000 /dev/zero | tr '\000' 7
    printf '\n'
    i=0
    while [ $i -lt 9 ]; do echo "23:59:59 nonsense"; i=$((i + 1)); done
    sed -n 8p idle-box/night.txt
} >hostile.txt
t hostile 0 "rapl-import $O hostile.txt"
has '3 rows from 1 files, 11 rejected'
has 'further bad rows'
[ "$(grep -c 'row rejected' "$ERR")" -eq 5 ]
ok $? '  tells five of them'
sed 's/$/\r/' idle-box/night.txt >crlf.txt
t crlf 0 "rapl-import $O crlf.txt"
has '6 rows from 1 files, 1 rejected'
printf '%s' "$(sed 8q idle-box/night.txt)" >cut.txt

# times at the end of time, and rows bad for longer than it lasts
{
    echo 'time: {column: s, unit: s}'
    echo 'interval: 1d'
    echo 'channels: [{column: w, name: "power:wall", unit: W}]'
} >days.yaml
{
    echo 's,w'
    echo 1,1
    yes 5,x | head -110000
    printf '%s\n' 0,2 9223372036,3 9223372035,4
} >days.csv
t no-overflow 3 "rapl-import $O --map days.yaml days.csv"
has 'days.csv:110003: time is out of range'
{
    sed 6q idle-box/night.txt
    for i in $(seq 2000); do
        sed -n '8s/[0-9:]*/23:59:59/p;8s/[0-9:]*/00:00:00/p' idle-box/night.txt
    done
} >nights.txt
t last-night 0 "rapl-import -q $O --date 2105-12-30 nights.txt"
t after-it 2 "rapl-import -q $O --date 9999-12-30 nights.txt"
t no-newline-at-the-end 0 "rapl-import $O cut.txt"
has '3 rows from 1 files, 1 rejected'

# system: 4
t missing-file 4 "rapl-import $O nowhere.txt"
has 'nowhere.txt: No such file'
t folder 4 "rapl-import $O ."
t missing-map 4 "rapl-import $O --map nowhere.yaml wall.csv"
t full-disk 4 'rapl-import -o /dev/full idle-box/night.txt'
t closed-pipe 0 'rapl-import -q idle-box/night.txt | true'
[ ! -s "$ERR" ]
ok $? '  quietly'
done_testing
