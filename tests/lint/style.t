#!/bin/sh
# The proportions of the code, and habits that a compiler does not enforce.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
files=$(find common formats tools tests -name '*.[ch]' | sort)

# none WHAT: $BAD lists what is wrong.
BAD=$TMP/bad
none()
{
    [ ! -s "$BAD" ]
    ok $? "$1" || head -20 "$BAD" | sed 's/^/# /'
}

# Functions as: lines, file:line, name, "kernel" if marked as straight-line.
awk '
FNR == 1 { mark = -99; name = "" }
/straight-line kernel/ { mark = FNR }
/^[a-z].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/^\{/ { start = FNR; kernel = FNR - mark < 12 ? "kernel" : "" }
/^\}/ && start {
    if (name != "" && FNR - start > 0)
        print FNR - start - 1, FILENAME ":" start, name, kernel
    start = 0; name = ""
}' $files | sort -n >"$TMP/functions"

awk '$1 > 70 && $4 == "" { print $2 ": " $3 " has " $1 " lines" }' \
    "$TMP/functions" >"$BAD"
none "no function over 70 lines"
awk '$3 == "main" && $1 > 50 { print $2 ": main has " $1 " lines" }' \
    "$TMP/functions" >"$BAD"
none "no main over 50 lines"
grep -v ' tests/' "$TMP/functions" | awk '
{ n[NR] = $1 }
END {
    if (n[int(NR / 2) + 1] >= 15)
        print "half of " NR " functions are " n[int(NR / 2) + 1] " lines or more"
    if (n[int(NR * .9) + 1] >= 45)
        print "a tenth are " n[int(NR * .9) + 1] " lines or more"
}' >"$BAD"
none "half of all functions under 15 lines, nine in ten under 45"
wc -l $files | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 " lines" }' >"$BAD"
none "no file over 500 lines"
awk 'length > 100 { print FILENAME ":" FNR ": " length " columns" }' $files >"$BAD"
none "no line over 100 columns"
[ "$(wc -l <Makefile)" -lt 150 ]
ok $? "the Makefile is under 150 lines"

grep -nE '^ *typedef +(struct|union|enum)\b' $files >"$BAD"
none "no struct typedefs"
grep -hoE '^VECTOR static [a-z_ ]+[ *][a-z_0-9]+\(' $files | sed 's/.*[ *]//; s/(//' |
    sort | uniq -d >"$BAD"
none "no two VECTOR functions of one name, which clang cannot link"
grep -nP '\t| +$' $files $(find pipelines -type f ! -name '*.mk' ! -path '*/debian/rules') tests/run \
    tests/fresh tests/*/*.t >"$BAD"
none "no tabs, no blanks at line ends"
find tests pipelines -type f \( -name '*.t' -o -path 'pipelines/*' \) \
    ! -path '*/systemd/*' ! -path '*/monitoring/*' ! -name '*.mk' ! -name '*.grid' ! -name '*.spec' \
    \( -name rules -o ! -path '*/debian/*' \) ! -perm -u+x >"$BAD"
none "scripts and tests are executable"
grep -L '^done_testing' tests/*/*.t tests/cli/*/*.t 2>/dev/null >"$BAD"
none "every shell test ends with its plan"
for script in pipelines/* pipelines/*/build tests/run tests/fresh tests/lib.sh tests/*/*.t \
    tests/cli/*/*.t; do
    [ ! -f "$script" ] || ! head -n 1 "$script" | grep -q '^#.*\bsh$' ||
        sh -n "$script" 2>&1
done >"$BAD"
none "scripts parse"
find configs -type f ! -name '*.yaml' 2>/dev/null >"$BAD"
none "configs/ is YAML only"
done_testing
