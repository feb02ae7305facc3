#!/usr/bin/env python3
"""Of the cells of some laboratories: how many are right, among all and among the surest, and the calibration error.

  python3 bench/surest_cells.py PREDICTIONS.csv [--from pbc seoul] [--coverage 0.9]

PREDICTIONS.csv is written by `bloodcell evaluate --predictions`; --from names how files begin, nothing: all. The
calibration error is the expected one in 15 bins of equal width (Guo 2017), each cell weighing the same."""
import argparse
import csv
import sys

NOT_CLASSES = {"file", "family", "source", "truth", "cell", "x", "y", "width", "height"}
BINS = 15


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions")
    parser.add_argument("--from", dest="beginnings", nargs="+", default=[""])
    parser.add_argument("--coverage", type=float, default=0.9)
    options = parser.parse_args()
    if not 0 < options.coverage <= 1:
        parser.error(f"--coverage {options.coverage}: above 0, at most 1")
    with open(options.predictions, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(tuple(options.beginnings))]
    if not rows:
        sys.exit(f"surest_cells: {options.predictions}: no file begins with {' or '.join(options.beginnings)}")
    classes = [column for column in rows[0] if column not in NOT_CLASSES]
    judged = []  # confidence, right
    for row in rows:
        named = max(classes, key=lambda name: float(row[name]))
        judged.append((float(row[named]), named == row["truth"]))
    judged.sort(key=lambda one: -one[0])
    kept = judged[:round(options.coverage * len(judged))]
    bins = [[] for _ in range(BINS)]
    for confidence, right in judged:
        bins[min(BINS - 1, int(confidence * BINS))].append(confidence - right)
    error = sum(abs(sum(one)) for one in bins) / len(judged)
    for what, part in (("all", judged), (f"surest {100 * options.coverage:g} %", kept)):
        right = sum(right for _, right in part)
        print(f"{what}: {100 * right / len(part):.1f} % right ({right} of {len(part)})")
    print(f"calibration error: {error:.4f}")


if __name__ == "__main__":
    main()
