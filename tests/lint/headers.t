#!/bin/sh
# Every header compiles alone, has its guard, is included by its folder's name,
# and comes first in the file that implements it.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
CC=${CC:-cc}

for header in $(find common formats tools tests -name '*.h' | sort); do
    $CC -std=gnu11 -D_GNU_SOURCE -I. -isystem /usr/include/openblas -Wall \
        -Wextra -Werror -fsyntax-only -x c "$header" 2>"$ERR"
    ok $? "$header compiles alone" || head -5 "$ERR" | sed 's/^/# /'
    guard=$(echo "${header#common/}" | tr 'a-z/.-' 'A-Z___')
    grep -q "^#ifndef $guard\$" "$header" && grep -q "^#define $guard\$" "$header"
    ok $? "$header is guarded by $guard"
done

for source in $(find common formats tools -name '*.c' | sort); do
    header=${source%.c}.h
    [ -f "$header" ] || continue
    first=$(sed -n 's/^#include ["<]\(.*\)[">].*/\1/p' "$source" | head -n 1)
    [ "$first" = "$header" ]
    ok $? "$source includes its own header first"
done

grep -rnoE '^#include "[^"]*"' common formats tools tests --include='*.[ch]' |
    sed 's/"$//' | while IFS='"' read -r where name; do
    case $name in */*) ;; *) echo "$where $name names no folder" ;; esac
    [ -f "$name" ] || echo "$where $name does not exist"
done >"$TMP/bad"
! sed 's/^/# /' "$TMP/bad" | grep .
ok $? "includes name the folder"

! find common formats tools -name '*.[ch]' | sed 's|.*/||' | sort | uniq -d |
    sed 's/^/# twice: /' | grep .
ok $? "base names are unique"
done_testing
