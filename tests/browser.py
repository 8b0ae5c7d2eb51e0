#!/usr/bin/env python3
"""Lay a page out in headless Chromium, and say what it would load and what
reaches beyond its width:  browser.py PAGE WIDTH...

The page stands in a frame of that width, in a copy to which a script that
measures is appended; exit 1 where anything is loaded or overflows."""
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile

MEASURE = """<script>
addEventListener("load", function () {
  var w = document.documentElement.clientWidth, bad = [];
  document.querySelectorAll("details").forEach(function (x) { x.open = true; });
  document.querySelectorAll("body *").forEach(function (x) {
    if (x.parentElement.closest(".wide")) return;  /* it scrolls by itself */
    var r = x.getBoundingClientRect();
    if (r.width && (r.right > w + 1 || r.left < -1))
      bad.push(x.tagName + " " + x.textContent.slice(0, 40).trim());
  });
  var loaded = performance.getEntriesByType("resource").map(function (x) { return x.name; });
  var over = document.documentElement.scrollWidth - w;
  parent.postMessage("measured width=" + innerWidth + " over=" + over + " outside=" +
    bad.length + " loaded=" + loaded.length + " " + bad.concat(loaded).slice(0, 5).join("; "), "*");
});
</script>"""
OUTER = """<!DOCTYPE html><body style="margin:0"><script>
addEventListener("message", function (m) {
  document.body.setAttribute("data-measured", m.data);
});
</script><iframe src="page.html" style="border:0;width:%dpx;height:900px"></iframe>"""


def measure(chromium, page, width):
    with tempfile.TemporaryDirectory() as folder:
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        with open(os.path.join(folder, "page.html"), "w", encoding="utf-8") as f:
            f.write(text + MEASURE)
        with open(os.path.join(folder, "outer.html"), "w", encoding="utf-8") as f:
            f.write(OUTER % width)
        dom = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu",
             "--user-data-dir=" + os.path.join(folder, "profile"),
             "--window-size=%d,1000" % max(width, 600), "--virtual-time-budget=20000",
             "--dump-dom", "file://" + os.path.join(folder, "outer.html")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300, check=True).stdout
    found = re.search(r'data-measured="([^"]*)"', dom.decode("utf-8", "replace"))
    return html.unescape(found.group(1)) if found else "nothing was measured"


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with open(sys.argv[1], encoding="utf-8") as f:
        page = f.read()
    good = True
    for width in map(int, sys.argv[2:]):
        said = measure(chromium, page, width)
        print(said)
        good &= said.startswith("measured width=%d over=0 outside=0 loaded=0" % width)
    return 0 if good else 1


sys.exit(main())
