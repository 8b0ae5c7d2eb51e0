#!/bin/sh
# rapl-sample --notes: what others say, in the stream.
. "$(dirname "$0")/../../lib.sh"
mkfifo fifo
export MACHINE="--energy none --signals stat -i 20ms"

t lines 0 "printf 'load begins\nload \033ends\n\nno newline' |
    rapl-sample \$MACHINE -n 5 --notes - -o a.rapl && rapl-dump --marks --format jsonl a.rapl"
for note in "load begins" "load ?ends" "no newline"; do
    has "\"$note\""
done
[ "$(wc -l <"$OUT")" -eq 3 ]
ok $? "and nothing else"
t windows 0 "rapl-window -q -d 3 --features user_pct a.rapl |
    rapl-dump --windows --format tsv | sed 1d | wc -l | grep -x 2"

# A FIFO that one program after another writes to.
noted() # TEXT: wait until the recording has it
{
    until rapl-dump -q --allow-truncated --marks b.rapl | grep -q "$1"; do sleep 0.05; done
}
rapl-sample $MACHINE --flush sample --notes fifo -o b.rapl &
recorder=$!
while [ ! -e b.rapl ]; do sleep 0.02; done
echo first >fifo
noted first
echo second >fifo
noted second
kill -TERM $recorder
wait $recorder
ok $? "a recorder with a FIFO ends"
t fifo 0 "rapl-dump --marks --format jsonl b.rapl"
has '"first"'
has '"second"'

# What is said behind the last row is not lost.
mkfifo late
t late 0 "(exec 3<>late; rapl-sample \$MACHINE --notes late -o e.rapl & p=\$!
    until rapl-dump -q --allow-truncated --header e.rapl >header 2>&1; do sleep 0.02; done
    echo 'said last' >&3; kill -TERM \$p; wait \$p) && rapl-dump --marks --format jsonl e.rapl"
has '"said last"'

awk 'BEGIN { while (i++ < 3000) printf "x"; print "" }' >long
t long 0 "rapl-sample \$MACHINE -n 3 --notes long -o c.rapl &&
    rapl-dump --marks --format jsonl c.rapl | grep -o 'xx*' | awk '{ print length }' | grep -x 255"
t command 2 "rapl-sample \$MACHINE --notes - -o d.rapl -- true"
t absent 4 "rapl-sample \$MACHINE --notes no/such -o d.rapl"
done_testing
