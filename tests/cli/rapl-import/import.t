#!/bin/sh
# What each format becomes: channels, labels, rows, marks.
. "$(dirname "$0")/../../lib.sh"
F=$ROOT/tests/fixtures/import
# The stream as text, less what differs from machine to machine.
cat >show <<'END'
zstd -dc | python3 "$ROOT/tests/pipe/read_stream.py" | grep -v '^# provenance'
END
cp -r "$F"/* .

t powerstat 0 'rapl-import -l workload=@dir -l cpus=24 idle-box/night.txt | sh show'
t original 0 'rapl-import run_3_*.csv | sh show'
t csv 0 'rapl-import --map wall.yaml -l run=@name -l site=attic wall.csv | sh show'

t date 0 'rapl-import -q --date 2024-02-29 idle-box/night.txt | sh show'
has 1709251197000000000
has 1709251200000000000
t two-files 0 'rapl-import idle-box/night.txt run_3_*.csv | sh show'
has '10 rows from 2 files, 2 rejected'
has 'run_3_of_2025'
t stdin 0 'rapl-import <idle-box/night.txt -l workload=x | sh show'
has stdin
# A row that was printed is in the stream before the next is.
mkfifo fifo
rapl-import -q -o live.rapl fifo &
exec 3>fifo
head -6 idle-box/night.txt >&3
tries=0
until sh show <live.rapl 2>.zstd | grep -q ^86398000000000 || [ $tries -gt 300 ]; do
    tries=$((tries + 1))
    sleep .1
done
[ $tries -le 300 ]
ok $? 'a live pipe is not held back'
exec 3>&-
wait
t live 0 'sh show <live.rapl'
has 86398000000000

t folder 0 'cd idle-box && rapl-import -q -l workload=@dir night.txt | sh ../show'
has idle-box
t strict 1 'rapl-import --strict -o strict.rapl idle-box/night.txt'
t strict-whole 0 'zstd -tq strict.rapl'
t quiet 0 'rapl-import -q -o q.rapl wall.csv --map wall.yaml && echo done'
[ ! -s "$ERR" ]
ok $? 'quiet: nothing said'
t config 0 'echo "label: [workload=fromfile]" >c.yaml
    rapl-import -q -c c.yaml idle-box/night.txt | sh show'
has fromfile
done_testing
