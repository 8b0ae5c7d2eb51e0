#!/bin/sh
# Features, labels, gaps, re-binning, segments that differ.
. "$(dirname "$0")/../../lib.sh"
PATH=$BUILD/bench:$PATH

make-samples 400 run=a workload=w cpus=20 >a.rapl
make-samples 50 run=g workload=w @gauges=1 @interval=1000 >g.rapl
make-samples 100 run=v @energy=0 >guest.rapl

t first 0 'rapl-window --features seed4,busy_cpus -d 3 a.rapl |
    rapl-dump --format tsv | head -4'
t gauges 0 'rapl-window --features seed4,busy_cpus -d 3 g.rapl |
    rapl-dump --format tsv | head -4'
t header 0 'rapl-window -d 3 -t 2 --split run a.rapl | rapl-dump --header |
    grep -v rapl-window'

# a guest has no label, and that is normal
t guest 0 'rapl-window -d 3 guest.rapl | rapl-dump --format tsv >guest.tsv'
t 'no labels' 0 'tail -n +2 guest.tsv | cut -f 11 | sort -u | grep -vx "[0-9].*"'
t 'a zone that is not there' 3 'rapl-window --target psys guest.rapl >/dev/null'
has "guest.rapl: run v: no zone 'psys'; there is no measured power at all"

# gaps: 400 samples, less the first, less the first after the gap
make-samples 400 run=a @gap=200 >gap.rapl
t 'a gap' 0 'rapl-window -v gap.rapl >w.rapl'
has '350 windows in 1 runs; 1 gaps'
has '398 out'
t 'the gap is marked' 0 'zstd -dcq w.rapl |
    python3 "$ROOT/tests/pipe/read_stream.py" | grep -c "^# mark 1" | grep -qx 1'
make-samples 400 run=a @reset=200 >reset.rapl
t 'a reset' 0 'rapl-window -v reset.rapl >w.rapl'
has '350 windows in 1 runs; 1 gaps'
make-samples 20 run=a >short.rapl
t 'nothing fits' 0 'rapl-window short.rapl >w.rapl'
has 'no window: no 25 rows stand in a row without a gap'

# skipping the start
t 'skip samples' 0 'rapl-window -v --skip-startup 100 a.rapl >w.rapl'
has '300 out'
t 'skip a time' 0 'rapl-window -v --skip-startup 1.6s a.rapl >w.rapl'
has '300 out'
t 'skip what' 2 'rapl-window --skip-startup 1.6 a.rapl'
t 'skip all' 0 'rapl-window -v --skip-startup 1000 a.rapl >w.rapl'
has '0 out'

# re-binning: what a coarser recording would have given, to the bit
make-samples 4000 run=a >fine.rapl
make-samples 4000 run=a @every=10 >coarse.rapl
t 're-binned' 0 'rapl-window --features seed4,log_intr,log_forks,steal_pct --interval 160ms \
        fine.rapl | rapl-dump --format tsv >a.tsv'
t 'recorded so' 0 'rapl-window --features seed4,log_intr,log_forks,steal_pct \
    coarse.rapl | rapl-dump --format tsv >b.tsv'
t 'the same' 0 '[ "$(wc -l <a.tsv)" -eq 400 ] && cmp a.tsv b.tsv'
t 'coarser than asked' 3 'rapl-window --interval 1ms a.rapl >/dev/null'
has 'a.rapl: run a: recorded every 16ms, which is coarser than the interval of 1ms'
t 'no multiple' 3 'rapl-window --interval 24ms a.rapl >/dev/null'
has 'recorded every 16ms, which 24ms is no multiple of'

# two segments with different channels follow each other
t 'cat' 0 'cat a.rapl g.rapl guest.rapl | rapl-window -v >w.rapl'
has '3 runs'
t 'and the files' 0 'rapl-window a.rapl g.rapl guest.rapl | rapl-dump --format tsv >a.tsv
    rapl-dump --format tsv w.rapl | cmp - a.tsv'
t 'one lacks a channel' 3 'rapl-window --features psi_cpu a.rapl >/dev/null'
has "a.rapl: run a: feature 'psi_cpu' needs channel 'psi.cpu', which was not recorded"
make-samples 30 run=z cpus=many >z.rapl
t 'cpus that are none' 3 'rapl-window a.rapl z.rapl >/dev/null'
has "z.rapl: run z: feature 'busy_cpus' needs the number of CPUs"
has '-l cpus=N'

t 'unknown' 2 'rapl-window --features usr_pct a.rapl'
has "rapl-window: --features: no feature or set 'usr_pct'; near: user_pct"
t 'bare metal' 2 'rapl-window --features package_power a.rapl'
has 'is never a feature'

# bad input
t empty 3 'rapl-window </dev/null >/dev/null'
t 'no samples' 3 'rapl-window -q a.rapl | rapl-window >/dev/null'
make-samples 20000 run=long >long.rapl
t truncated 3 'head -c 100000 long.rapl >cut.rapl; rapl-window cut.rapl >w.rapl'
has 'truncated'
t 'whole rows came' 0 'rapl-dump --allow-truncated --format tsv w.rapl | grep -q ^17'
t 'and who reads them knows that there should be more' 3 'rapl-dump --check w.rapl'
has 'truncated'
t 'the second file is missing' 4 'rapl-window a.rapl nowhere.rapl >w.rapl'
t 'the first came' 0 'rapl-dump --allow-truncated --format tsv w.rapl | grep -q ^17'
t 'that shows too' 3 'rapl-dump --check w.rapl'
has 'truncated'
t 'own input' 2 'cp a.rapl own.rapl; ln -s own.rapl link.rapl; rapl-window own.rapl -o link.rapl'
has 'link.rapl: is read and cannot be written at the same time'
t 'own input by stdin' 2 'rapl-window <own.rapl -o own.rapl'
t 'own input by append' 2 'rapl-window own.rapl >>own.rapl'
t 'closed stderr' 0 'rapl-window -v a.rapl -o w.rapl 2>&-; rapl-dump --check w.rapl'
t 'said in a file' 0 'echo "verbose: true" >c.yaml; rapl-window -c c.yaml a.rapl >w.rapl'
has 'windows in 1 runs'
t 'an age' 2 'rapl-window -i 100000d a.rapl >w.rapl'
has '--interval: at most a day'
t 'skip an age' 2 'rapl-window --skip-startup 100000d a.rapl >w.rapl'
t 'nothing was lost' 0 'cmp a.rapl own.rapl'
t 'allowed' 0 'rapl-window --allow-truncated cut.rapl a.rapl >w.rapl'
t 'full disk' 4 'rapl-window a.rapl >/dev/full'
t 'threads' 0 'rapl-window -o w1 --threads 1 a.rapl; rapl-window -o w2 --threads 2 a.rapl
    rapl-dump --format tsv w1 >a.tsv; rapl-dump --format tsv w2 | cmp - a.tsv'

# the start of a stream that is still being written comes through
t 'live' 0 'mkfifo in; rapl-window --features seed4 <in >out.rapl & window=$!
    exec 3>in
    zstd -dcq a.rapl | head -c -20 >&3
    for i in $(seq 600); do
        rapl-dump -q --allow-truncated --format tsv out.rapl 2>/dev/null |
            grep -q ^17 && break
        sleep 0.05
    done
    kill -INT $window; wait $window'
t 'and ends whole' 0 'rapl-dump --check out.rapl &&
    rapl-dump --format tsv out.rapl | grep -q ^17'

# options from a file
printf "features: seed4\ndelays: 7\n" >c.yaml
t 'config' 0 'rapl-window -c c.yaml -d 9 a.rapl | rapl-dump --header >h'
t 'the command line goes first' 0 'grep -q "delays: \"9\"" h &&
    grep -q "features: \"user_pct,system_pct,iowait_pct,log_ctxt\"" h'
done_testing
