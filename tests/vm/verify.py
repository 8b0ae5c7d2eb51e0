#!/usr/bin/env python3
"""Hold a recording against what the kernel module says was the truth.

    verify.py RANGE_UJ TRUTH ROWS.tsv WINDOWS.tsv

RANGE_UJ  where the counters wrap
TRUTH     "ZONE ENERGY_UJ" for every reading of a counter, oldest first, unwrapped
ROWS      rapl-dump --format tsv of the recording
WINDOWS   rapl-dump --windows --format tsv of its windows, labels of package-0

Every row must show what the kernel gave, and the sum of the recorded steps must
be the energy between the first reading and the last, to the uJ.  The watts of
each window must be the energy between two readings over the time between their
rows, as a float32 holds it.  Says what it found; exits 1 where that is wrong.
"""
import csv
import sys

FLOAT32 = 2.0**-22


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def readings(truth, shown, range_uj):
    """The reading behind each value that was recorded, the last ones first."""
    found = []
    i = len(truth)
    for value in reversed(shown):
        i -= 1
        while i >= 0 and truth[i] % range_uj != value:
            i -= 1
        if i < 0:
            raise SystemExit(f"# {value} uJ was recorded and never shown")
        found.append(truth[i])
    return found[::-1]


def check_zone(channel, truth, rows, range_uj):
    shown = [int(row[channel]) for row in rows]
    true = readings(truth, shown, range_uj)
    recorded = sum((b - a) % range_uj for a, b in zip(shown, shown[1:]))
    wraps = sum(b < a for a, b in zip(shown, shown[1:]))
    print(f"# {channel}: {len(rows)} rows, {recorded} uJ recorded, "
          f"{true[-1] - true[0]} uJ used, {wraps} wraps")
    return recorded == true[-1] - true[0], wraps, true


def check_watts(windows, rows, true):
    """The label of each window that has one, where no tick was missed."""
    at = {row["t_ns"]: i for i, row in enumerate(rows)}
    worst = n = 0
    for window in windows:
        i = at[window["t_ns"]]
        if i == 0 or window["label"] in ("", "nan"):
            continue
        dt_ns = int(rows[i]["t_ns"]) - int(rows[i - 1]["t_ns"])
        watts = (true[i] - true[i - 1]) * 1e3 / dt_ns
        worst = max(worst, abs(float(window["label"]) - watts) / max(watts, 1e-9))
        n += 1
    print(f"# {n} labels for {len(rows)} rows, worst off by {worst:.1e} of the watts")
    return n > 0 and worst < FLOAT32


def main():
    range_uj = int(sys.argv[1])
    truth = {}
    with open(sys.argv[2]) as file:
        for line in file:
            zone, energy = line.split()
            truth.setdefault(zone, []).append(int(energy))
    rows, windows = table(sys.argv[3]), table(sys.argv[4])
    channels = [name for name in rows[0] if name.startswith("energy:")]
    good = len(channels) == len(truth) == 4
    wraps = 0
    for channel in channels:
        zone = channel.rpartition("/")[2].removeprefix("energy:")
        right, n, true = check_zone(channel, truth[zone], rows, range_uj)
        good = good and right
        wraps += n
        if zone == "package-0":
            good = check_watts(windows, rows, true) and good
    print(f"# {wraps} wraps in all")
    sys.exit(0 if good else 1)


main()
