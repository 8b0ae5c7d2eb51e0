#!/usr/bin/env python3
"""Hold what is said of metrics against a page that has them all.

    monitoring.py PAGE ROOT

Prints what is wrong; writes dashboard.yml, the queries of the dashboard as
rules, which promtool parses.
"""
import json
import re
import sys

page, root = open(sys.argv[1]).read(), sys.argv[2]
LATER = "decode_rapl_last_sample_age_seconds"  # not in a page that is printed
NAME = re.compile(r"decode_rapl_[a-z_]+")
bad = []


def labels_of(series):
    return dict(re.findall(r'(\w+)="([^"]*)"', series))


metrics, labels = {LATER}, {"instance", "job"}
for line in page.splitlines():
    if line[0] != "#":
        metrics.add(NAME.match(line).group())
        labels |= labels_of(line).keys()
typed = set(re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", page, re.M))
helped = set(re.findall(r"^# HELP (\w+) \S", page, re.M))
if not typed == helped == metrics - {LATER}:
    bad.append("a metric without type, help or value: "
               f"{typed ^ helped | typed ^ (metrics - {LATER})}")

manual = open(f"{root}/doc/man/rapl-export.1").read()
told = set()
for line in re.findall(r"^\.It Cm (.*)", manual.split(".Ss The server")[0], re.M):
    told |= {"decode_rapl_" + name for name in line.split(" , ")}
if told != metrics:
    bad.append(f"the manual and the page differ: {sorted(told ^ metrics)}")


def check(where, query):
    for name in NAME.findall(re.sub(r"\w+:decode_rapl\w+(:\w+)?", "", query)):
        if name not in metrics:
            bad.append(f"{where}: no such metric: {name}")
    inner = re.findall(r"\{([^}]*)\}", query)
    inner += re.findall(r"(?:on|by|group_left|ignoring) *\(([^)]*)\)", query)
    for group in inner:
        for label in re.findall(r"(\w+) *(?:=~|=|!=|,|$)", group):
            if label not in labels:
                bad.append(f"{where}: no such label: {label}: {query}")


dashboard = json.load(open(f"{root}/pipelines/monitoring/grafana.json"))
queries = []
ids = [p["id"] for p in dashboard["panels"]]
if len(set(ids)) != len(ids):
    bad.append("two panels of one id")
variables = {v["name"] for v in dashboard["templating"]["list"]}
for v in dashboard["templating"]["list"]:
    if v["type"] == "query":
        check(v["name"], v["definition"].replace("label_values", ""))
        if not re.search(r", (\w+)\)$", v["definition"]).group(1) in labels:
            bad.append(f"{v['name']}: {v['definition']}: no such label")
taken = set()
for panel in dashboard["panels"]:
    g = panel["gridPos"]
    for x in range(g["x"], g["x"] + g["w"]):
        for y in range(g["y"], g["y"] + g["h"]):
            if (x, y) in taken or x >= 24:
                bad.append(f"{panel['title']}: lies on another panel, or outside")
            taken.add((x, y))
    if not panel["description"] or not panel["targets"]:
        bad.append(f"{panel['title']}: says nothing")
    for target in panel["targets"]:
        check(panel["title"], target["expr"])
        queries.append(target["expr"])
        for name in re.findall(r"\$(\w+)", json.dumps(target)):
            if name not in variables | {"__rate_interval"}:
                bad.append(f"{panel['title']}: no such variable: ${name}")
text = json.dumps(dashboard)
for name in set(re.findall(r"\$\{(\w+)\}", text)) - variables:
    bad.append(f"no such variable: ${{{name}}}")
shown = {name for query in queries for name in NAME.findall(query)}
if metrics - shown - {"decode_rapl_last_sample_timestamp_seconds"}:
    bad.append(f"the dashboard does not show {sorted(metrics - shown)}")
for path in ("pipelines/monitoring/rules.yml", "doc/export.md"):
    text = open(f"{root}/{path}").read()
    if path.endswith(".md"):
        for query in re.findall(r"`(?=[^`]*decode_rapl_(?!export_state))([^`]*)`", text):
            check(path, query)
    else:
        for rule in re.split(r"- (?:record|alert): ", text)[1:]:
            query = rule.split("expr: ")[1]
            check(path, re.split(r"\n *(?:for|labels|#)", query)[0])
with open("dashboard.yml", "w") as f:
    f.write("groups:\n- name: dashboard\n  rules:\n")
    for i, query in enumerate(queries):
        query = query.replace("$__rate_interval", "1m")
        query = re.sub(r"\$\w+", ".*", query)
        f.write(f"  - record: panel:{i}\n    expr: {json.dumps(query)}\n")
print("\n".join(bad) or f"{len(queries)} queries, {len(metrics)} metrics")
sys.exit(bool(bad))
