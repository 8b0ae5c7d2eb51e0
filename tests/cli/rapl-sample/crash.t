#!/bin/sh
# What is left of a recording that ends badly: killed, or with a full disk.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-dump" ] || skip_all "rapl-dump is not built"
one="--energy none --proc $ROOT/tests/fixtures/machine-one/proc --sys $ROOT/tests/fixtures/machine-one/sys"

rows() # FILE
{
    rapl-dump --allow-truncated "$1" 2>/dev/null | sed 1d | wc -l
}

for flush in sample 5ms; do
    rapl-sample $one -i 1ms --flush $flush -o k.rapl 2>"$ERR" &
    sampler=$!
    until [ -s k.rapl ] && [ "$(rows k.rapl)" -ge 20 ]; do
        sleep .02
    done
    before=$(rows k.rapl)
    kill -9 $sampler
    wait $sampler 2>/dev/null
    [ "$(rows k.rapl)" -ge "$before" ]
    ok $? "--flush $flush: killed, what could be read before can be read after"
    t "$flush-truncated" 3 "rapl-dump --check k.rapl"
    has 'there is no end record'
    t "$flush-allowed" 0 "rapl-dump --check --allow-truncated k.rapl"
    rm k.rapl
done

# Killed while it rotates: what came before is whole.
rapl-sample $one -i 1ms --flush sample --rotate 10ms -o r.rapl &
sampler=$!
until [ -e r-0004.rapl ]; do
    sleep .02
done
kill -9 $sampler
wait $sampler 2>/dev/null
t rotated 0 "rapl-dump --check r-0001.rapl r-0002.rapl r-0003.rapl"

# A limit on the size of files is as near to a full disk as a test may go.
t full 4 "trap '' XFSZ; ulimit -f 8; rapl-sample -q -i 1ms --flush sample -o f.rapl"
has 'f.rapl: File too large'
[ "$(wc -l <"$ERR")" -eq 1 ]
ok $? "one line says so"
[ "$(rows f.rapl)" -gt 10 ]
ok $? "and what fitted can be read"
t flush-words 2 "rapl-sample -n 1 --flush often -o x.rapl"
has "neither 'sample' nor a time"
t flush-zero 2 "rapl-sample -n 1 --flush 0s -o x.rapl"
done_testing
