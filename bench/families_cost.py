#!/usr/bin/env python3
"""What `bloodcell data families` costs as a set grows: processor seconds and the most memory, on one thread.

  python3 bench/families_cost.py BLOODCELL IMAGES COUNT...

Each COUNT takes as many files drawn evenly from IMAGES; where there are fewer, turned, mirrored and dimmed
copies of them fill up. Memory below some 50 MiB is this script's own. Needs python3-opencv."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

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


def cost_of(program, folder):
    command = [program, "data", "families", str(folder), "-o", str(folder.parent / "families.csv"), "--threads", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"`{' '.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 1024


def main():
    program, images, counts = sys.argv[1], pathlib.Path(sys.argv[2]), [int(text) for text in sys.argv[3:]]
    files = sorted(path for path in images.rglob("*") if path.suffix.lower() in ENDINGS)
    print("| files | user s | system s | ms a file | MiB |\n| ---: | ---: | ---: | ---: | ---: |", flush=True)
    for count in counts:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "images"
            folder.mkdir()
            lay_out(files, count, folder)
            user, system, mebibytes = cost_of(program, folder)
        print(f"| {count:,} | {user:.1f} | {system:.1f} | {1000 * (user + system) / count:.1f} | {mebibytes:.0f} |",
              flush=True)


if __name__ == "__main__":
    main()
