#!/bin/sh
# rapl-calibrate: what it refuses, and why.
. "$(dirname "$0")/../../lib.sh"
. "$HERE/lib.sh"

refuse() # CODE TEXT ARGUMENTS
{
    t "$3" "$1" "rapl-calibrate $3 -o x.ckpt"
    has "$2"
    [ ! -e x.ckpt ] && [ "$(wc -l <"$ERR")" -eq 1 ]
    ok $? '  in one line, and nothing is written'
}

# Usage.
refuse 2 'no model' ''
refuse 2 '--idle: 21 of what? write 21W' 'M --idle 21'
refuse 2 '--full: -3W is no wattage' 'M --full -3W'
for share in 5 '' x% 0% 100% nan%; do
    refuse 2 "'$share' is no share of the watts; write 5%" \
        "M --idle 21W --anchor-error '$share'"
done
for share in 4 4/ /4 5/4 0/4 4/x; do
    refuse 2 "'$share' is no share; write 4/24" "M --share '$share'"
done
refuse 2 'give one of' 'M --share 4/24 --host-cpus 24'
refuse 2 'give one of' 'M --share 4/24 --cpus 24'
refuse 2 'cpus' 'M --cpus 0 --idle 21W'
t itself 2 'rapl-calibrate M sweep.win -o M'
t evidence 2 'rapl-calibrate M --idle idle.win -o idle.win'
t missing 4 'rapl-calibrate M gone.win -o x.ckpt'
has 'gone.win'

# Anchors that are none.
record unsettled.win 200 0 1.5
awk 'NR == 1 { print; next } { $0 = $0; split($0, f, ",")
    printf "%s,%s,%s,%.3f\n", f[1], f[2], f[3], f[4] + 10 * exp(-NR / 60) }' \
    log.csv >falling.csv
rapl-import -q --map map.yaml -l cpus=24 -o falling.rapl falling.csv
rapl-window -q --features busy_cpus -d 1 -o falling.win falling.rapl
record short.win 30 0 1.5
record half.win 150 .5 1.5
refuse 3 'idle has not settled: it fell from' 'M --idle falling.win'
refuse 3 '30 rows do not show that idle has settled' 'M --idle short.win'
refuse 3 'not idle: 12.00 CPUs are busy' 'M --idle half.win'
refuse 3 'the load is not full: 12.0 of 24 CPUs are busy' 'M --full half.win'

# Evidence that contradicts itself, or all that is known.
refuse 3 'one of them is wrong' 'M --cpus 24 --idle 60W --full 20W'
refuse 3 'with 24 CPUs they draw 1.2 to 1400 W' 'M --cpus 24 --full 3000W'
refuse 3 'contradicts what is known of machines' 'M --cpus 24 --full 1W'
refuse 3 'contradicts what is known of machines' 'M --cpus 24 --idle 3000W'
refuse 3 'of them is wrong' 'M --cpus 24 --idle 300W --full 300W'
refuse 3 'contradict what is known of this machine' 'M --full 600W sweep.win'
t sure 0 'rapl-calibrate -q M sweep.win -o sure.ckpt'
refuse 3 'contradict what is known of this machine' 'sure.ckpt --full 600W'
refuse 3 'contradict what is known of this machine' 'M --full 60W sweep.win'
record one.win 60 ramp .7
record other.win 60 ramp 4
refuse 3 'the measured watts contradict one another' 'M one.win other.win'

# Other machines, other models.
record cpu.win 60 ramp 1.5 -l cpu_model='Xeon C'
refuse 3 "the processor is 'Xeon C' after 'Xeon B'" 'M sweep.win cpu.win'
record small.win 60 ramp 1.5 -l cpus=8
refuse 3 'a machine of 8 CPUs after one of 24' 'M sweep.win small.win'
refuse 3 'of a machine of 24 CPUs, and the one of --cpus has 8' \
    'M --cpus 8 sweep.win'
rapl-window -q --features busy_pct -d 1 -o kind.win sample.rapl
refuse 3 "not the model's windows" 'M kind.win'
rapl-train -q -c "$ROOT/configs/linear.yaml" -o linear.ckpt train.win
refuse 3 'a model of the family linear cannot be calibrated' \
    'linear.ckpt sweep.win'
head -c 300 sweep.win >cut.win
refuse 3 'cut.win' 'M cut.win'
refuse 3 'sweep.win' 'sweep.win sweep.win'
done_testing
