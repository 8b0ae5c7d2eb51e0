# Predictions as OTLP metrics, a line each, as an OpenTelemetry collector's
# otlpjsonfile receiver takes them:
#
#   rapl-dump --format jsonl --labels host,targets,model_sha256 FILE |
#       jq -c -f otlp.jq >metrics.jsonl

def pairs: to_entries
    | map(select(.value != null) | {key, value: {stringValue: .value}});

# One value at the row's time; none where it is not known.
def point($row; $value; $attributes):
    if $value == null then empty
    else {timeUnixNano: ($row.t_ns | tostring), asDouble: $value,
          attributes: ($attributes | pairs)} end;

def gauge($name; $unit; $points):
    if $points == [] then empty
    else {name: ("decode_rapl_" + $name), unit: $unit,
          gauge: {dataPoints: $points}} end;

. as $row
| (.model_sha256 | if . then .[:12] else null end) as $model
| ([{zone: ((.targets // "unknown") | split(",")[0]), end: ""}]
   + [keys_unsorted[] | select(startswith("power."))
      | {zone: ltrimstr("power."), end: ltrimstr("power")}]) as $zones
| {resourceMetrics: [{
    resource: {attributes: ({"host.name": .host} | pairs)},
    scopeMetrics: [{
      scope: {name: "decode-rapl"},
      metrics: [
        gauge("watts"; "W"; [$zones[]
          | point($row; $row["power" + .end];
                  {zone, source: "predicted", model: $model}),
            point($row; $row["measured" + .end];
                  {zone, source: "measured"})]),
        gauge("lower_watts"; "W"; [$zones[]
          | point($row; $row["lower" + .end]; {zone, model: $model, level: "0.9"})]),
        gauge("upper_watts"; "W"; [$zones[]
          | point($row; $row["upper" + .end]; {zone, model: $model, level: "0.9"})]),
        gauge("idle_watts"; "W";
          [point($row; $row.idle; {zone: $zones[0].zone, model: $model})]),
        gauge("support_ratio"; "1"; [point($row; $row.support; {model: $model})]),
        gauge("sample_interval_seconds"; "s"; [point($row; $row.dt; {})])
      ]}]}]}
