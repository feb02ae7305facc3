#!/usr/bin/env python3
"""Our logits beside ONNX Runtime's, for every classifying network of the zoo at its own input size.

    cmake --build --preset release --target networks
    bench/parity.py build/release/bench/networks [NETWORK ...]

Random weights, one image of normal noise, float32 on one thread. Prints the largest difference of a
logit, in parts of the largest logit (or of 1 if that is more), as Markdown; ends with 1 when one is
above 1e-4. Needs numpy and onnxruntime (PyPI).
"""
import pathlib, subprocess, sys, tempfile

import numpy, onnxruntime

LARGEST = 1e-4


def difference(program, name, folder):
    model, given, found = folder / "model.onnx", folder / "input", folder / "output"
    subprocess.run([program, "make", name, model], check=True)
    session = onnxruntime.InferenceSession(model.read_bytes(), providers=["CPUExecutionProvider"])
    image = numpy.random.default_rng(1).standard_normal((1, *session.get_inputs()[0].shape[1:]), numpy.float32)
    image.tofile(given)
    subprocess.run([program, "run", model, given, found], check=True)
    expected = session.run(["logits"], {session.get_inputs()[0].name: image})[0][0]
    ours = numpy.fromfile(found, numpy.float32)
    return float(abs(ours - expected).max() / max(1, abs(expected).max())), float(abs(expected).max())


def main():
    program, *names = sys.argv[1:]
    names = names or subprocess.run([program, "list"], capture_output=True, text=True, check=True).stdout.split()
    print(f"ONNX Runtime {onnxruntime.__version__}\n\n| network | largest logit | largest difference |\n|---|---|---|")
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            apart, largest = difference(program, name, pathlib.Path(folder))
            worst = max(worst, apart)
            print(f"| {name} | {largest:.3g} | {apart:.1e} |", flush=True)
    print(f"\n{len(names)} networks, largest difference {worst:.1e}")
    return 0 if worst <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
