#!/bin/sh
# pipelines/sessions: which logs were recorded in one sitting, by their clocks.
. "$(dirname "$0")/../lib.sh"

log() # FILE CLOCK...
{
    mkdir -p "$(dirname "$1")"
    file=$1
    shift
    echo '  Time    User  Nice' >"$file"
    printf '%s   0.0   0.0\n' "$@" >>"$file"
}
# One program over midnight, another that goes on after it, a third that began
# within the same seconds elsewhere, one that nobody follows, one without rows.
log w1/vm-run-a.txt 23:59:50 23:59:58
log w2/vm-build-b.txt 00:00:00 00:00:01 00:00:10
log w2/other-run-c.txt 00:00:12 00:01:00
log w1/vm-run-d.txt 00:00:13 00:02:00
log w1/vm-run-e.txt 00:02:06 00:03:00
log w3/none-run-f.txt

t sessions 0 'sh "$ROOT/pipelines/sessions" w*/*.txt | sort'
cat >want <<'END'
00-00-12 w2/other-run-c.txt
00-02-06 w1/vm-run-e.txt
23-59-50 w1/vm-run-a.txt
23-59-50 w1/vm-run-d.txt
23-59-50 w2/vm-build-b.txt
END
tr '\t' ' ' <"$OUT" | diff want -
ok $? '  its own program goes on, over midnight; 6 s are a break'
rm w1/vm-run-d.txt
t follows 0 'sh "$ROOT/pipelines/sessions" w*/*.txt | sort'
tr '\t' ' ' <"$OUT" | grep -q '^23-59-50 w2/other-run-c.txt$'
ok $? '  where no log of its own program follows, another may'

if [ -n "$SHARED" ]; then
    t jvm 0 'sh "$ROOT/pipelines/sessions" "$SHARED"/data/jvm-powerstat/*/*.txt | cut -f 1 | sort | uniq -c'
    [ "$(wc -l <"$OUT")" -eq 15 ]
    ok $? '  15 sessions in the logs of the JVMs'
else
    echo "# SKIPPED: the recorded logs are not here" >&2
fi
done_testing
