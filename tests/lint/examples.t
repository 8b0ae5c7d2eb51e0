#!/bin/sh
# The examples of the manual pages run, in order, as a reader would type them:
# every line set off under EXAMPLES, and in all of the tour, decode-rapl(7), is a
# command that must exit 0; # is what root would do.  So do the README's pipelines.
# They run in a directory that tests/fixtures/make prepares; a line that ends in
# \ or | goes on.
# Where a reader would stop rapl-sample with ^C, it ends after three samples; the
# README's sweep, of 38 minutes, is looked at, and leaves three recordings.
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
        if (sub(/\\$/, "", line) || sub(/\|$/, "| ", line)) next
        print line
        line = ""
    }'
}

# What is set off under The pipeline.
readme()
{
    awk '/^## / { on = /The pipeline/ }
    on && /^    / && !/PATH=/ {
        sub(/^ */, "")
        line = line $0
        if (sub(/\\$/, "", line) || sub(/\|$/, "| ", line)) next
        print line
        line = ""
    }' "$ROOT/README.md"
}

mkdir "$TMP/shim"
cat >"$TMP/shim/rapl-sample" <<END
#!/bin/sh
case " \$* " in *" -- "* | *" -n "* | *" -d "*) ;; *) set -- "\$@" -n 3 ;; esac
exec "$BIN/rapl-sample" "\$@"
END
cat >"$TMP/shim/stress-sweep" <<END
#!/bin/sh
case "\$*" in
"run -o data "*) ;;
*) exec "$BIN/stress-sweep" "\$@" ;;
esac
"$BIN/stress-sweep" plan --cpus 20 --list "\$4" && mkdir -p data/runs || exit
for i in 1 2 3; do
    "$BIN/rapl-import" --map full.yaml -l workload=\$i -l run=\$i \
        -l held_out=\$([ \$i = 3 ] && echo yes || echo no) \
        -o data/runs/\$i.rapl full/run_\${i}_of_7-*.csv || exit
done
END
chmod +x "$TMP/shim/rapl-sample" "$TMP/shim/stress-sweep"

# Run those of a page, in a folder of its own: CODE COMMAND a line, and what the
# bad ones said.  Most of the time they wait, so that all pages do it at once.
run_page() # NAME COMMAND...
{
    cp -r "$TMP/fixtures" "$TMP/$1" && cd "$TMP/$1" || return
    name=$1
    shift
    "$@" | while IFS= read -r command; do
        PATH=$TMP/shim:$PATH timeout 60 sh -c "$command" >.out 2>.err </dev/null
        code=$?
        printf '%d %s\n' $code "$command"
        [ $code -eq 0 ] || head -5 .err | sed 's/^/# /'
    done >"$TMP/$name.done"
}

mkdir "$TMP/fixtures" && cd "$TMP/fixtures" || exit 1
sh "$ROOT/tests/fixtures/make" >"$OUT" 2>&1
ok $? "fixtures" || sed 's/^/# /' "$OUT"
names=
for page in "$ROOT"/doc/man/*.1 "$ROOT/doc/man/decode-rapl.7"; do
    name=$(basename "${page%%.[17]}")
    [ -x "$BIN/$name" ] || [ "$name" = decode-rapl ] || continue
    names="$names $name"
    run_page "$name" commands "$page" &
done
run_page README readme &
wait
for name in $names README; do
    [ -s "$TMP/$name.done" ]
    ok $? "$name has examples"
    while read -r code command; do
        case $code in
        '#') printf '# %s\n' "$command" ;;
        *) ok "$code" "$(printf '%s' "$command" | tr '\\' '/')" ;;
        esac
    done <"$TMP/$name.done"
done
[ -n "$names" ] || skip_all "no programs yet"
done_testing
