#!/bin/sh
# The live view, in a terminal of tmux that nobody looks at: what is on its
# screen, at several sizes, and what is left when it ends.  Nothing here waits
# for a time: the screen is asked until it shows what it should.
. "$(dirname "$0")/../../lib.sh"
command -v tmux >/dev/null || skip_all "no tmux"
locale -a 2>/dev/null | grep -qix 'C.utf-*8' || skip_all "no locale C.UTF-8"
trap 'mux kill-server 2>/dev/null; rm -rf "$TMP"' EXIT
unset TMUX NO_COLOR
win="python3 $ROOT/tests/window_stream.py"
$win noise=2 >a.win
rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win
loads="$win law=cpus features=busy_cpus d=1 noise=0.4"
$loads cpus=24 sessions=3 >p.win
rapl-train -q -c "$ROOT/configs/physical.yaml" -o p.ckpt p.win
$win noise=2 runs=1 rows=200 block=1 >one.win
mkfifo pipe
terminals=0

mux()
{
    tmux -S "$TMP/mux$terminals" -f /dev/null "$@"
}

# The command in a terminal of its own, 80x24 unless set: what it reads from
# the pipe is what the test writes to 3.  COLS, ROWS, LOCALE, TERMINAL.
start() # COMMAND
{
    exec 3>&- # tmux would hold it open
    mux kill-server 2>/dev/null
    terminals=$((terminals + 1))
    rm -f code
    cat >job <<END
trap : INT
echo before
stty -g >tty.before
$1
echo \$? >code
stty -g >tty.after
echo after
exec cat
END
    mux new-session -d -x "${COLS:-80}" -y "${ROWS:-24}" \
        "LC_ALL=${LOCALE:-C.UTF-8} TERM=${TERMINAL:-screen-256color} sh job" || {
        ok 1 "tmux starts"
        exit 1
    }
    exec 3>pipe
}

screen()
{
    mux capture-pane -pJ 2>"$ERR" >"$TMP/.screen" && sed 's/ *$//' "$TMP/.screen" >"$OUT"
}

# What the screen shows, until it holds the text; once one did not come, others
# are not waited for as long.
PATIENCE=600
until_shows() # TEXT
{
    tries=0
    until screen && grep -q -- "$1" "$OUT"; do
        tries=$((tries + 1))
        [ $tries -lt $PATIENCE ] || break
        sleep .05
    done
    grep -q -- "$1" "$OUT"
    ok $? "  shows: $1" || {
        sed 's/^/# /' "$OUT" "$ERR"
        PATIENCE=20
    }
}

# It ends, exit 0; the terminal is as it was, and what was on it; in two lines
# it says what was seen.
ended()
{
    until_shows '^after'
    exec 3>&-
    [ "$(cat code)" = 0 ] && cmp -s tty.before tty.after
    ok $? "  exit 0, the terminal as it was" || cat code tty.before tty.after
    grep -q '^before' "$OUT" && grep -q 'W  ([0-9.]* to .*support' "$OUT" &&
        grep -q '^predicted: mean [0-9.]* W, [0-9.]* kJ in 3 min 18 s' "$OUT"
    ok $? "  and the last state stays" || sed 's/^/# /' "$OUT"
}

# ---- what it shows ----

start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
for text in '^  rapl-infer: linear on workload w0  .*recorded 2023-11-14' \
    'predicted *[0-9.]* W  [0-9.]* to [0-9.]* W holds 90 %' \
    'measured *[0-9.]* W  error [-+][0-9.]* W [-+][0-9]* %' \
    'support *[01]\.[0-9]*    less like training' \
    'energy *[0-9.]* kJ  in 3 min 18 s, mean [0-9.]* W' \
    '  *[0-9.]* kJ  measured in 3 min 18 s, mean [0-9.]* W, MAE' \
    'predicted, W, over the last .* min' \
    'driven by  *adds' 'user_pct *[0-9.]* %  *[-+][0-9.]* W .*▃' \
    'log_ctxt *[0-9.]* 1/s  *[-+][0-9.]* W .*▃'; do
    until_shows "$text"
done
# Nothing more comes: what is there grows old, and says so.
until_shows 'last sample is [0-9]* s old'
# Any size, while it runs.
for size in 40x10 200x50 20x5 7x3 80x24; do
    mux resize-window -x "${size%x*}" -y "${size#*x}"
    case $size in
    7x3) until_shows '^predict$' ;;
    20x5) until_shows '^predicted  *[0-9.]* W$' ;;
    40x10) until_shows '^energy  *[0-9.]* kJ  in 3 min 18 s$' ;;
    200x50) until_shows '───────────────────────────────── [0-9]* W$' ;;
    *) until_shows '^  energy .*mean [0-9.]* W$' ;;
    esac
done
mux resize-window -x 40 -y 10
until_shows '^q quit   p pause$'
sed -n 1p "$OUT" | grep -q '^rapl-infer' && sed -n 10p "$OUT" | grep -q '^q quit'
ok $? "  from the first row to the last" || sed 's/^/# /' "$OUT"

# It is written over itself, never wiped: nothing flickers.
mux pipe-pane "cat >>'$TMP/bytes'"
for key in x x x x; do
    : >bytes
    mux send-keys $key
    tries=0
    until grep -q 'energy' bytes || [ $tries -ge $PATIENCE ]; do
        tries=$((tries + 1))
        sleep .05
    done
    cat bytes >>all-bytes
done
mux pipe-pane
grep -q 'q quit' all-bytes && ! grep -q "$(printf '\033')\[[0-3]*J" all-bytes
ok $? "  no flicker"

# ---- keys and signals ----

mux send-keys p
until_shows 'p go on'
mux send-keys p
until_shows 'p pause'
mux send-keys Up x q
ended
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
mux send-keys C-c
ended
start 'sh -c "echo \$\$ >pid; exec rapl-infer a.ckpt" <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
kill -TERM "$(cat pid)"
ended

# The end of the input is the end.
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
exec 3>&-
ended

# While it is paused it reads on.
start 'rapl-infer a.ckpt <pipe'
half=$(($(wc -c <one.win) / 2))
head -c $half one.win >&3
until_shows 'energy .* kJ'
mux send-keys p
until_shows 'PAUSED: '
screen
grep 'energy' "$OUT" >held
tail -c +$((half + 1)) one.win >&3
mux send-keys x x x
until_shows 'p go on'
grep energy "$OUT" | cmp -s held -
ok $? "  and what is held stays" || sed 's/^/# /' "$OUT"
mux send-keys p
until_shows 'in 3 min 18 s'
mux send-keys q
ended

# ---- messages ----

# Of ours: in a row of the view, and again when it is gone.
start 'rapl-infer p.ckpt <pipe'
$loads cpus=12 runs=1 block=1 >&3
until_shows 'warning: the model is of 24 CPUs, and this machine has 12'
until_shows 'predicted *[0-9.]* W'
until_shows 'idle *[0-9.]* W  dynamic [0-9.]* W'
mux send-keys q
until_shows '^after'
grep -q '^rapl-infer: warning: the model is of 24 CPUs' "$OUT"
ok $? "  is said at the end" || sed 's/^/# /' "$OUT"
# Where messages go into a file they are there at once.
start 'rapl-infer p.ckpt 2>said <pipe'
$loads cpus=12 runs=1 block=1 >&3
until_shows 'warning: the model is of 24 CPUs'
grep -q 'the model is of 24 CPUs' said
ok $? "  and at once in a file"
# Of another program: the next picture is whole again.
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
printf 'torn\r\ntorn\r\ntorn' >"$(mux display-message -p '#{pane_tty}')"
tries=0
while screen && grep -q torn "$OUT" && [ $tries -lt $PATIENCE ]; do
    tries=$((tries + 1))
    sleep .05
done
until_shows 'energy .* kJ'
hasnt torn
mux send-keys q
ended

# An end that is an error: the terminal is back, and it is said.
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
head -c 3000 a.win >&3
until_shows 'energy .* kJ'
exec 3>&-
until_shows '^after'
[ "$(cat code)" = 3 ] && cmp -s tty.before tty.after && grep -q 'truncated' "$OUT"
ok $? "  exit 3, the terminal as it was, and why" || sed 's/^/# /' "$OUT"

# ---- terminals that cannot, or should not ----

start 'NO_COLOR=1 rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
mux capture-pane -pe | grep -q "$(printf '\033')\[[0-9;]*3[1-6]m"
[ $? -eq 1 ]
ok $? "NO_COLOR: no colours"
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'energy .* kJ'
mux capture-pane -pe | grep 'error' | grep -q "$(printf '\033')\[[0-9;]*3[123]m"
ok $? "else colours, by the error"
LOCALE=C
start 'rapl-infer a.ckpt <pipe'
cat one.win >&3
until_shows 'user_pct .*[#%*+=]$'
! grep -q '[^ -~]' "$OUT"
ok $? "without UTF-8 all is ASCII" || sed 's/^/# /' "$OUT"
LOCALE=
# Lines, as anywhere else.
lines() # NAME
{
    cat one.win >&3
    exec 3>&-
    until_shows '^after'
    [ "$(grep -c 'W  (.*support' "$OUT")" -gt 8 ] && ! grep -q predicted: "$OUT"
    ok $? "$1: lines" || sed 's/^/# /' "$OUT"
}
TERMINAL=dumb
start 'rapl-infer a.ckpt <pipe'
lines 'a dumb terminal'
TERMINAL=no-such-terminal
start 'rapl-infer a.ckpt <pipe'
lines 'an unknown terminal'
TERMINAL=
start 'set -m; rapl-infer a.ckpt <pipe & wait $!'
lines 'in the background'
start 'rapl-infer --scroll a.ckpt <pipe'
lines '--scroll'
start 'cat pipe >copy; rapl-infer a.ckpt copy'
lines 'a file'
start 'cat pipe >copy; rapl-infer a.ckpt <copy'
lines 'a file as standard input'
t scroll 0 'rapl-infer --scroll a.ckpt one.win'
[ "$(wc -l <"$OUT")" -eq 198 ]
ok $? "  lines into a pipe too"
t scroll-file 0 'rapl-infer --scroll -o x.txt a.ckpt one.win && wc -l <x.txt'
has 198
t scroll-csv 2 'rapl-infer --scroll --format csv a.ckpt one.win'
has '--scroll prints text'
t picture 0 'BIN=$BIN sh "$ROOT/pipelines/live-picture" 3 60x12'
has 'predicted'
has 'q quit'
t piped 0 'cat one.win | rapl-infer a.ckpt | rapl-dump --check'
done_testing
