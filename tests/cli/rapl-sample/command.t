#!/bin/sh
# rapl-sample -- COMMAND: records while it runs, ends with it and as it did.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-dump" ] || skip_all "rapl-dump is not built"
t status 37 "rapl-sample -o a.rapl -- sh -c 'exit 37'"
t complete 0 "rapl-dump --check a.rapl"
t killed 143 "rapl-sample -o a.rapl -- sh -c 'kill \$\$'"
t killed-complete 0 "rapl-dump --check a.rapl"
t missing 127 "rapl-sample -o b.rapl -- /nonexistent/command"
has '/nonexistent/command: No such file'
t folder 126 "rapl-sample -o b.rapl -- /"
t output 0 "rapl-sample -- echo words | rapl-dump --check"
has words
t own 0 "rapl-sample -o c.rapl -- echo words 2>/dev/null"
has words
t outlives 5 "rapl-sample -n 1 -o d.rapl -- sh -c 'sleep .3; echo late; exit 5'"
has late
t options 0 "rapl-sample -o e.rapl -- echo x -n 7 --list"
has 'x -n 7 --list'
t dashes 2 "rapl-sample -o f.rapl echo"
has 'a command goes behind --'
[ ! -e f.rapl ]
ok $? "and nothing is written"

# Asked to end, it tells the command and ends the stream properly.
t stopped 7 "rapl-sample -o g.rapl -- sh -c 'trap \"exit 7\" TERM; kill -INT \$PPID; while :; do sleep .05; done'"
t stopped-complete 0 "rapl-dump --check g.rapl"
done_testing
