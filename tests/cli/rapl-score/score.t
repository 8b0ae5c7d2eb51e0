#!/bin/sh
# rapl-score: figures worked out by hand, groups, splits, gates.
. "$(dirname "$0")/../../lib.sh"

predictions() # METADATA...
{
    "$ROOT/tests/bad/write_stream.py" prediction "$@"
}

# t power lower upper support measured dt part; e: 1, -2, 0 and one unmeasured
predictions model=v3 model_sha256=abc split=run workload=io run=r1 \
    'trained_on=run train' >io.rapl <<'E1'
1 11 9 12 1 10 1 3
2 18 17 19 1 20 2 3
3 30 nan nan 1 30 0.5 1
4 30 nan nan 1 nan 0.5 3
E1
# e: 4, where the measured power is under the floor
predictions model=v3 split=run workload=cpu run=r2 >cpu.rapl <<'E1'
1 4.5 0 5 1 0.5 1 3
2 9 nan nan 1 9 1 2
E1
predictions model=linear split=run workload=cpu run=r2 >linear.rapl <<'E1'
1 1.5 nan nan 1 0.5 1 3
E1
predictions workload=cpu trained_on=run >unsplit.rapl <<'E1'
1 1.5 nan nan 1 0.5 1 0
2 1.5 nan nan 1 2.5 1 0
E1
for w in io cpu; do
    echo "1 2 nan nan 1 1 1 3" |
        predictions model=v3 split=leave:workload=$w workload=$w >leave-$w.rapl
done

t pooled 0 'rapl-score io.rapl cpu.rapl'
t by-workload 0 'cat io.rapl cpu.rapl | rapl-score --by workload'
t by-two 0 'rapl-score --by workload,run --by workload cpu.rapl io.rapl'
t by-part 0 'rapl-score --by part io.rapl cpu.rapl | cut -f1-5'
t models 0 'rapl-score --by model linear.rapl io.rapl cpu.rapl | cut -f1-6'
t leave 0 'rapl-score --by workload leave-io.rapl leave-cpu.rapl | cut -f1-6'
t splits 0 'rapl-score --part all unsplit.rapl leave-io.rapl io.rapl | cut -f1-5'
t json 0 'rapl-score --format json --by workload io.rapl cpu.rapl'
t md 0 'rapl-score --format md --mape-floor 0.1W io.rapl cpu.rapl'
t json-is-json 0 'rapl-score --format json --by workload io.rapl cpu.rapl |
    python3 -c "import json, sys; print(json.load(sys.stdin)[\"rows\"][-1][\"workload\"])"'
has 'all'

t order 0 'rapl-score --by run io.rapl cpu.rapl linear.rapl >a &&
    rapl-score --by run linear.rapl cpu.rapl io.rapl | cmp - a'

t unsplit 0 'rapl-score unsplit.rapl'
has 'unknown	none	all	2'
has "trained on split 'run', and these rows are of split 'none'"
echo '1 2 nan nan 1 1 1 3' | predictions window.split=shuffle trained_on=run >w.rapl
t other-split 0 'rapl-score w.rapl'
has 'unknown	shuffle	test	1'
has "trained on split 'run', and these rows are of split 'shuffle'"
t valid 0 'rapl-score --part valid io.rapl cpu.rapl | cut -f1-4'
has 'v3	run	valid	1'
t verbose 0 'rapl-score -v io.rapl'
has 'model v3, sha256 abc, trained on run train'
hasnt 'flatter'

t gate-passes 0 "rapl-score --gate 'mae<1.6' --gate 'r2>0.5' io.rapl"
t gate-fails 1 "rapl-score --gate 'mae<1.5' io.rapl"
has 'rapl-score: gate mae<1.5 failed: 1.5 (model v3, split run, part test)'
has 'v3	run	test	2'
t gate-each-model 1 "rapl-score -q --gate 'mae<1.6' linear.rapl io.rapl cpu.rapl"
has 'model v3'
hasnt 'model linear'
t gate-unknown-figure 1 "rapl-score --gate 'r2>-9' linear.rapl"
has 'failed: nan'
t no-gate 2 "rapl-score --gate mae io.rapl"
t no-figure 2 "rapl-score --gate 'mea<1' io.rapl"
has "there is no figure 'mea'"
t floor 2 'rapl-score --mape-floor 1kg io.rapl'
t empty-label 2 'rapl-score --by run,,workload io.rapl'
t option 2 'rapl-score --bye'
done_testing
