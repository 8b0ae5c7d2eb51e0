#!/bin/sh
# No window lies across a suspension, nor any mark of why a row does not follow;
# a note, such as that of stolen time, parts nothing.
. "$(dirname "$0")/../../lib.sh"
# Ten samples with that mark behind the fifth, as windows of three.
windows() # KIND VALUE TEXT
{
    awk -v mark="$*" 'BEGIN {
        for (i = 0; i < 10; i++) {
            t = 1000000000 + i * 16000000
            if (i == 5 && mark != "") print "mark " t " " mark
            print t, 100 * i, 50 * i
        }
    }' | python3 "$ROOT/tests/bad/write_stream.py" sample interval_ns=16000000 \
        +cpu.user,tick,u64,counter +cpu.idle,tick,u64,counter >marked.rapl
    rapl-window -q --features user_pct -d 3 marked.rapl -o marked.win
    rapl-dump --windows marked.win | sed 1d | wc -l
}

# A stretch of n samples has n - 1 rates and n - 3 windows.
[ "$(windows)" -eq 7 ]
ok $? "nothing parts them: 7 windows"
[ "$(windows 3 90000000000 suspended)" -eq 4 ]
ok $? "a suspension: 2 and 2"
t carried 0 "rapl-dump --marks marked.win"
has ',clock,90000000000,suspended'
[ "$(windows 1 3 missed)" -eq 4 ]
ok $? "missed ticks: 2 and 2"
[ "$(windows 2 0 cpu.user)" -eq 4 ]
ok $? "a reset: 2 and 2"
[ "$(windows 4 33 steal)" -eq 7 ]
ok $? "a note: 7 windows"
t note 0 "rapl-dump --marks marked.win"
has ',note,33,steal'
done_testing
