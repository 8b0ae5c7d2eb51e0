#!/bin/sh
# The recipes of decode-rapl-awk(7): each is run as the page shows it, and must
# print what the page says; by every awk that is here.  UPDATE=1 shows what they
# print, for review.
. "$(dirname "$0")/../lib.sh"
command -v mandoc >/dev/null || skip_all "no mandoc"
page=$ROOT/doc/man/decode-rapl-awk.7

# The page as a reader sees it: text at 5 columns, what is printed at 9, commands
# at 11.  Recipe n becomes n.sh and n.out.
mandoc -T ascii -O width=500 "$page" | sed 's/.\x08//g' | awk '
    /^[A-Z]/ { on = !/^(NAME|DESCRIPTION|SEE)/; next }
    on && /^           / {
        if (printed || !n) { n++; printed = 0 }
        print substr($0, 12) >(n ".sh")
    }
    on && /^         [^ ]/ { printed = 1; print substr($0, 10) >(n ".out") }'
n=$(ls ./*.sh | wc -l)
[ "$n" -ge 12 ] && [ "$(ls ./*.out | wc -l)" -eq "$n" ]
ok $? "$n recipes, and what they print"
mkdir files && cd files || exit 1
sh "$ROOT/tests/fixtures/make" >"$OUT" 2>&1
ok $? "fixtures" || sed 's/^/# /' "$OUT"

for awk in mawk gawk original-awk; do
    command -v $awk >/dev/null || {
        ok 0 "$awk # SKIP there is none"
        continue
    }
    mkdir "$TMP/$awk" && ln -s "$(command -v $awk)" "$TMP/$awk/awk"
    i=0
    while [ $i -lt "$n" ]; do
        i=$((i + 1))
        PATH=$TMP/$awk:$PATH sh -e "../$i.sh" >"$OUT" 2>"$ERR" </dev/null
        code=$?
        [ -z "${UPDATE:-}" ] || sed "s/^/# recipe $i: /" "$OUT"
        [ $code -eq 0 ] && diff -u "../$i.out" "$OUT" >"$TMP/diff"
        ok $? "$awk: recipe $i" || cat "$TMP/diff" "$ERR" | sed 's/^/# /'
    done
done
done_testing
