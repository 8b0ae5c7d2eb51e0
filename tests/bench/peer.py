#!/usr/bin/env python3
"""How fast PyTorch trains and predicts a family: the peer of bench-nn.

    SHARED=FOLDER peer.py FAMILY THREADS WINDOWS SECONDS

The models, and what they do in a step, are those of bench/torch_models.py in
that folder.  Each figure is the best of at least three rounds, of more while
SECONDS last: training by WINDOWS at a time in batches of 256, prediction of
4096 rows (1024 of a sequence), and of one.  Prints the three, in windows/s.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SHARED"], "bench"))
try:
    import torch
    import torch_models
except ImportError as e:
    sys.exit(f"peer.py: no figures of PyTorch: {e}")

BATCH = 256


def best(run, n, seconds):
    """Windows/s of the fastest run, after one that is not counted."""
    run()
    start = now = time.perf_counter()
    least, rounds = float("inf"), 0
    while rounds < 3 or now - start < seconds:
        run()
        then, now = now, time.perf_counter()
        least = min(least, now - then)
        rounds += 1
    return n / least


def main():
    name, threads, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seconds = float(sys.argv[4])
    torch.set_num_threads(threads)
    make, shape, weight, loss_of = torch_models.FAMILIES[name]
    model = make()
    adam = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=3e-4)
    rows = 4096 if len(shape) == 1 else 1024
    x, y = torch.rand(max(n, rows), *shape), torch.rand(n, 1) * 60 + 20

    def train():
        for i in range(0, n, BATCH):
            torch_models.step(model, adam, loss_of, weight, x[i:i + BATCH],
                              y[i:i + BATCH])

    print(best(train, n, seconds))
    model.eval()
    with torch.no_grad():
        print(best(lambda: model(x[:rows]), rows, seconds / 2))
        print(best(lambda: model(x[:1]), 1, seconds / 2))


if __name__ == "__main__":
    main()
