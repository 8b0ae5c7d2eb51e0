#!/bin/sh
# --list: everything there is, with its value, and what is missing.
. "$(dirname "$0")/../../lib.sh"
cd "$ROOT/tests/fixtures" || exit 1
t two 0 "rapl-sample --list --energy powercap --proc machine-two/proc --sys machine-two/sys"
t guest 0 "rapl-sample --list --proc machine-guest/proc --sys machine-guest/sys"
t nothing 4 "rapl-sample --list --proc /nonexistent --sys /nonexistent"
t here 0 "rapl-sample --list"
has cpu.idle
done_testing
