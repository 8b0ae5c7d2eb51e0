#!/bin/sh
# rapl-export as those see it who ask over the network, friends and others.
. "$(dirname "$0")/../../lib.sh"
python3 "$HERE/serve.py"
COUNT=$(cat count) || COUNT=0
done_testing
