#!/bin/sh
# stress-sweep plan: which runs a sweep has, and what the stress-ng here can do.
. "$(dirname "$0")/../../lib.sh"
SWEEPS=$ROOT/configs

# The original's names on 20 CPUs, by loops of their own.
awk 'BEGIN {
    split("0 5 10 20 40", five); split("0 10 20", half)
    split("0 20 40", two); split("0 1 2", few)
    for (a = 1; a <= 5; a++) for (b = 1; b <= 5; b++) for (c = 1; c <= 3; c++)
        for (d = 1; d <= 3; d++) for (v = 1; v <= 3; v++) for (h = 1; h <= 3; h++)
            printf "run_%d_of_2025-cpu%d-sys%d-io%d-pipe%d-vm%d-cache%d\n",
                ++i, five[a], five[b], half[c], two[d], few[v], half[h]
}' >names
t original 0 "stress-sweep plan --cpus 20 --list --format tsv $SWEEPS/sweep-original.yaml |
    sed 1d | cut -f 1 >have && cmp names have"
[ "$(wc -l <have)" -eq 2025 ]
ok $? "the original's sweep has 2,025 runs on 20 CPUs"
t command 0 "stress-sweep plan --cpus 20 --list --format tsv $SWEEPS/sweep-original.yaml |
    sed -n '2p;\$p'"
t small 0 "stress-sweep plan --cpus 2 --list --format tsv $SWEEPS/sweep-original.yaml |
    sed 1d | cut -f 1 | sed 's/^[^-]*-//' | sort | uniq -d | wc -l | grep -x 0"
for name in trial short; do
    t "$name" 0 "stress-sweep plan --cpus 8 --list $SWEEPS/sweep-$name.yaml"
done

# A stress-ng of ours: it says what is asked of it, and lacks one method.
mkdir bin
cat >bin/stress-ng <<'END'
#!/bin/sh
echo "$*" >>"$ASKED"
case "$*" in
--version) echo "stress-ng, version 0.99.1 (gcc 9, x86_64 Linux)" ;;
*fast10*) echo "syscall-method must be one of: all slow"; exit 1 ;;
*--cache*) echo "stress-ng: info:  [7] cache stressor will be skipped, not today"
    echo "stress-ng: error: [7] No stress workers invoked" ;;
esac
END
chmod +x bin/stress-ng
export ASKED="$TMP/asked"
t without 1 "PATH=$TMP/bin:$PATH stress-sweep plan --cpus 20 --format tsv \
    $SWEEPS/sweep-original.yaml | grep -v '^disk free\|^energy'; \
    PATH=$TMP/bin:$PATH stress-sweep plan $SWEEPS/sweep-original.yaml >out"
[ "$(grep -c -- --dry-run asked)" -eq 12 ]
ok $? "each stressor is asked once a plan"
t none 4 "PATH=$BIN stress-sweep plan $SWEEPS/sweep-original.yaml"

# Faults of a file are said with their line.
sweep() { printf '%b' "times: {run: 3s, cool_down: 0}\nparts:\n$1" >bad.yaml; }
sweep '  - combine: [{stressor: cpu, levels: [0, N/0]}]\n'
t share 3 "stress-sweep plan bad.yaml"
sweep '  - pattern: sinus\n'
t pattern 3 "stress-sweep plan bad.yaml"
sweep '  - combine: [{stressor: "../x", levels: 1}]\n'
t word 3 "stress-sweep plan bad.yaml"
sweep '  - program: gzip\n    comand: gzip\n'
t key 3 "stress-sweep plan bad.yaml"
sweep '  - idle: long\n    times: {run: 9}\n'
t unit 3 "stress-sweep plan bad.yaml"
{
    printf 'parts:\n  - combine:\n'
    for name in a b c d e f; do
        echo "      - {stressor: $name, levels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}"
    done
} >bad.yaml
t many 3 "stress-sweep plan bad.yaml"
sweep '  - combine: [{stressor: cpu, levels: 1}, {stressor: cpu, levels: 2}]\n'
t twice 3 "stress-sweep plan bad.yaml"
sweep '  - {pattern: sine, step: 100ms, times: {run: 7d}}\n'
t steps 3 "stress-sweep plan bad.yaml"
has "bad.yaml:3: more than 100000 steps a run"
sweep '  - {idle: long, count: 1000, times: {run: 7d}}\n'
t years 3 "stress-sweep plan bad.yaml"
has "takes more than 10 years"
sweep '  - program: x\n    command: "true"\n    needs: no-such-program-here\n'
t missing 1 "stress-sweep plan --format tsv bad.yaml | grep cannot; stress-sweep plan bad.yaml >out"
has "program no-such-program-here: not in PATH"

# The order follows from the seed.
for n in 1 2 3; do
    stress-sweep plan --cpus 4 --list --format tsv --set seed=$((n / 2)) \
        "$SWEEPS/sweep-trial.yaml" | cut -f 1 >order.$n
done
t order 0 "cmp order.2 order.3 && ! cmp -s order.1 order.2 &&
    sort order.1 >a && sort order.3 | cmp - a"
t verb 2 "stress-sweep $SWEEPS/sweep-trial.yaml"
t full 4 "stress-sweep plan --list $SWEEPS/sweep-trial.yaml >/dev/full"
done_testing
