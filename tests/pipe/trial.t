#!/bin/sh
# make trial: from nothing to a scored model.  LONG=1 does it, in runs of 3 s with
# energy that is made up, and each real program of configs/sweep-short.yaml.
. "$(dirname "$0")/../lib.sh"
command -v stress-ng >/dev/null || skip_all "no stress-ng"
cd "$ROOT" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS
mkdir "$TMP/sys"
TRIAL="make -s -f pipelines/trial.mk BIN=$BIN TRIAL=$TMP/trial"
export TRIAL

t lacking 2 "\$TRIAL TRIAL_SYS=$TMP/sys TRIAL_SET=energy=powercap"
[ "$(grep -c -v '^make' "$ERR")" -eq 1 ] && [ ! -s "$OUT" ]
ok $? "one line says what is lacking" || sed 's/^/# /' "$ERR"
has "stress-sweep: no energy source, which the sweep requires: powercap: $TMP/sys/class/powercap: "
[ ! -e "$TMP/trial/data" ]
ok $? "and nothing is begun"
t held 0 "stress-sweep plan --list --format tsv configs/sweep-short.yaml |
    awk -F '\t' '\$3 == \"yes\" { print \$2 }' | sort -u | tr '\n' ' ' |
    grep -x 'compile compress encrypt proc_reader redis sort sql '"

if [ -n "${LONG:-}" ] && command -v perl >/dev/null; then
    t trial 0 "\$TRIAL TRIAL_FEED=1 TRIAL_INTERVAL=200ms TRIAL_ARGS='--lock $TMP' \
        TRIAL_SET='times.cool_down=0 times.warm_up=100ms times.run=3s times.ramp_down=100ms'"
    has "12 of 12 runs are good"
    has "are made up"
    grep -q '^| sort | physical | leave:held_out |' "$OUT"
    ok $? "the program held out is scored" || sed 's/^/# /' "$OUT"
    [ -z "$(grep -lz "^$TMP/trial/sys\$" /proc/[0-9]*/cmdline 2>/dev/null)" ]
    ok $? "the counter has ended"
    t again 0 "\$TRIAL TRIAL_FEED=1"
    hasnt "12 of 12"
    {
        echo 'times: {cool_down: 0, warm_up: 0, run: 1s, ramp_down: 0}'
        sed -n '/^parts:/p; /^  - program: compress/,$p' configs/sweep-short.yaml
    } >"$TMP/programs.yaml"
    t programs 0 "cd $TMP && stress-sweep run --leave-out --lock $TMP --set energy=none \
        --set attempts=1 -o programs programs.yaml"
    hasnt "given up, 7 left out"
    has " 0 given up"
else
    ok 0 "the trial # SKIP takes a minute: LONG=1"
fi
done_testing
