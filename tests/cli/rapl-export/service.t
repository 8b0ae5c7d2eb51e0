#!/bin/sh
# What rapl-export.service starts, without systemd: the pipeline runs, is heard,
# and stops with its state saved, as when systemd stops it.
. "$(dirname "$0")/../../lib.sh"
guest=$ROOT/tests/fixtures/machine-guest
python3 "$ROOT/tests/window_stream.py" interval=20000000 d=2 features=user_pct,log_ctxt >a.win
rapl-train -q -c "$ROOT/configs/linear.yaml" -o a.ckpt a.win || ok 1 "a model"

# The command line, as systemd.exec(5) has it: joined lines, $$ for $, one
# argument in single quotes for sh -c.
sed -n '/^ExecStart=/,/[^\\]$/p' "$ROOT/pipelines/systemd/rapl-export.service" |
    sed -e 's/\\$//' -e "s|@BINDIR@|$BIN|" -e 's/\$\$/$/g' | tr '\n' ' ' >line
line=$(cat line)
case $line in
"ExecStart=/bin/sh -c '"*"' ") ok 0 "the service starts sh" ;;
*) ok 1 "the service starts sh" || echo "# $line" ;;
esac
line=${line#*\'}
printf '%s\n' "${line%\'*}" >command

start() # SAMPLE EXPORT: in a process group of its own, as in a service's cgroup
{
    STATE_DIRECTORY=$TMP MODEL=a.ckpt SAMPLE="$1" EXPORT="$2" \
        setsid sh -c 'echo $$ >group; exec /bin/sh -c "$(cat command)"' >"$OUT" 2>"$ERR" </dev/null
}
roots="--proc $guest/proc --sys $guest/sys --energy none -i 20ms"

start "$roots -n 8" '-q --textfile t.prom'
code=$?
[ $code = 0 ] && [ ! -s "$OUT" ] && ! grep -v warning "$ERR"
ok $? "eight samples, and all end" || echo "# exit $code: $(cat "$ERR")"
grep -q '^rows: [1-9]' joules && grep -q 'zone: "package", source: predicted' joules
ok $? "the state has their energy" || sed 's/^/# /' joules
[ ! -e t.prom ]
ok $? "no metrics of a program that is gone"

rows=$(sed -n 's/^rows: //p' joules)
start "$roots" "-q --every 10ms --stale 1h --textfile t.prom" &
until grep -q 'watts{' t.prom 2>"$TMP/not-yet"; do sleep .05; done
grep -q "source=\"predicted\",model=\"$(rapl-dump --header a.ckpt |
    sed -n 's/^sha256: \(.\{12\}\).*/\1/p')\"" t.prom
ok $? "live, by the model that it was told"
kill -s TERM -- "-$(cat group)"
wait
tries=0
while [ -e t.prom ] && [ $tries -lt 1000 ]; do # sh went first
    sleep .02
    tries=$((tries + 1))
done
[ "$(sed -n 's/^rows: //p' joules)" -gt "$rows" ] && [ ! -e t.prom ]
ok $? "stopped, it has saved more"
! grep -vE 'warning|^Terminated' "$ERR"
ok $? "and nothing complains"
start "$roots -n 3 --no-such-option" '-q'
code=$?
[ $code = 3 ] && grep -q 'rapl-sample: .*no-such-option' "$ERR"
ok $? "a wrong option is said, and is a failure" || echo "# exit $code: $(cat "$ERR")"
done_testing
