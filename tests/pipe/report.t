#!/bin/sh
# make report: an experiment as one page that is whole in itself.  LONG=1 lays it out
# in headless Chromium, where that is installed, at 400 and at 1600 pixels.
. "$(dirname "$0")/../lib.sh"
command -v gnuplot >/dev/null || skip_all "no gnuplot"
unset MAKEFLAGS MAKELEVEL MFLAGS
cd "$TMP" || exit 1

for run in 1 2 3 4 5 6; do
    awk -v s="$run" -v w=$((run % 2)) 'BEGIN {
        print "timestamp_unix,user_percent,system_percent,iowait_percent," \
            "ctx_switches_per_sec,package_power_watts"
        for (i = 0; i < 100; i++) {
            s = (s * 16807) % 2147483647
            user = s % 900 / 10
            printf "%d,%.1f,%.1f,0,%d,%.3f\n", 1700000000 + i, user, s % 70 / 10,
                100 + s % 5000, 20 + .5 * user + w
        }
    }' >"$run.csv"
    rapl-import -q --from original -l workload="w$((run % 2))<b>&amp;" -l run=r$run \
        "$run.csv" -o "$run.rapl"
done
cat >small.grid <<'END'
line linear seed4 3  1 shuffle,run,leave:workload 1 - -
line1 linear seed4 1 1 leave:workload 1 - -
net v3 seed4 25 1 run 1 50%,50% 2 training.batch=64
END
sh "$ROOT/pipelines/grid" plan made small.grid ?.rapl &&
    sh "$ROOT/pipelines/grid" make made -j 2 >"$OUT" 2>"$ERR" &&
    sh "$ROOT/pipelines/grid" table made >"$OUT" 2>>"$ERR"
ok $? "an experiment" || sed 's/^/# /' "$ERR"

t report 0 'make -s -f "$ROOT/pipelines/report.mk" -C "$ROOT" OUT="$PWD/made" BIN="$BIN"'
[ -s made/report.html ] && [ ! -e made/report.html.part ]
ok $? "made/report.html is there"

# Tags in pairs, ids once, anchors that are there; nothing that a browser would
# fetch or run.
cat >check.py <<'END'
import html.parser, re, sys
VOID = {"meta", "br", "link", "img"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.to, self.bad, self.count = [], set(), [], [], {}
    def seen(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag in ("script", "link", "img", "iframe", "object", "embed", "image", "base"):
            self.bad.append("<%s>" % tag)
        for name, value in attrs:
            if name == "id":
                if value in self.ids:
                    self.bad.append("id twice: " + value)
                self.ids.add(value)
            elif name in ("href", "xlink:href"):
                (self.to if value.startswith("#") else self.bad).append(value)
            elif name in ("src", "srcset", "data", "action") or name.startswith("on"):
                self.bad.append(name)
            self.to += re.findall(r"url\((#[^)]*)\)", value or "")
            if re.search(r"url\([^#]|https?:", value or ""):
                self.bad.append(value)
    def handle_starttag(self, tag, attrs):
        self.seen(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        self.seen(tag, attrs)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append("</%s> at %s" % (tag, self.getpos()))
text = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(text)
page.close()
page.bad += page.open + [a for a in page.to if a[1:] not in page.ids]
page.bad += re.findall(r"@import.*|xmlns.*", text)[:3]
if not text.startswith("<!DOCTYPE html>") or "default-src 'none'" not in text:
    page.bad.append("no doctype, or no policy")
print("svg=%d table=%d" % (page.count.get("svg", 0), page.count.get("table", 0)))
print("\n".join(page.bad))
sys.exit(bool(page.bad))
END
t whole 0 'python3 check.py made/report.html'
has 'svg=13 '
t checked 1 'sed "s/<main>/<main><img src=x>/" made/report.html >bad.html; python3 check.py bad.html'
for text in 'The generalisation gap' 'Splits side by side' 'w0&lt;b&gt;&amp;amp;' \
    'id="model-net"' 'trained_on' 'held out: leave:workload'; do
    grep -qF -- "$text" made/report.html
    ok $? "the page has '$text'"
done

# The command below a figure makes it.
python3 - >commands <<'END'
import html, re
text = open("made/report.html", encoding="utf-8").read()
for c in re.findall(r"<figcaption>.*?<code>(.*?)</code>", text, re.S):
    print(html.unescape(c))
END
t commands 0 'wc -l <commands; cd "$ROOT" && n=0; while read -r c; do n=$((n + 1));
    sh -c "${c%>figure*} >$TMP/figure-$n.svg" || exit; done <"$TMP/commands"; ls "$TMP"/figure-*.svg | wc -l'
has 13
t none 2 'sh "$ROOT/pipelines/report" .'
has 'has no jobs'

# ---- a real browser ----

chromium=$(command -v chromium || command -v chromium-browser)
if [ -z "${LONG:-}" ]; then
    ok 0 "laid out in Chromium # SKIP LONG=1 does"
elif [ -z "$chromium" ]; then
    ok 0 "laid out in Chromium # SKIP it is not installed"
    echo "# SKIPPED: no chromium, so the report is not laid out" >&2
else
    t laid-out 0 'python3 "$ROOT/tests/browser.py" made/report.html 400 1600'
    has 'measured width=400 over=0 outside=0 loaded=0'
    sed 's/<main>/<main><div style="width:50rem">wide<\/div>/' made/report.html >wide.html
    t too-wide 1 'python3 "$ROOT/tests/browser.py" wide.html 400'
    has 'DIV wide'
fi
done_testing
