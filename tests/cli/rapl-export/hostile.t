#!/bin/sh
# Clients of rapl-export that mean no good: they neither end it nor keep others
# away from it, nor does it miss a sample.
. "$(dirname "$0")/../../lib.sh"
python3 "$HERE/hostile.py"
COUNT=$(cat count) || COUNT=0
done_testing
