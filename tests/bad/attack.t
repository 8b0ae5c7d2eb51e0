#!/bin/sh
# Every program that reads a thing, given that thing damaged or hostile.
. "$(dirname "$0")/../lib.sh"
python3 "$HERE/attack.py"
COUNT=$(cat count) || COUNT=0
done_testing
