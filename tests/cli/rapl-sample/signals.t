#!/bin/sh
# Control groups, schedstat, cpufreq, each CPU: from a tree to features.
. "$(dirname "$0")/../../lib.sh"
[ -x "$BIN/rapl-window" ] || skip_all "rapl-window is not built"
on() # MACHINE: the options that record it
{
    echo "--proc $1/proc --sys $1/sys"
}
fixtures=$ROOT/tests/fixtures

t all 0 "rapl-sample $(on "$fixtures/machine-container") --cgroup box -n 1 --signals all | rapl-dump | tr ',' ' '"
has 'sched.run sched.wait cgroup.usage cgroup.user cgroup.system cgroup.memory cgroup.read cgroup.write'
has '2500001 6000000006 120000006 123456 100000 23456 1048576 4196 8392'
hasnt cpu0.user
t percpu 0 "rapl-sample $(on "$fixtures/machine-container") -n 1 --signals percpu | rapl-dump --format tsv | sed -n 1p | tr '\\t' ' '"
has 'cpu1.steal cpu3.user'
t v1 0 "rapl-sample $(on "$fixtures/machine-v1") -n 1 --signals stat --cgroup /box | rapl-dump"
has '312950814,223926669,89024144,65536,1010,2020'
t none 4 "rapl-sample $(on "$fixtures/machine-v1") -n 1 --cgroup /nothing -o a.rapl"
has "no control group '/nothing'"
[ ! -e a.rapl ]
ok $? "and nothing is written"
t why 0 "rapl-sample $(on "$fixtures/machine-container") --list"
has "the frequency probe is off: this processor's counter may change its rate (its flags lack constant_tsc nonstop_tsc)"
t help 0 "rapl-sample --help"
has '--cgroup PATH'

# What this machine shows of it comes through as features, within what can be.
features=cpu_spread,cpu_busiest
t here 0 "rapl-sample -q -i 20ms -n 8 --signals all,percpu -o here.rapl && rapl-dump --check here.rapl"
rapl-dump --header here.rapl >header
grep -q freq.cycles header && features=$features,cpu_ghz
grep -q sched.run header && features=$features,run_cpus,wait_tasks
grep -q cgroup.usage header && features=$features,cgroup_cpus,cgroup_share
t features 0 "rapl-window -q -d 1 --features $features here.rapl -o here.win && rapl-dump here.win"
awk -F, -v cpus="$(nproc --all)" '
NR == 1 { for (i = 3; i <= NF; i++) name[i] = $i; next }
{
    for (i = 3; name[i] != "label"; i++) {
        most = name[i] ~ /share|busiest/ ? 1 : name[i] == "cpu_ghz" ? 10 : \
            name[i] == "cpu_spread" ? cpus : 1e6
        least = name[i] == "cpu_ghz" ? .1 : 0
        if (!($i >= least && $i <= most)) print name[i] ": " $i
    }
}' "$OUT" >wrong
[ ! -s wrong ]
ok $? "features are within what can be" || sed 's/^/# /' wrong
done_testing
