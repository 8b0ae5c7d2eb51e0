#!/bin/sh
# The tree is as clang-format 14 leaves it; another version differs in detail.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

for tool in clang-format-14 clang-format; do
    case $($tool --version 2>/dev/null) in *" version 14."*) break ;; esac
    tool=
done
[ -n "$tool" ] || skip_all "no clang-format 14 here"
for file in $(find common formats tools tests -name '*.[ch]' | sort); do
    $tool --dry-run -Werror "$file" 2>"$ERR"
    ok $? "$file" || head -4 "$ERR" | sed 's/^/# /'
done
done_testing
