#!/usr/bin/env python3
"""What `bloodcell data families` costs as a set grows: processor seconds, seconds on the clock and the most memory.

  python3 bench/families_cost.py [--threads N] BLOODCELL IMAGES COUNT...

One thread unless told otherwise. Each COUNT takes as many files drawn evenly from IMAGES; where there are fewer,
turned, mirrored and dimmed copies of them fill up. Memory below some 50 MiB is this script's own. Needs python3-opencv."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import cv2

ENDINGS = (".jpg", ".jpeg", ".png")


def copy_of(source, number):
    """The `number`-th copy of a picture, as copies of fields are published: turned over black, mirrored, dimmed."""
    picture = cv2.imread(str(source))
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 47.0 * number % 360, 0.9 + 0.05 * (number % 5))
    copy = cv2.warpAffine(picture, turn, (width, height))
    if number % 2:
        copy = cv2.flip(copy, 1)
    return cv2.convertScaleAbs(copy, alpha=1 - 0.05 * (number % 4))


def lay_out(files, count, folder):
    for i in range(min(count, len(files))):
        source = files[i * len(files) // min(count, len(files))]
        shutil.copyfile(source, folder / f"{i:06}{source.suffix}")
    for i in range(len(files), count):
        cv2.imwrite(str(folder / f"{i:06}.jpg"), copy_of(files[i % len(files)], i // len(files)))


def cost_of(program, folder, threads):
    command = [program, "data", "families", str(folder), "-o", str(folder.parent / "families.csv"),
               "--threads", str(threads)]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"`{' '.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime, usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("program", metavar="BLOODCELL")
    parser.add_argument("images", metavar="IMAGES", type=pathlib.Path)
    parser.add_argument("counts", metavar="COUNT", type=int, nargs="+")
    given = parser.parse_args()
    files = sorted(path for path in given.images.rglob("*") if path.suffix.lower() in ENDINGS)
    print("| files | user s | system s | clock s | ms a file | MiB |\n| ---: | ---: | ---: | ---: | ---: | ---: |",
          flush=True)
    for count in given.counts:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "images"
            folder.mkdir()
            lay_out(files, count, folder)
            user, system, clock, mebibytes = cost_of(given.program, folder, given.threads)
        print(f"| {count:,} | {user:.1f} | {system:.1f} | {clock:.1f} | {1000 * (user + system) / count:.1f} "
              f"| {mebibytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
