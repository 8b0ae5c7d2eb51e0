#!/bin/sh
# Every program has a page; page and --help name the same options; --help fits
# a screen; mandoc has nothing to say.
. "$(dirname "$0")/../lib.sh"

# The options of --help and of the page's OPTIONS, as "letter name" lines.
help_options()
{
    sed 's/  -/\n  -/g' "$TMP/help" | sed -n 's/^  \(-[a-zA-Z]\)*,* *--\([a-z0-9-]*\).*/\1 --\2/p' | sort
}
page_options() # PAGE
{
    awk '/^\.Sh/ { on = $2 == "OPTIONS" }
    on && /^\.It Fl/ {
        letter = name = ""
        for (i = 3; i <= NF; i++) {
            if ($(i - 1) == "Fl" && $i ~ /^[A-Za-z]$/) letter = "-" $i
            if ($(i - 1) == "Fl" && $i ~ /^\\*-/) name = $i
        }
        gsub(/\\/, "", name)
        print letter " -" name
    }' "$1" | sort
}

[ -n "$(ls "$ROOT"/tools/*.c 2>/dev/null)" ] || skip_all "no programs yet"
for source in "$ROOT"/tools/*.c; do
    [ -f "$source" ] || continue
    tool=$(basename "$source" .c)
    page=$ROOT/doc/man/$tool.1
    [ -f "$page" ]
    ok $? "$tool has a manual page" || continue
    "$tool" --help >"$TMP/help" 2>&1
    ok $? "$tool --help"
    awk 'length > 80 { print "# wide: " $0; bad = 1 }
         END { if (NR > 23) { print "# " NR " lines"; bad = 1 } exit bad }' "$TMP/help"
    ok $? "$tool --help fits a screen of 80 columns, with a prompt below it"
    help_options >"$TMP/a"
    page_options "$page" >"$TMP/b"
    [ -s "$TMP/a" ] && diff -u "$TMP/a" "$TMP/b" >"$TMP/diff"
    ok $? "$tool: --help and the page have the same options" ||
        sed 's/^/# /' "$TMP/diff"
    sections=$(sed -n 's/^\.Sh //p' "$page" | tr '\n' ',')
    missing=
    for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
        case ,$sections in *",$section,"*) ;; *) missing="$missing $section" ;; esac
    done
    [ -z "$missing" ]
    ok $? "$tool: the page has every section$missing"
    "$tool" --version | grep -q "^$tool (decode-rapl) [0-9]"
    ok $? "$tool --version"
    "$tool" --no-such-option >"$OUT" 2>"$ERR" </dev/null
    [ $? -eq 2 ] && [ "$(wc -l <"$ERR")" -eq 1 ] && [ ! -s "$OUT" ]
    ok $? "$tool: an unknown option is one line and exit 2"
done
for source in "$ROOT"/tools/*.c; do
    tool=$(basename "$source" .c)
    grep -q "^\.It Xr $tool 1\$" "$ROOT/doc/man/decode-rapl.7"
    ok $? "decode-rapl(7) says what $tool is for"
done
for name in $(sed -n 's/^\.Xr \([a-z-]*\) [17].*/\1/p' "$ROOT"/doc/man/*.[17] |
    grep -E 'rapl|sweep' | sort -u); do
    [ -n "$(ls "$ROOT/doc/man/$name".[17] 2>/dev/null)" ]
    ok $? "the page $name, which others name, is there"
done
if command -v mandoc >/dev/null; then
    for page in "$ROOT"/doc/man/*.[17]; do
        [ ! -f "$page" ] || mandoc -T lint -W warning "$page" >"$ERR" 2>&1
        ok $? "mandoc -T lint $(basename "$page")" || sed 's/^/# /' "$ERR"
    done
else
    ok 0 "mandoc -T lint # SKIP no mandoc"
fi
done_testing
