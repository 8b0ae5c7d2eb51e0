# What the shell tests share; sourced by each tests/cli/*/*.t and
# tests/pipe/*.t, which are run by prove.  Each test works in a directory of
# its own that is gone afterwards.
#
#   t NAME EXIT 'COMMAND'   run the command with sh; it must exit with EXIT.
#                           Where NAME.out or NAME.err lies beside the test,
#                           standard output or error must be exactly that
#                           (UPDATE=1 rewrites it, for review).
#   has 'TEXT'              the output or the message of the last t holds TEXT
#   hasnt 'TEXT'            and does not hold TEXT
#   skip_all 'WHY'          leave, loudly, with all tests skipped
#   done_testing            the plan, at the end
#
# $ROOT is the checkout, $BIN its programs (in PATH), $SHARED the folder of
# recorded traces or empty, $OUT and $ERR what the last command printed.
set -u
ROOT=$(cd "$(dirname "$0")" && git rev-parse --show-toplevel 2>/dev/null) ||
    ROOT=$(cd "$(dirname "$0")/../.." && pwd)
[ -f "$ROOT/Makefile" ] || ROOT=$(cd "$(dirname "$0")/../../.." && pwd)
HERE=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$ROOT/build/release}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
BIN=$BUILD/bin
PATH=$BIN:$PATH
SHARED=
[ -d "$ROOT/../shared/data" ] && SHARED=$(cd "$ROOT/../shared" && pwd)
LC_ALL=C
TZ=UTC
# A program that ends, or dies with a message, leaves its memory to the kernel;
# leaks are what the unit tests and the fuzz targets look for.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export BUILD BIN PATH ROOT SHARED LC_ALL TZ ASAN_OPTIONS
TMP=$(mktemp -d "${TMPDIR:-/tmp}/rapl-test.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT
trap 'exit 1' INT TERM
cd "$TMP" || exit 1
OUT=$TMP/.out
ERR=$TMP/.err
COUNT=0

ok() # STATUS NAME
{
    COUNT=$((COUNT + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $COUNT - $2"
    else
        echo "not ok $COUNT - $2"
    fi
    return "$1"
}

same() # FILE EXPECTED NAME
{
    [ -e "$2" ] || return 0
    if [ -n "${UPDATE:-}" ]; then
        cp "$1" "$2"
    fi
    diff -u "$2" "$1" >"$TMP/.diff" 2>&1
    ok $? "$3" || sed 's/^/# /' "$TMP/.diff"
}

t() # NAME EXIT COMMAND
{
    sh -c "$3" >"$OUT" 2>"$ERR" </dev/null
    code=$?
    [ "$code" -eq "$2" ]
    ok $? "$1: exit $2" || {
        echo "# exit $code of: $3"
        head -20 "$ERR" | sed 's/^/# /'
    }
    same "$OUT" "$HERE/$1.out" "$1: output"
    same "$ERR" "$HERE/$1.err" "$1: messages"
}

has() # TEXT
{
    grep -qF -- "$1" "$OUT" "$ERR"
    ok $? "  says: $1" || cat "$OUT" "$ERR" | head -20 | sed 's/^/# /'
}

hasnt() # TEXT
{
    ! grep -qF -- "$1" "$OUT" "$ERR"
    ok $? "  does not say: $1"
}

skip_all() # WHY
{
    echo "1..0 # SKIP $1"
    echo "# SKIPPED: $1" >&2
    exit 0
}

done_testing()
{
    echo "1..$COUNT"
}
