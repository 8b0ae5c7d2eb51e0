#!/bin/sh
# Who may include whom, and one place for every library that is not ours.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

# Print every include that the layers forbid, as file: include.
find tools common formats tests -name '*.[ch]' -exec \
    grep -H '^ *# *include' {} + | awk -F: '
BEGIN {
    allow["tools"] = "tools|formats|common/.*"
    allow["formats"] = "formats|common/base|common/math"
    allow["common/nn"] = "common/nn|common/math|common/base"
    allow["common/gbdt"] = "common/gbdt|common/math|common/base"
    allow["common/probe"] = "common/probe|common/base"
    allow["common/physical"] = "common/physical|common/math|common/base"
    allow["common/estimator"] = "formats|common/.*"
    allow["common/recorder"] = "common/recorder|formats|common/probe|common/base"
    allow["common/export"] = "common/export|formats|common/base"
    allow["common/sweep"] = "common/sweep|formats|common/probe|common/base"
    allow["common/live"] = "common/live|formats|common/math|common/base"
    allow["common/plot"] = "common/plot|formats|common/math|common/base"
    allow["common/math"] = "common/math|common/base"
    allow["common/base"] = "common/base"
    allow["tests"] = "tests/.*|formats|common/.*"
    place["zstd.h"] = place["zstd_errors.h"] = "formats/frame.c"
    place["yaml.h"] = "formats/config.c"
    place["csv.h"] = "formats/csv.c"
    place["formats/onnx.pb-c.h"] = "formats/onnx.c"
    place["microhttpd.h"] = "common/export/server.c"
    place["xgboost/c_api.h"] = "common/gbdt/library.c"
    place["curses.h"] = place["term.h"] = "common/live/screen.c"
    place["cblas.h"] = place["openblas_config.h"] = "common/math/blas.c"
}
function folder(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}
{
    layer = folder($1)
    if ($1 ~ /^tests\//)
        layer = "tests"
    name = $2
    gsub(/^[^"<]*["<]|[">].*$/, "", name)
    ours = $2 ~ /"/
    if (ours && !(layer in allow))
        print "folder " $1 ": of no known layer: " name
    else if (ours && folder(name) !~ "^(" allow[layer] ")$")
        print "layer " $1 ": " name
    if (!ours && name in place && $1 != place[name])
        print "library " $1 ": " name
    if (!ours && name ~ /^(zlib|sha2|sha256|md5)\.h$/ && where[name]++)
        print "library " $1 ": " name " (a second place)"
}' >"$TMP/bad"

for kind in layer folder library; do
    ! grep "^$kind " "$TMP/bad" | sed 's/^/# /' | grep .
    ok $? "no include breaks the $kind rule"
done

# Programs get paths from their users; data folders are not theirs to know.
! grep -nE '"[./]*(configs|pipelines|checkpoints)/' -r tools common formats \
    --include='*.[ch]' | sed 's/^/# /' | grep .
ok $? "no path into configs/, pipelines/, checkpoints/ in C"

# Below tools/ nothing prints or exits, but for what exists to do so.
! grep -nE '\b(printf|puts|putchar|perror|exit|_exit|abort)\(|\bstderr\b' \
    -r common formats --include='*.c' |
    grep -vE '^common/base/(cli|log|progress|xalloc|stop|child|process)\.c:|^[^:]*:[0-9]*: *(/?\*|//)' |
    sed 's/^/# /' | grep .
ok $? "nothing below tools/ prints or exits"
done_testing
