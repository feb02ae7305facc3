#!/usr/bin/env python3
"""How long whole starts of programs take to the first label, without a cache, each in turn with the others.

  bench/starts.py build/release/bin/bloodcell [OTHER…] [--rounds 25] [--threads 1] [--precision int8 float32]

Classifies a sample of one cell in a process of its own each time. Prints medians of wall and CPU time in ms, and the
ratio to the first program. Compare an earlier program with today's: the machine's speed changes within minutes."""
import argparse
import pathlib
import resource
import statistics
import subprocess
import time

SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "samples" / "BA_101611.jpg"


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start(program, precision, threads):
    cpu, wall = cpu_seconds(), time.perf_counter()
    subprocess.run([program, "predict", SAMPLE, "--quiet", "--cache", "off", "--precision", precision,
                    "--threads", str(threads)], stdout=subprocess.DEVNULL, check=True)
    return 1e3 * (time.perf_counter() - wall), 1e3 * (cpu_seconds() - cpu)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", nargs="+", default=["int8", "float32"])
    options = parser.parse_args()
    for precision in options.precision:
        times = {program: [] for program in options.programs}
        for _ in range(options.rounds):
            for program, measured in times.items():
                measured.append(start(program, precision, options.threads))
        first = None
        for program, measured in times.items():
            wall, cpu = (statistics.median(column) for column in zip(*measured))
            first = first or wall
            print(f"{precision:9} {wall:6.0f} ms, CPU {cpu:6.0f} ms, ratio {wall / first:.2f}  {program}")


if __name__ == "__main__":
    main()
