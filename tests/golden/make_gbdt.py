#!/usr/bin/env python3
"""Write gbdt-VERSION.ubj, a small forest of the xgboost package that is here,
and gbdt-VERSION.txt, what it predicts: three inputs (nan: missing), watts.

    python3 tests/golden/make_gbdt.py

Files of old versions are never made again: they are what must stay readable.
"""
import os

import numpy
import xgboost

here = os.path.dirname(os.path.abspath(__file__))
rng = numpy.random.default_rng(7)
x = rng.integers(0, 100, (400, 3)).astype("f4")
x[rng.random(x.shape) < 0.1] = numpy.nan
y = numpy.nan_to_num(x[:, 0]) / 4 + 10 * (x[:, 1] > 60)
model = xgboost.train(
    {"tree_method": "hist", "max_depth": 3, "base_score": 12.5, "nthread": 1,
     "eta": 0.5}, xgboost.DMatrix(x, y), 5)
major, minor = xgboost.__version__.split(".")[:2]
name = os.path.join(here, f"gbdt-{major}.{minor}")
with open(name + ".ubj", "wb") as out:
    out.write(bytes(model.save_raw("ubj")))
with open(name + ".txt", "w") as out:
    for row, watts in zip(x[:40], model.predict(xgboost.DMatrix(x[:40]))):
        print(*("%g" % v for v in row), "%.9g" % watts, file=out)
