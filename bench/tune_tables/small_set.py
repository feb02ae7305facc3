#!/usr/bin/env python3
"""A small set of kaggle-bccd's TRAIN: the first picture of each family, shrunk, with a manifest.

  bench/tune_tables/small_set.py DATA FAMILIES.csv FOLDER

Writes FOLDER/cells.csv and FOLDER/cells/*.png of 64×48. Needs Pillow.
"""

import argparse
import csv
import pathlib

from PIL import Image


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", type=pathlib.Path)
    options.add_argument("families", type=pathlib.Path)
    options.add_argument("folder", type=pathlib.Path)
    given = options.parse_args()
    (given.folder / "cells").mkdir(exist_ok=True)
    taken = set()
    with open(given.families, encoding="utf-8") as known, \
            open(given.folder / "cells.csv", "w", encoding="utf-8", newline="") as output:
        rows = csv.writer(output)
        rows.writerow(["file", "label", "family"])
        for row in csv.DictReader(known):
            parts = pathlib.PurePath(row["file"]).parts
            key = parts[-2], row["family"]
            if parts[-3:-2] != ("TRAIN",) or key in taken:
                continue
            taken.add(key)
            name = f"cells/{len(taken):03}.png"
            picture = Image.open(given.data / "images" / row["file"]).convert("RGB")
            picture.resize((64, 48), Image.Resampling.BOX).save(given.folder / name)
            rows.writerow([name, parts[-2].lower(), row["family"]])


if __name__ == "__main__":
    main()
