# What the benchmark scripts share; sourced by tests/bench/bench-*.

row() # WHAT PROMISE MEASURED WORD
{
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"
}

at_most() # MEASURED LIMIT: ok or no
{
    awk -v a="$1" -v b="$2" 'BEGIN { print (a <= b ? "ok" : "no") }'
}

at_least() # MEASURED LIMIT: ok or no
{
    awk -v a="$1" -v b="$2" 'BEGIN { print (a >= b ? "ok" : "no") }'
}

# Run COMMAND (with -v) N times; prints the least CPU seconds and the largest
# peak MiB that it said at its end.  The least, for others may use the machine.
cost() # N COMMAND...
{
    times=$1
    shift
    while [ "$times" -gt 0 ]; do
        "$@" 2>&1 >/dev/null | sed -n 's/.* \([0-9.]*\) s CPU, \([0-9]*\) MiB peak.*/\1 \2/p'
        times=$((times - 1))
    done | awk 'NR == 1 || $1 < cpu { cpu = $1 } $2 > peak { peak = $2 }
        END { print cpu, peak }'
}

divide() # A B FORMAT
{
    awk -v a="$1" -v b="$2" -v f="$3" 'BEGIN { printf f, a / b }'
}
