#!/bin/sh
# pipelines/grid: jobs laid out, done by make and by Slurm, never twice, and one
# table whoever did them.
. "$(dirname "$0")/../lib.sh"
PATH=$PATH:/usr/sbin:/sbin
grid="sh $ROOT/pipelines/grid"
export grid
unset MAKEFLAGS MAKELEVEL MFLAGS

for run in 1 2 3 4 5 6 7 8; do
    workload=$((run % 2 + 1))
    awk -v s="$run" -v w="$workload" 'BEGIN {
        print "timestamp_unix,user_percent,system_percent,iowait_percent," \
            "ctx_switches_per_sec,package_power_watts"
        for (i = 0; i < 120; i++) {
            s = (s * 16807) % 2147483647
            user = s % 900 / 10
            printf "%d,%.1f,%.1f,0,%d,%.3f\n", 1700000000 + i, user, s % 70 / 10,
                100 + s % 5000, 20 + .5 * user + w
        }
    }' >"$run.csv"
    rapl-import -q --from original -l workload=w$workload -l run=r$run \
        "$run.csv" -o "$run.rapl"
done
cat >small.grid <<'END'
# name config features delays tau splits                 seeds sample  epochs settings
line   linear seed4    3      1,2 shuffle,leave:workload 1,2   -       -
net    v3     seed4    25     1   run                    1     50%,50% 2      training.lr=1e-3,training.batch=64
END

t plan 0 '$grid plan made small.grid ?.rapl'
[ "$(wc -l <made/jobs)" -eq 13 ] && [ "$(sort -u made/jobs | wc -l)" -eq 13 ]
ok $? "2 tau x (shuffle, 2 workloads) x 2 seeds, and one"
cut -f 1,2,8,9 made/jobs | tr '\t' ' ' |
    grep -qx 'line-t2-leave-workload-w2-s2 line-t2-s2 leave:workload=w2 2'
ok $? "a value of a label is a job"
t pairs 0 'echo "line linear seed4 3 1 leave:workload,pairs:workload 1 - -" >pairs.grid
    $grid plan pairs pairs.grid ?.rapl && cut -f 1,8 pairs/jobs | tr "\t" " "'
has 'line-leave-workload-w1+w2-s1 leave:workload=w1|w2'
t early 1 '$grid table made'
has '13 jobs of 13 are not done'
t one 0 '$grid run made 2 && ls made/*.rapl && ! ls made/*.windows'
has 'made/line-shuffle-s2.rapl'
t make 0 '$grid make made -j 2'
[ "$(ls made/*-s?.rapl | wc -l)" -eq 13 ]
ok $? "make does the others"
find made -name '*-s?.rapl' -newer made/jobs -exec touch -d @1700000000 {} +
touch -d @1600000000 made/samples.rapl
t again 0 '$grid make made >/dev/null && $grid run made 2 &&
    find made -name "*-s?.rapl" -newermt @1700000001'
same "$OUT" /dev/null "what is done is not done again"
t table 0 '$grid table made'
has '| net (50% of the windows, 2 epochs, lr 1e-3, batch 64) | run |'
has '| line, tau 2, seed 1 | leave:workload |'
[ -s made/line-t2-s2-leave-workload-by-workload.tsv ]
ok $? "a file of scores a model and split"
has '| least_covered | least_coverage_pct |'
[ "$(grep -c '^| line.* | w[12] | .* | w[12] | [0-9.]* |$' "$OUT")" -eq 8 ]
ok $? "the workload that fares worst, of each model and split"
[ "$(awk -F '|' '/leave:workload/ && $2 ~ /nested|candidate|peeked/ { print $7 }' \
    "$OUT" | sort -u | wc -l)" -eq 1 ]
ok $? "a choice is among models that are scored on the same rows"
t brief 0 'sh "$ROOT/pipelines/experiment-table" made/table.md'
has '| `net` | 50%, 2 epochs, lr 1e-3, batch 64 | - |'
grep -q '^| `line, tau 2, seed 1` | all | -*[0-9]*\.[0-9][0-9] | - | -*[0-9]*\.[0-9][0-9] | - | [0-9.]* | - | [0-9.]* |$' "$OUT"
ok $? "the table for a README has what is known of each model"
rapl-dump --header made/net-run-s1.ckpt >net.head
grep -q 'training.batch.*64' net.head && grep -q 'training.lr.*0.001' net.head
ok $? "settings reach the training"

sed 's/ 2  *training/ 3 training/' small.grid >longer.grid
t changed 0 '$grid plan made longer.grid ?.rapl && $grid make made >/dev/null &&
    find made -name "*-s?.rapl" -newermt @1700000001'
[ "$(cat "$OUT")" = made/net-run-s1.rapl ]
ok $? "a job whose line has changed is done again, alone"
sed 's,^net.*,line linear seed4 3 1 shuffle 2 - -,' small.grid >twice.grid
t twice 2 '$grid plan other twice.grid ?.rapl'
has 'line-shuffle-s2 is there twice'
t few 2 'echo v3 v3 seed4 25 1 run 1 - >few.grid; $grid plan other few.grid 1.rapl'
has 'v3: 9 columns are wanted'
t usage 2 '$grid dance made'
t beyond 2 '$grid run made 14'

# ---- the same jobs by Slurm: a controller and a node, of this test alone ----

finish()
{
    for f in slurmd slurmctld munged; do
        [ -s $f.pid ] || continue
        pid=$(cat $f.pid)
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null; do
            sleep .1
        done
    done
    cd / && rm -rf "$TMP"
}

# A port that nobody listens on.
port()
{
    python3 -c 'import socket; s = socket.socket(); s.bind(("", 0))
print(s.getsockname()[1])'
}

start_slurm()
{
    chmod 755 . # munged wants its socket's folder open to all
    dd if=/dev/urandom of=munge.key bs=128 count=1 2>/dev/null
    chmod 600 munge.key
    mkdir -p state spool
    host=$(hostname -s)
    export SLURM_CONF="$TMP/slurm.conf"
    cat >slurm.conf <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$TMP/munge.socket
CryptoType=crypto/munge
SlurmctldPort=$(port)
SlurmdPort=$(port)
SlurmctldPidFile=$TMP/slurmctld.pid
SlurmdPidFile=$TMP/slurmd.pid
SlurmctldLogFile=$TMP/slurmctld.log
SlurmdLogFile=$TMP/slurmd.log
StateSaveLocation=$TMP/state
SlurmdSpoolDir=$TMP/spool
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes=$host Default=YES
END
    munged --force --key-file="$TMP/munge.key" --socket="$TMP/munge.socket" \
        --pid-file="$TMP/munged.pid" --log-file="$TMP/munged.log" \
        --seed-file="$TMP/munge.seed" 2>>daemons.err &&
        slurmctld 2>>daemons.err && slurmd 2>>daemons.err || return 1
    tries=0
    until sinfo -h -t idle -o %n 2>/dev/null | grep -q .; do
        tries=$((tries + 1))
        [ $tries -lt 120 ] || return 1
        sleep .5
    done
}

missing=
for p in munged slurmctld slurmd sbatch sinfo; do
    command -v $p >/dev/null || missing="$missing $p"
done
if [ -n "$missing" ]; then
    echo "# SKIPPED: no Slurm here, lacking:$missing" >&2
    ok 0 "Slurm # SKIP lacking:$missing"
    done_testing
    exit
fi
trap finish EXIT
start_slurm
ok $? "a controller and a node of Slurm" || tail daemons.err ./*.log | sed 's/^/# /'
t array 0 '$grid plan slurm longer.grid ?.rapl && $grid run slurm 3 &&
    $grid slurm slurm && while squeue -h >queue && [ -s queue ]; do sleep .5; done'
has 'Submitted batch job'
[ "$(ls slurm/slurm-*.log | wc -l)" -eq 12 ]
ok $? "an array of the jobs that were left" || cat slurm/slurm-*.log | sed 's/^/# /'
t none-left 0 '$grid slurm slurm'
hasnt 'Submitted'
t same-table 0 '$grid table made >a && $grid table slurm >b && cmp a b'
done_testing
