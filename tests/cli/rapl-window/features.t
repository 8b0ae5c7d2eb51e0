#!/bin/sh
# The table of features and the manual page say the same.
. "$(dirname "$0")/../../lib.sh"

t list 0 'rapl-window --list-features >list'
page=$ROOT/doc/man/rapl-window.1
awk 'NR > 1 && $1 != "" && $1 != "SET" { print $1 }' list >names
[ "$(wc -l <names)" -ge 40 ]
ok $? "there are features"
while read -r name; do
    grep -qE "^\.It (Cm|Ql) $name( |\$)" "$page"
    ok $? "the page has $name"
done <names
# UNIT and FORMULA are columns of fixed width.
sed -n '2,/^$/p' list | grep . | cut -c 30-76 | sed 's/ *$//' >formulas
while read -r formula; do
    grep -qF -- "$formula" "$page"
    ok $? "the page has: $formula"
done <formulas
sed -n '/^\.Ss Features/,/^\.Ss Splits/s/^\.It [CQ][ml] \([^ ]*\).*/\1/p' "$page" |
    sort >in-page
sort names | comm -3 - in-page >extra
[ ! -s extra ]
ok $? "the page has no feature that is gone"
done_testing
