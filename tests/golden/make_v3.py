#!/usr/bin/env python3
"""Ten steps of Adam on v3 as PyTorch does them: what ours must repeat.

    python3 tests/golden/make_v3.py >tests/golden/v3.txt

Weights and batches are drawn with the generator of common/base/rng.h, so that
the recording holds results alone: `loss STEP VALUE`, and after the last step
`weight TENSOR INDEX VALUE` for some of the weights.  Needs torch and numpy;
on a processor that OpenBLAS does not know, set OPENBLAS_CORETYPE=SkylakeX.
"""
import sys

import numpy as np

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("SKIPPED: no torch here; the recording stays as it is")

SEED, STEPS, BATCH, STRIDE = 7, 10, 100, 97


def mix(z):
    with np.errstate(over="ignore"):
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(stream, n):
    """rng_unit(rng_at(SEED, stream, 0..n-1)) as float32."""
    key = mix(mix(np.array([SEED], np.uint64)) ^ np.uint64(stream))
    bits = mix(key + np.arange(n, dtype=np.uint64))
    return ((bits >> np.uint64(11)) * 2.0**-53).astype(np.float32)


def mlp(sizes):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    return layers


def main():
    model = nn.Sequential(*mlp([100, 512, 128, 64]), *mlp([64, 128, 64, 1]))
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            # Around zero, as wide as PyTorch's own choice for 64 inputs.
            draw = (uniform(1000 + i, p.numel()) - np.float32(.5)) / 4
            p.copy_(torch.from_numpy(draw).view_as(p))
    adam = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=3e-4)
    for step in range(STEPS):
        rows = uniform(2 * step, BATCH * 100).reshape(BATCH, 25, 4)
        x = torch.from_numpy(rows.transpose(0, 2, 1).reshape(BATCH, 100).copy())
        y = torch.from_numpy(uniform(2 * step + 1, BATCH)).view(-1, 1)
        adam.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        adam.step()
        print(f"loss {step} {loss.item():.9g}")
    for i, p in enumerate(model.parameters()):
        flat = p.detach().flatten()
        for j in range(0, len(flat), STRIDE):
            print(f"weight {i} {j} {flat[j].item():.9g}")


if __name__ == "__main__":
    main()
