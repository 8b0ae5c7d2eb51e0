#!/bin/sh
# What cannot be scored is said, and no figure is printed for it.
. "$(dirname "$0")/../../lib.sh"

predictions() # METADATA...
{
    "$ROOT/tests/bad/write_stream.py" prediction "$@"
}

nothing() # the last command printed no row
{
    [ ! -s "$OUT" ]
    ok $? '  prints nothing'
}

echo '1 11 9 12 1 nan 1 3' | predictions split=run >unmeasured.rapl
t unmeasured 3 'rapl-score unmeasured.rapl'
has 'none of the 1 rows has a measured value'
nothing
echo '1 11 9 12 1 10 1 1' | predictions split=run run=a >train.rapl
t no-test-rows 3 'rapl-score train.rapl'
has 'none of the 1 rows is of the part asked for (--part all takes every row)'
t no-label 3 'rapl-score --part all --by worklaod train.rapl'
has "no segment has the label 'worklaod' of --by"
nothing
predictions split=run </dev/null >none.rapl
t no-rows 3 'rapl-score none.rapl'
has 'no predictions in the input'

for value in nan inf -inf; do
    printf '1 11 9 12 1 10 1 3\n2 %s 9 12 1 10 1 3\n' $value |
        predictions split=run >bad.rapl
    t "power-$value" 3 'rapl-score bad.rapl'
    has 'bad.rapl: the prediction at t_ns 2 is not finite'
    nothing
done
echo '1 11 9 12 1 10 1 9' | predictions >bad.rapl
t own-input 2 'cp bad.rapl own; rapl-score own -o own'
t kept 0 'cmp bad.rapl own'
t part-9 3 'rapl-score bad.rapl'

echo '1 11 9 12 1 10 1 1' | predictions --no-end >bad.rapl
t truncated 3 'rapl-score bad.rapl'
has 'bad.rapl: truncated after 1 rows'
nothing
t allowed 0 'rapl-score --allow-truncated bad.rapl'
has 'unknown	none	all	1'
echo '1 5' | "$ROOT/tests/bad/write_stream.py" sample +ctxt,1,u64,counter >s.rapl
t sample 3 'rapl-score s.rapl'
has 's.rapl: a sample stream, where a prediction stream is needed'
t absent 4 'rapl-score absent.rapl'
t full 4 'rapl-score --part all train.rapl >/dev/full'
has 'No space left'
done_testing
