#!/usr/bin/env python3
"""What a change of the program changes in its answers: two builds on the same labelled pictures.

    bench/changed_classes.py OLD NEW SET [SET ...]

OLD, NEW: two `bloodcell` programs, each with its own model unless --model names one for both. SET: a
folder with labels.csv (columns file and class; one cell a picture where a class is given). Printed for
each set as a row of Markdown: pictures, right by each (one row, of that class), how many became right
or wrong, how many taken for one cell, and how many that have as many rows as before changed a class.
"""
import argparse, collections, csv, io, pathlib, subprocess


def rows_by_file(program, folder, files, model):
    command = [program, "predict", "-", "--format", "csv", "--quiet"] + (["--model", model] if model else [])
    ran = subprocess.run(command, input="".join(f"{folder / file}\n" for file in files), capture_output=True, text=True)
    if ran.returncode not in (0, 3):
        raise SystemExit(ran.stderr)
    rows = collections.defaultdict(list)
    for row in csv.DictReader(io.StringIO(ran.stdout)):
        rows[row["file"]].append(row)
    return rows


def is_one_cell(rows):
    return len(rows) == 1 and rows[0]["x"] == "0" and rows[0]["y"] == "0"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("sets", nargs="+", type=pathlib.Path)
    parser.add_argument("--model")
    options = parser.parse_args()
    print("| set | pictures | right before | right now | became right | became wrong | one cell before | one cell now | other class |\n|---|---|---|---|---|---|---|---|---|")
    for folder in options.sets:
        with open(folder / "labels.csv", newline="") as table:
            truths = {row["file"]: row.get("class", "") for row in csv.DictReader(table)}
        before, now = (rows_by_file(program, folder, truths, options.model) for program in (options.old, options.new))
        counts = collections.Counter()
        for file, truth in truths.items():
            old, new = before[str(folder / file)], now[str(folder / file)]
            was_right, is_right = (len(rows) == 1 and rows[0]["class"] == truth for rows in (old, new))
            counts.update({"before": was_right, "now": is_right, "became right": is_right and not was_right,
                           "became wrong": was_right and not is_right, "one before": is_one_cell(old), "one now": is_one_cell(new),
                           "other": len(old) == len(new) and any(a["class"] != b["class"] for a, b in zip(old, new))})
        print(f"| {folder.name} | {len(truths)} | " + " | ".join(str(counts[key]) for key in
              ("before", "now", "became right", "became wrong", "one before", "one now", "other")) + " |", flush=True)


if __name__ == "__main__":
    main()
