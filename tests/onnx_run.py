#!/usr/bin/env python3
"""Run an ONNX file over windows and compare with what rapl-infer says of them.

    onnx_run.py own|onnxruntime MODEL WINDOWS.csv PREDICTIONS.csv
    onnx_run.py head MODEL

WINDOWS is of `rapl-dump --windows`, PREDICTIONS of `rapl-dump` from a stream
of predictions, which rounds nothing.  Prints for each target the largest
difference, relative to what rapl-infer says, or to a hundredth of the most that
it says where that is more; exits 1 above 1e-4.  `head` lists inputs, outputs
and properties.

`own` reads the file and computes every operator here, from the specifications
of protobuf's encoding and of ONNX's operators (opset 13) alone; it also checks
that values are known before they are read and have one name each.  `onnxruntime`
also asks the checker of the package onnx, where there is one.
"""
import csv
import struct
import sys

import numpy as np


# ---- the file: protobuf's wire format ----

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """A message as {field number: [values]}; values as they are on the wire."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        else:
            assert key & 7 == 5
            value, at = struct.unpack("<f", data[at:at + 4])[0], at + 4
        found.setdefault(key >> 3, []).append(value)
    return found


def signed(v):
    return v - (1 << 64) if v >> 63 else v


def words(values):
    return [v.decode() for v in values]


def tensor(data):
    m = fields(data)
    dims = [signed(d) for d in m.get(1, [])]
    kind = {1: "<f4", 7: "<i8"}[m[2][0]]
    return m[8][0].decode(), np.frombuffer(m[9][0], kind).reshape(dims)


def attribute(data):
    m = fields(data)
    kind = m[20][0]
    value = {1: lambda: m[2][0], 2: lambda: signed(m[3][0]),
             7: lambda: [signed(v) for v in m.get(8, [])]}[kind]()
    return m[1][0].decode(), value


def port(data):
    """Name and shape of an input or output of float32."""
    m = fields(data)
    kind = fields(fields(m[2][0])[1][0])
    assert kind[1] == [1]
    dims = [fields(d) for d in fields(kind[2][0])[1]]
    return m[1][0].decode(), [d[1][0] if 1 in d else d[2][0].decode()
                              for d in dims]


# ---- the operators: inputs x, attributes a, outputs ----

def conv(a, x, w, b=None):
    group, (d,) = a.get("group", 1), a.get("dilations", [1])
    x = np.pad(x, [(0, 0), (0, 0), tuple(a.get("pads", [0, 0]))])
    n, channels, length = x.shape
    out, each, k = w.shape
    assert a["kernel_shape"] == [k] and each * group == channels
    taps = np.stack([x[:, :, i * d:length - (k - 1 - i) * d] for i in range(k)])
    taps = taps.reshape(k, n, group, each, -1)
    y = np.einsum("kngct,gock->ngot", taps,
                  w.reshape(group, out // group, each, k))
    y = y.reshape(n, out, -1)
    return y if b is None else y + b[:, None]


def maxpool(a, x):
    (k,) = a["kernel_shape"]
    assert a["strides"] == [k]
    m = x.shape[2] // k
    return x[:, :, :m * k].reshape(*x.shape[:2], m, k).max(3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(a, x, w, r, b):
    size = a["hidden_size"]
    h = c = np.zeros((x.shape[1], size), np.float32)
    for step in x:
        i, o, f, g = np.split(step @ w[0].T + h @ r[0].T + b[0, :4 * size] +
                              b[0, 4 * size:], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return None, h[None]


def gemm(a, x, w, b):
    return x @ (w.T if a.get("transB") else w) + b


def softmax(a, x):
    e = np.exp(x - x.max(a["axis"], keepdims=True))
    return e / e.sum(a["axis"], keepdims=True)


def batch_norm(a, x, scale, bias, mean, var):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    scale, bias, mean, var = (v.reshape(shape) for v in (scale, bias, mean, var))
    return (x - mean) / np.sqrt(var + np.float32(a["epsilon"])) * scale + bias


def reshape(a, x, shape):
    return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape)])


def reduce(how):
    return lambda a, x: how(x, tuple(a["axes"]),
                            keepdims=bool(a.get("keepdims", 1)))


def slice_of(a, x, begin, end, axes):
    at = [slice(None)] * x.ndim
    for b, e, axis in zip(begin, end, axes):
        at[axis] = slice(b, e)
    return x[tuple(at)]


TYPES = {1: np.float32, 7: np.int64, 11: np.float64}

OPERATORS = {
    "Abs": lambda a, x: np.abs(x),
    "Add": lambda a, x, y: x + y,
    "BatchNormalization": batch_norm,
    "Cast": lambda a, x: x.astype(TYPES[a["to"]]),
    "Clip": lambda a, x, low, high: np.clip(x, low, high),
    "Concat": lambda a, *x: np.concatenate(x, a["axis"]),
    "Conv": conv,
    "Div": lambda a, x, y: x / y,
    "Flatten": lambda a, x: x.reshape(len(x), -1),
    "Exp": lambda a, x: np.exp(x),
    "Gather": lambda a, x, at: np.take(x, at, a["axis"]),
    "GatherElements": lambda a, x, at: np.take_along_axis(x, at, a["axis"]),
    "Gemm": gemm,
    "GreaterOrEqual": lambda a, x, y: x >= y,
    "Identity": lambda a, x: x,
    "LSTM": lstm,
    "Log": lambda a, x: np.log(x),
    "MatMul": lambda a, x, y: x @ y,
    "Max": lambda a, x, y: np.maximum(x, y),
    "MaxPool": maxpool,
    "Min": lambda a, x, y: np.minimum(x, y),
    "Mul": lambda a, x, y: x * y,
    "ReduceMax": reduce(np.max),
    "ReduceMean": reduce(np.mean),
    "ReduceMin": reduce(np.min),
    "ReduceSum": lambda a, x, axes: x.sum(tuple(axes), keepdims=True),
    "Relu": lambda a, x: np.maximum(x, 0),
    "Reshape": reshape,
    "Slice": slice_of,
    "Softmax": softmax,
    "Sqrt": lambda a, x: np.sqrt(x),
    "Squeeze": lambda a, x, at: np.squeeze(x, tuple(at)),
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.transpose(a["perm"]),
    "Unsqueeze": lambda a, x, at: np.expand_dims(x, tuple(at)),
}


def run_node(data, values):
    m = fields(data)
    a = dict(attribute(d) for d in m.get(5, []))
    names = words(m[2])
    type, x = m[4][0].decode(), [values[n] for n in words(m[1])]
    out = OPERATORS[type](a, *x)
    # What an operator gives is of the type that it reads, but for these.
    dtype = {"Cast": TYPES.get(a.get("to")),
             "GreaterOrEqual": np.bool_}.get(type, x[0].dtype)
    for name, value in zip(names, out if isinstance(out, tuple) else [out]):
        if name:
            assert name not in values, name
            assert value.dtype == dtype, (name, value.dtype)
            values[name] = value


def run_own(path, x):
    model = fields(open(path, "rb").read())
    assert model[1] == [8] and fields(model[8][0])[2] == [13]
    graph = fields(model[7][0])
    (name, shape), = map(port, graph[11])
    assert shape == ["N", x.shape[1]], shape
    values = {name: x}
    for key, value in map(tensor, graph[5]):
        assert key not in values, key
        values[key] = value
    for node in graph[1]:
        run_node(node, values)
    for key, shape in map(port, graph[12]):
        assert shape == ["N", 1] and values[key].shape == (len(x), 1), key
    assert all(values[key].dtype == np.float32 for key, _ in map(port, graph[12]))
    return {key: values[key] for key, _ in map(port, graph[12])}


def run_onnxruntime(path, x):
    import onnxruntime
    try:
        import onnx
        onnx.checker.check_model(path, full_check=True)
    except ImportError:
        pass
    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"windows": x})))


def show_head(path):
    model = fields(open(path, "rb").read())
    graph = fields(model[7][0])
    for what, number in ("input", 11), ("output", 12):
        for name, shape in map(port, graph[number]):
            print(what, name, *shape)
    for entry in map(fields, model[14]):
        print(*words(entry[1] + entry[2]), sep=": ")


def difference(got, rows, column):
    want = np.array([float(r[column]) for r in rows])
    assert got.shape == want.shape, (got.shape, want.shape)
    size = np.abs(want)
    return np.max(np.abs(got - want) / np.maximum(size, size.max() / 100))


def main():
    if sys.argv[1] == "head":
        return show_head(sys.argv[2])
    engine, path, windows, predictions = sys.argv[1:]
    rows = list(csv.DictReader(open(windows)))
    columns = [c for c in rows[0] if "@" in c]
    x = np.array([[float(r[c]) for c in columns] for r in rows], np.float32)
    want = list(csv.DictReader(open(predictions)))
    run = {"own": run_own, "onnxruntime": run_onnxruntime}[engine]
    worst = [difference(y[:, 0], want, f"power.{target}" if k else "power")
             for k, (target, y) in enumerate(run(path, x).items())]
    print(f"{len(want)} windows, largest relative difference", *map(
        "{:.2g}".format, worst))
    sys.exit(0 if max(worst) <= 1e-4 else 1)


main()
