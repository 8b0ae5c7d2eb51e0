#!/usr/bin/env python3
"""Let an OpenTelemetry collector read rapl-dump's JSON lines.

    collector.py COLLECTOR CONFIG

Its filelog receiver is configured as CONFIG has it, but for the folder, and
sends to a server here, which looks at what came.
"""
import http.server
import json
import os
import re
import subprocess
import sys
import threading

collector, config = sys.argv[1:]
os.mkdir("logs")
receiver = re.search(r"  filelog:\n(?:    .*\n)+", open(config).read()).group()
receiver = receiver.replace("/var/log/decode-rapl", os.path.abspath("logs"))
came, done = [], threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in body["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                came.extend(scope["logRecords"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")
        if len(came) >= 3:
            done.set()

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open("collector.yaml", "w") as f:
    f.write(f"""receivers:
{receiver}exporters:
  otlphttp:
    endpoint: http://127.0.0.1:{server.server_port}
    encoding: json
    compression: none
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [filelog], exporters: [otlphttp]}}
""")
with open("logs/a.jsonl", "w") as f:
    subprocess.run(["rapl-dump", "--format", "jsonl", "a.pred"], stdout=f,
                   check=True)
p = subprocess.Popen([collector, "--config", "collector.yaml"],
                     stderr=open("collector.log", "w"))
good = done.wait(60)
p.terminate()
p.wait()
if not good:
    sys.exit(open("collector.log").read())
came.sort(key=lambda r: int(r["timeUnixNano"]))
for i, record in enumerate(came):
    values = {a["key"]: a["value"] for a in record["attributes"]}
    assert abs(int(record["timeUnixNano"]) - (1_700_000_001 + i) * 10**9) < 1000
    assert values["power"]["doubleValue"] == (30 if i == 1 else 20), values
    assert values["idle"]["doubleValue"] == 8, values
assert len(came) == 3
