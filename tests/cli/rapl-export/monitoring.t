#!/bin/sh
# What others are given to work with: the page, the dashboard, the rules, the
# configurations. Each speaks of metrics and labels that there are.
. "$(dirname "$0")/../../lib.sh"
files=$ROOT/pipelines/monitoring
stream="python3 $ROOT/tests/bad/write_stream.py prediction"

# A page with all that there is: two zones, measured, all intervals, idle.
$stream targets=package,dram model=m model_sha256=0123456789abcdef \
    trained_on='run train' host=h window.target=package,dram \
    +lower50,W,f32,gauge +upper50,W,f32,gauge +lower80,W,f32,gauge \
    +upper80,W,f32,gauge +idle,W,f32,gauge +power.dram,W,f32,gauge \
    +lower.dram,W,f32,gauge +upper.dram,W,f32,gauge +measured.dram,W,f32,gauge \
    >a.pred <<END
1700000001000000000 18 22 17 23 8  4 3 5 4.5  20 16 24 1 21 1 0
1700000002000000000 18 22 17 23 8  4 3 5 nan  30 nan nan 1 nan 1 0
1700000003000000000 18 22 17 23 8  4 3 5 4.5  20 16 24 1 21 1 0
END
rapl-export --print a.pred >page
printf '' | $stream targets=package | rapl-export --print >stale
python3 "$HERE/monitoring.py" page "$ROOT" >names
ok $? "the manual, the dashboard and the rules name metrics and labels that there are" ||
    sed 's/^/# /' names

if command -v promtool >/dev/null; then
    t check-metrics 0 'promtool check metrics <page'
    [ ! -s "$OUT" ] && [ ! -s "$ERR" ]
    ok $? "promtool check metrics has nothing to say" || cat "$OUT" "$ERR" | sed 's/^/# /'
    t check-stale 0 'promtool check metrics <stale'
    [ ! -s "$OUT" ] && [ ! -s "$ERR" ]
    ok $? "nor of stale input" || cat "$OUT" "$ERR" | sed 's/^/# /'
    grep -v '^# HELP decode_rapl_watts' page >bad
    t check-bad 3 'promtool check metrics <bad'
    t rules 0 "promtool check rules $files/rules.yml"
    t config 0 "promtool check config $files/prometheus.yml"
    t dashboard 0 'promtool check rules dashboard.yml'
    cp "$files/rules.yml" .
    cp "$HERE/alerts.yml" .
    t alerts 0 'promtool test rules alerts.yml'
else
    ok 0 "promtool # SKIP there is none"
fi

# As OTLP: by jq, for a collector's otlpjsonfile receiver.
if command -v jq >/dev/null; then
    t otlp 0 "rapl-dump --format jsonl --labels host,targets,model_sha256 a.pred |
        jq -c -f $files/otlp.jq >otlp.jsonl"
    python3 "$HERE/otlp.py" otlp.jsonl >"$OUT" 2>"$ERR"
    ok $? "OTLP metrics: $(tail -n 1 "$OUT")" || sed 's/^/# /' "$ERR"
else
    ok 0 "otlp.jq # SKIP there is no jq"
fi

# By a real collector, as the configuration that is shipped says.
collector=${OTELCOL:-$(command -v otelcol-contrib || command -v otelcol)}
if [ -n "$collector" ]; then
    python3 "$HERE/collector.py" "$collector" "$files/otel-collector.yaml" >"$OUT" 2>"$ERR"
    ok $? "a collector's filelog receiver takes rapl-dump's JSON lines" ||
        cat "$OUT" "$ERR" | sed 's/^/# /'
else
    ok 0 "a collector # SKIP there is no otelcol-contrib"
fi
done_testing
