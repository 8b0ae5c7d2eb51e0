# What the tests of rapl-calibrate share: a model M of six sessions and four
# workloads of a machine of 24 CPUs, and recordings of another one of the kind,
# where all that is above idle is half as much again.

cat >map.yaml <<END
time: {column: t, unit: s}
channels:
  - {column: idle, name: cpu.idle, unit: "%"}
  - {column: user, name: cpu.user, unit: "%"}
  - {column: watts, name: "power:package-0", unit: W}
END

# A stream: busy share "ramp" (0 to 1 and back), or a number; watts of a curve,
# whose dynamic part is `scale` times as much, or none; and more labels.
record() # FILE ROWS SHARE SCALE [-l KEY=VALUE]...
{
    file=$1
    awk -v n="$2" -v share="$3" -v scale="$4" 'BEGIN {
        print "t,idle,user" (scale == "none" ? "" : ",watts")
        seed = 7
        for (i = 0; i < n; i++) {
            seed = (seed * 16807) % 2147483647
            b = share == "ramp" ? i % 40 / 39 : share
            printf "%d,%.4f,%.4f", 1700000000 + i, 100 - 100 * b, 100 * b
            busy = 24 * b
            w = 20 + scale * (15 * (busy < 1 ? busy : 1) + \
                60 * (1 - exp(-busy / 10))) + (seed % 1000 / 500 - 1)
            if (scale == "none") print ""; else printf ",%.3f\n", w
        }
    }' >log.csv
    [ "$4" = none ] && sed '/power/d' map.yaml >this.yaml || cp map.yaml this.yaml
    shift 4
    rapl-import -q --map this.yaml -l cpus=24 -l cpu_model='Xeon A' "$@" \
        -o sample.rapl log.csv &&
        rapl-window -q --features busy_cpus -d 1 -o "$file" sample.rapl
}

for session in 1 2 3 4 5 6; do
    for work in 1 2 3 4; do
        scale=$(awk "BEGIN { print .75 + .07 * $session + .04 * $work }")
        record part.win 120 ramp "$scale" -l session=$session -l run=$work \
            -l workload=$work && cat part.win
    done
done >train.win
t train 0 'rapl-train -q -c "$ROOT/configs/physical.yaml" -o M train.win'
record sweep.win 60 ramp 1.5 -l cpu_model='Xeon B'
record more.win 60 ramp 1.5 -l cpu_model='Xeon B' -l run=more
record unseen.win 200 ramp 1.5 -l cpu_model='Xeon B' -l run=unseen
record none.win 60 ramp none -l cpu_model='Xeon B'
record idle.win 200 0 1.5 -l cpu_model='Xeon B'
record full.win 60 1 1.5 -l cpu_model='Xeon B'

# The number behind a key of a checkpoint's metadata.
value() # FILE KEY [FIELD]
{
    rapl-dump --header "$1" | sed -n "s/^ *$2: \"\(.*\)\"/\1/p" |
        cut -d ' ' -f "${3:-1-}"
}
less() # A B NAME
{
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'
    ok $? "$3: $1 < $2"
}
narrowed() # FILE [BY]
{
    for load in half full; do
        less "$(value "$1" calibration.1.width90_w.$load 2)" \
            "$(value "$1" calibration.1.width90_w.$load 1)" "  $load load"
    done
}
mae() # MODEL
{
    rapl-infer -q "$1" --format tsv unseen.win | awk -F '\t' '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { d = $c["power_w"] - $c["measured_w"]; s += d < 0 ? -d : d; n++ }
        END { print s / n }'
}
