#!/usr/bin/env python3
"""Training images per second beside Python's PyTorch on the same libtorch (Debian: python3-torchvision).

  /usr/bin/python3 bench/training_speed.py BUILD_FOLDER [--threads 1] [--rounds 5] [--only compact] [--seconds 4]

Both sides learn the same network (torchvision's; compact is written below) from the same batch of noise with AdamW and
cross entropy, in turn: ours, PyTorch as it comes, PyTorch channels-last. Figures are medians over the rounds of images
per second of processor time, which other programs on the machine disturb least; ratios are medians of the rounds'
ratios. The last column sets FLOPs (of a training step: three times those of a prediction) beside the best product of two
2048-square matrices of the same run; the BLAS below libtorch may be far from the machine's peak, convolutions are not
made with it, so that more than 100 % can stand there. At the end the data pipeline alone."""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build", type=pathlib.Path)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=4, help="of each side in each round, about")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--only", default="")
options = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)

import torch  # noqa: E402  (after the threads are set)
import torchvision  # noqa: E402
from torch import nn  # noqa: E402

CLASSES = 8


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.norm2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.norm1(self.conv1(x)))
        return self.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def compact():
    blocks = [Residual(*shape) for shape in ((16, 32, 2), (32, 32, 1), (32, 56, 2), (56, 56, 1), (56, 112, 2))]
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), *blocks,
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(112, CLASSES))


NETWORKS = {
    "resnet18": (96, lambda: torchvision.models.resnet18(num_classes=CLASSES)),
    "resnet50": (224, lambda: torchvision.models.resnet50(num_classes=CLASSES)),
    "mobilenet_v2": (128, lambda: torchvision.models.mobilenet_v2(num_classes=CLASSES)),
    "compact": (96, compact),
}


class Ours:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([str(options.build / "bench" / "training_steps"), *map(str, arguments)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline().split()
        if not self.said:
            sys.exit("training_steps ended: " + " ".join(map(str, arguments)))

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Theirs:
    def __init__(self, network, side, channels_last):
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.network = network.train().to(memory_format=layout)
        self.parameters = sum(p.numel() for p in network.parameters())
        self.pictures = torch.rand(options.batch, 3, side, side).mul_(2).sub_(1).contiguous(memory_format=layout)
        self.labels = torch.arange(options.batch) % CLASSES
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=1e-4)
        self.loss = nn.CrossEntropyLoss()

    def run(self, steps):
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(steps):
            self.optimiser.zero_grad(set_to_none=True)
            self.loss(self.network(self.pictures), self.labels).backward()
            self.optimiser.step()
        return time.perf_counter() - wall, time.process_time() - processor

    def close(self):
        pass


def peak_flops():
    a, b = torch.rand(2048, 2048), torch.rand(2048, 2048)
    best = 0
    for _ in range(5):
        processor = time.process_time()
        torch.mm(a, b)
        best = max(best, 2 * 2048**3 / (time.process_time() - processor))
    return best


def compare(name):
    side, make = NETWORKS[name]
    sides = {"ours": Ours("learn", name, f"{side}x{side}", options.batch, options.threads),
             "plain": Theirs(make(), side, False), "channels-last": Theirs(make(), side, True)}
    flops = float(sides["ours"].said[1])
    steps = {key: max(1, round(options.seconds / one.run(1)[1])) for key, one in sides.items()}  # warms up, too
    rates = {key: [] for key in sides}
    peak = 0
    for _ in range(options.rounds):
        peak = max(peak, peak_flops())
        for key, one in sides.items():
            rates[key].append(steps[key] * options.batch / one.run(steps[key])[1])
    for one in sides.values():
        one.close()
    middle = {key: statistics.median(values) for key, values in rates.items()}
    ratio = {key: statistics.median(a / b for a, b in zip(rates["ours"], rates[key])) for key in ("plain", "channels-last")}
    print(f"| {name} {side} | {middle['ours']:.1f} | {middle['plain']:.1f} | {middle['channels-last']:.1f} | "
          f"{ratio['plain']:.2f} | {ratio['channels-last']:.2f} | {300 * flops * middle['ours'] / peak:.0f} % of "
          f"{peak / 1e9:.0f} GFLOP/s |", flush=True)


def pipeline(folder):
    data = folder / "set"
    subprocess.run([str(options.build / "bin" / "bloodcell"), "data", "synthesise", "-o", str(data), "--cells-per-class",
                    "40", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    ours = Ours("load", data, "96x96", options.batch, options.threads)
    ours.run(20)
    rates = [100 * options.batch / ours.run(100)[1] for _ in range(options.rounds)]
    ours.close()
    print(f"data pipeline alone, 96×96, augmented: {statistics.median(rates):.0f} pictures per second of processor")


def main():
    torch.set_num_threads(options.threads)
    print(f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, {options.threads} threads, batch "
          f"{options.batch}, median of {options.rounds} rounds; images per second of processor time")
    print("| network | ours | PyTorch | PyTorch channels-last | ours / PyTorch | ours / channels-last | beside a matrix product |")
    print("|---|---|---|---|---|---|---|")
    for name in NETWORKS:
        if not options.only or name in options.only.split(","):
            compare(name)
    with tempfile.TemporaryDirectory() as folder:
        pipeline(pathlib.Path(folder))


if __name__ == "__main__":
    main()
