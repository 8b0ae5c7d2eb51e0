#!/usr/bin/env python3
"""Are these lines OTLP metrics of the three predictions that monitoring.t made?

By what the protocol says of its JSON: names in lowerCamelCase, 64-bit numbers
as strings, attributes as lists of keys and values. Where Python has the
protocol's own definition, that reads each line as well.
"""
import json
import sys

T = [str(1_700_000_001_000_000_000 + i * 10**9) for i in range(3)]
lines = open(sys.argv[1]).read().splitlines()
assert len(lines) == 3, len(lines)


def keyed(attributes):
    assert isinstance(attributes, list)
    for a in attributes:
        assert set(a) == {"key", "value"} and set(a["value"]) == {"stringValue"}
    return {a["key"]: a["value"]["stringValue"] for a in attributes}


for i, line in enumerate(lines):
    (resource,) = json.loads(line)["resourceMetrics"]
    assert keyed(resource["resource"]["attributes"]) == {"host.name": "h"}
    (scope,) = resource["scopeMetrics"]
    assert scope["scope"]["name"] == "decode-rapl"
    got = {}
    for metric in scope["metrics"]:
        assert set(metric) == {"name", "unit", "gauge"}, metric
        for point in metric["gauge"]["dataPoints"]:
            assert set(point) == {"timeUnixNano", "asDouble", "attributes"}
            assert point["timeUnixNano"] == T[i], point
            a = keyed(point["attributes"])
            got[metric["name"], a.get("zone"), a.get("source")] = point["asDouble"]
            assert a.get("model", "0123456789ab") == "0123456789ab"
    expected = {
        ("decode_rapl_watts", "package", "predicted"): 30 if i == 1 else 20,
        ("decode_rapl_watts", "dram", "predicted"): 4,
        ("decode_rapl_lower_watts", "dram", None): 3,
        ("decode_rapl_upper_watts", "dram", None): 5,
        ("decode_rapl_idle_watts", "package", None): 8,
        ("decode_rapl_support_ratio", None, None): 1,
        ("decode_rapl_sample_interval_seconds", None, None): 1}
    if i != 1:
        expected |= {("decode_rapl_watts", "package", "measured"): 21,
                     ("decode_rapl_watts", "dram", "measured"): 4.5,
                     ("decode_rapl_lower_watts", "package", None): 16,
                     ("decode_rapl_upper_watts", "package", None): 24}
    assert got == expected, (got, expected)
try:
    from google.protobuf import json_format
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
except ImportError:
    print("3 lines (no opentelemetry.proto here to read them too)")
else:
    for line in lines:
        json_format.Parse(line, MetricsData())
    print("3 lines, which opentelemetry.proto reads")
