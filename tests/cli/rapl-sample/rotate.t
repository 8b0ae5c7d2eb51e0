#!/bin/sh
# --rotate: one complete file after another, and nothing lost between them.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-dump" ] || skip_all "rapl-dump is not built"
one="--energy none --proc $ROOT/tests/fixtures/machine-one/proc --sys $ROOT/tests/fixtures/machine-one/sys"

# "rows R, missed M" of all files, where each begins with the row that the one
# before it ends with; with $1, the ns between borders, these are in their time.
joined() # EVERY FILE...
{
    every=$1
    shift
    for file; do
        rapl-dump "$file" | awk 'NR > 1 { print "row", $0 }'
        rapl-dump --marks "$file" | awk -F, 'NR > 1 && $3 == "gap" { print "gap", $4 }'
        echo end
    done | awk -v every="$every" '
        function fail(why) { print why; bad = 1; exit 1 }
        $1 == "gap" { missed += $2 }
        $1 == "end" { last = row; border = 1 }
        $1 == "row" {
            split($2, cell, ",")
            if (!base) base = substr(cell[1], 1, 9)
            t = (substr(cell[1], 10) + 0) + (substr(cell[1], 1, 9) - base) * 1e10
            if (!rows++) t0 = t
            if (border && $0 != last) fail("border: " last " and " $0)
            if (border && every) {
                k = int((t - t0 + 1000) / every)
                if (k < 1 || before - t0 - 1000 >= k * every) fail("early or late: " $0)
            }
            if (border) rows--
            else before = t
            border = 0
            before_row = row; row = $0
            if (before_row != row) before = held
            held = t
        }
        END { if (!bad) print "rows " rows ", missed " missed + 0 }'
}

t time 0 "rapl-sample $one -i 1ms -n 60 --rotate 15ms -o a.rapl && rapl-dump --check a-*.rapl && zstd -qt a-*.rapl"
hasnt truncated
joined 15000000 a-*.rapl >sum
[ "$(cut -d, -f1 sum)" = "rows 60" ]
ok $? "60 rows in all, borders in their time and in both files" || sed 's/^/# /' sum
[ ! -e a.rapl ] && [ -e a-0002.rapl ]
ok $? "files are numbered"
t first 0 "rapl-dump --header a-0001.rapl"
has 'sequence: "1"'
t second 0 "rapl-dump --header a-0002.rapl"
has 'sequence: "2"'
has -- '--rotate 15ms'
has 'ledger.rows'
runs=$(for file in a-*.rapl; do rapl-dump --header "$file" | grep '^  run:'; done | sort -u | wc -l)
[ "$runs" -eq 1 ]
ok $? "all say the same run"
t window 0 "rapl-window -d 3 --interval 1ms a-*.rapl | rapl-dump --check"

# By duration the same; gaps and rows make the grid.
t duration 0 "rapl-sample $one -i 1ms -d 50ms --rotate 20ms -o d.rapl"
joined 20000000 d-*.rapl >sum
awk -F '[ ,]+' '{ exit !($2 + $4 <= 51 && $2 >= 1) }' sum
ok $? "--duration ends it" || sed 's/^/# /' sum

# By size: each file but the last is that large.
t size 0 "rapl-sample -i 500us -n 700 --flush sample --rotate 10kB -o s.rapl && rapl-dump --check s-*.rapl"
hasnt truncated
joined 0 s-*.rapl >sum
[ "$(cut -d, -f1 sum)" = "rows 700" ]
ok $? "700 rows in all" || sed 's/^/# /' sum
large=0 files=0
for file in s-*.rapl; do
    files=$((files + 1))
    [ "$(wc -c <"$file")" -lt 10000 ] || large=$((large + 1))
done
[ "$files" -gt 1 ] && [ "$large" -ge $((files - 1)) ]
ok $? "all but the last are of that size" || ls -l s-*.rapl | sed 's/^/# /'

# Names: dates, and what is there is never written over.
echo kept >n-0001.rapl
t again 0 "rapl-sample $one -n 1 --rotate 1h -o n.rapl && rapl-dump --check n-0002.rapl && cat n-0001.rapl"
has kept
t dated 0 "rapl-sample $one -n 1 --rotate 1h -o d%Y.rapl && rapl-sample $one -n 1 --rotate 1h -o d%Y.rapl && rapl-dump --check d2*.rapl"
[ "$(ls d2[0-9][0-9][0-9].rapl d2[0-9][0-9][0-9]-0002.rapl | wc -l)" -eq 2 ] ||
    [ "$(ls d2[0-9][0-9][0-9].rapl | wc -l)" -eq 2 ]
ok $? "a second file of a name has a number"
t plain 0 "rapl-sample $one -n 1 -o 100%Y.rapl && [ -e 100%Y.rapl ]"

t stdout 2 "rapl-sample -n 1 --rotate 1h >x.rapl"
has 'name the files with -o'
t words 2 "rapl-sample -n 1 --rotate often -o x.rapl"
has "'often' is no time (such as 1h) and no size"
t short 2 "rapl-sample -n 1 -i 1s --rotate 10ms -o x.rapl"
t folder 4 "rapl-sample $one -n 1 --rotate 1h -o /nonexistent/x.rapl"
has '/nonexistent/x-0001.rapl: No such file'
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "in one line"
done_testing
