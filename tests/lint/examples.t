#!/bin/sh
# The examples of the manual pages run, in order, as a reader would type them:
# every line set off under EXAMPLES, and in all of the tour, decode-rapl(7), is a
# command that must exit 0; # is what root would do.  They run in
# a directory that tests/fixtures/make prepares; a line that ends in \ goes on.
# Where a reader would stop rapl-sample with ^C, it ends after three samples.
. "$(dirname "$0")/../lib.sh"
command -v mandoc >/dev/null || skip_all "no mandoc"

# The page as a reader sees it: text at 5 columns, commands at 11.
commands() # PAGE
{
    mandoc -T ascii -O width=500 "$1" | sed 's/.\x08//g' | awk -v all="${1%%*.1}" '
    /^[A-Z]/ { on = /^EXAMPLES/ || (all != "" && /^DESCRIPTION/) }
    on && /^           / {
        sub(/^ */, "")
        line = line $0
        if (sub(/\\$/, "", line)) next
        print line
        line = ""
    }'
}

mkdir "$TMP/shim"
cat >"$TMP/shim/rapl-sample" <<END
#!/bin/sh
case " \$* " in *" -- "* | *" -n "* | *" -d "*) ;; *) set -- "\$@" -n 3 ;; esac
exec "$BIN/rapl-sample" "\$@"
END
chmod +x "$TMP/shim/rapl-sample"

n=0
for page in "$ROOT"/doc/man/*.1 "$ROOT/doc/man/decode-rapl.7"; do
    name=$(basename "${page%%.[17]}")
    [ -x "$BIN/$name" ] || [ "$name" = decode-rapl ] || continue
    n=$((n + 1))
    mkdir "$TMP/$name" && cd "$TMP/$name" || exit 1
    sh "$ROOT/tests/fixtures/make" >"$OUT" 2>&1
    ok $? "$name: fixtures" || sed 's/^/# /' "$OUT"
    commands "$page" >"$TMP/commands"
    [ -s "$TMP/commands" ]
    ok $? "$name has examples"
    while IFS= read -r command; do
        PATH=$TMP/shim:$PATH timeout 60 sh -c "$command" >"$OUT" 2>"$ERR" </dev/null
        ok $? "$command" || head -5 "$ERR" | sed 's/^/# /'
    done <"$TMP/commands"
done
[ "$n" -gt 0 ] || skip_all "no programs yet"
done_testing
