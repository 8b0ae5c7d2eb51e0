#!/bin/sh
# rapl-calibrate: what it narrows, and what a checkpoint says of it.
. "$(dirname "$0")/../../lib.sh"
. "$HERE/lib.sh"

# A sweep.
t sweep 0 'rapl-calibrate M sweep.win -o sweep.ckpt'
has '60 of 60 rows with watts used'
has '90 % interval at idle'
narrowed sweep.ckpt
less "$(mae sweep.ckpt)" "$(awk "BEGIN { print $(mae M) / 3 }")" '  and nearer'
t piped 0 'cat sweep.win | rapl-calibrate -q M >piped.ckpt'
cmp -s sweep.ckpt piped.ckpt
ok $? '  the same bytes from a pipe, to standard output'
[ "$(value sweep.ckpt calibration.1.model_sha256)" = "$(value M sha256)" ] ||
    [ "$(value sweep.ckpt calibration.1.model_sha256)" = \
        "$(rapl-dump --header M | sed -n 's/^sha256: //p')" ]
ok $? '  and the hash of the model that it came from'
[ "$(value sweep.ckpt data.sha256)" = "$(value M data.sha256)" ]
ok $? '  with all that this one said'
[ "$(value sweep.ckpt data.cpu_models)" = 'Xeon A, Xeon B' ]
ok $? '  and one processor more'
t known 0 'rapl-infer --strict sweep.ckpt -o x.pred unseen.win'
hasnt learnt
t unknown 1 'rapl-infer --strict M -o x.pred unseen.win'
has "the model learnt from 'Xeon A', and this is 'Xeon B'"

# How many rows, and which.
t few 0 'rapl-calibrate M --rows 5 unseen.win -o few.ckpt'
has '5 of 200 rows with watts used'
t first 0 'rapl-calibrate M --first 7s unseen.win -o first.ckpt'
has '7 of 7 rows with watts used'
t unlabelled 0 'rapl-calibrate M sweep.win none.win -o some.ckpt'
has '60 of 60 rows with watts used, 60 had none'
t no-watts 3 'rapl-calibrate M none.win -o x.ckpt'
has '60 windows, and none with measured watts to learn from'
has 'by --idle and --full'
[ ! -e x.ckpt ]
ok $? '  and nothing is written'
rapl-window -q --features busy_cpus -d 1 --split time --ratios 0,0,100 \
    -o test.win sample.rapl
t test-part 3 'rapl-calibrate M test.win -o x.ckpt'
has 'none with measured watts'

# Two kinds of work say more than as many rows of one.
record b.win 200 ramp 1.45 -l cpu_model='Xeon B' -l workload=b
record c.win 200 ramp 1.55 -l cpu_model='Xeon B' -l workload=c
t one-kind 0 'rapl-calibrate M b.win -o b.ckpt'
t two-kinds 0 'rapl-calibrate M b.win c.win -o bc.ckpt'
has '60 of 400 rows with watts used'
less "$(value bc.ckpt calibration.1.width90_w.half 2)" \
    "$(value b.ckpt calibration.1.width90_w.half 2)" '  narrower by two'

# More evidence adds up, the same does not.
t twice 3 'rapl-calibrate sweep.ckpt sweep.win -o x.ckpt'
has 'calibrated by these very rows already'
t again 0 'rapl-calibrate sweep.ckpt unseen.win -o again.ckpt'
less "$(value again.ckpt calibration.2.width90_w.half 2)" \
    "$(value sweep.ckpt calibration.1.width90_w.half 2)" '  narrower still'
[ "$(value again.ckpt calibration.1.rows)" = 60 ]
ok $? '  and the first is not forgotten'

# The very recording.
t same 0 'rapl-calibrate M --same-recording unseen.win -o same.ckpt'
has '200 of 200 rows'
less "$(value same.ckpt calibration.1.width90_w.half 2)" \
    "$(value sweep.ckpt calibration.1.width90_w.half 2)" '  narrower than a sweep'
t other 3 'rapl-calibrate same.ckpt sweep.win -o x.ckpt'
has 'was fitted to one recording'

# Wattages: 20 W at idle, 124 W at full load.
t anchors 0 'rapl-calibrate M --cpus 24 --idle 20W --full 124W -o anchors.ckpt'
narrowed anchors.ckpt
less "$(mae anchors.ckpt)" "$(awk "BEGIN { print $(mae M) / 2 }")" '  and nearer'
t unsure 0 'rapl-calibrate M --cpus 24 --full 124W --anchor-error 20% -o unsure.ckpt'
less "$(value anchors.ckpt calibration.1.width90_w.full 2)" \
    "$(value unsure.ckpt calibration.1.width90_w.full 2)" '  less sure'
t recorded 0 'rapl-calibrate M --idle idle.win --full full.win -o rec.ckpt'
less "$(value rec.ckpt calibration.1.width90_w.full 2)" \
    "$(value anchors.ckpt calibration.1.width90_w.full 2)" '  recorded: surer'
t both 0 'rapl-calibrate M --idle 20W sweep.win -o both.ckpt'

# Another make, which draws what none of the trained kind does: stretched, to
# the wattages told, and said so.
t stretched 0 'rapl-calibrate M --cpus 24 --idle 150W --full 600W -o far.ckpt'
has 'the curve is stretched to another make'
has '90 % interval at idle'
[ "$(value far.ckpt calibration.1.stretched)" = yes ]
ok $? '  the checkpoint says so'
[ -z "$(value anchors.ckpt calibration.1.stretched)" ]
ok $? '  and does not where nothing is stretched'
rapl-infer -q far.ckpt --format tsv idle.win | awk -F '\t' 'NR == 1 {
        for (i = 1; i <= NF; i++) c[$i] = i; next }
    { w = $c["power_w"]; if (w < 149 || w > 151) bad = 1 } END { exit bad || NR < 100 }'
ok $? '  idle is 150 W'
t one-wattage 0 'rapl-calibrate M --cpus 24 --full 600W -o one.ckpt'
has 'the curve is stretched to another make'
less "$(value far.ckpt calibration.1.width90_w.idle 2)" \
    "$(value one.ckpt calibration.1.width90_w.idle 2)" '  idle is not known by it'

# By measured windows too: other work of it differs by more watts than the
# trained kind's would.
record server.win 120 ramp 7
t server 0 'rapl-calibrate M server.win -o server.ckpt'
less "$(value sweep.ckpt calibration.1.width90_w.half 2)" \
    "$(value server.ckpt calibration.1.width90_w.half 2)" '  wider than the kind'

# Of how many CPUs: told, or as many as are online here, which is said; a model
# that is calibrated has those it has.
here=$(getconf _NPROCESSORS_ONLN)
t online 0 'rapl-calibrate M --idle 21W --full 140W -o online.ckpt'
has "taken for a machine of $here CPUs, as are online here"
[ "$(value online.ckpt calibration.1.cpus)" = "$here" ]
ok $? "  of $here CPUs"
t cpus 0 'rapl-calibrate M --cpus 40 --idle 21W --full 140W -o cpus.ckpt'
hasnt 'online here'
[ "$(value cpus.ckpt calibration.1.cpus)" = 40 ]
ok $? '  of 40 CPUs'
t kept 0 'rapl-calibrate cpus.ckpt --full 140W -o kept.ckpt'
hasnt 'online here'
[ "$(value kept.ckpt calibration.2.cpus)" = 40 ]
ok $? '  and of 40 once more'
done_testing
