#!/bin/sh
# Each reader survives every input of its corpus, tests/fuzz/corpus/NAME/ for
# tests/fuzz/fuzz-NAME.c; and each of those cut short, or with a byte changed.
. "$(dirname "$0")/../lib.sh"

# Cut and change every input at a few places, the same on every run.
damage() # FILE
{
    size=$(wc -c <"$1")
    for part in 1 3 5 7 9; do
        at=$((size * part / 10))
        head -c "$at" "$1" >"$TMP/damaged/$n-cut$part"
        {
            head -c "$at" "$1"
            printf '\377'
            tail -c +$((at + 2)) "$1"
        } >"$TMP/damaged/$n-byte$part"
    done
    n=$((n + 1))
}

for source in "$ROOT"/tests/fuzz/fuzz-*.c; do
    name=$(basename "$source" .c)
    [ -f "$source" ] || continue
    corpus=$ROOT/tests/fuzz/corpus/${name#fuzz-}
    [ -n "$(ls "$corpus" 2>/dev/null)" ]
    ok $? "$name has a corpus" || continue
    rm -rf "$TMP/damaged"
    mkdir "$TMP/damaged"
    n=0
    for file in "$corpus"/*; do
        damage "$file"
    done
    "$BUILD/fuzz/$name" "$corpus"/* >"$OUT" 2>&1
    ok $? "$name: $(ls "$corpus" | wc -l) inputs" || tail -20 "$OUT" | sed 's/^/# /'
    find "$TMP/damaged" -type f -exec "$BUILD/fuzz/$name" {} + >"$OUT" 2>&1
    ok $? "$name: damaged inputs" || tail -20 "$OUT" | sed 's/^/# /'
done
[ "$COUNT" -gt 0 ] || skip_all "no fuzz targets yet"
done_testing
