#!/bin/sh
# A real Prometheus scrapes rapl-export, asks what the dashboard asks, and sees
# gaps where there are some.
. "$(dirname "$0")/../../lib.sh"
command -v prometheus >/dev/null || skip_all "no prometheus"
python3 "$HERE/prometheus.py"
COUNT=$(cat count) || COUNT=0
done_testing
