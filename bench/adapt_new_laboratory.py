#!/usr/bin/env python3
"""What `bloodcell adapt` brings in laboratories that the model has not seen.

  scripts/shipped-cells ../shared/data runs/cells --bccd-families bccd-families.csv
  bloodcell data locate runs/cells/measure.csv -o runs/cells/measure-located.csv   (and learn.csv)
  bench/adapt_new_laboratory.py build/release/bin/bloodcell models/wbc.onnx runs/cells

Of each laboratory half of the pictures adapt – without labels, then with 5 and 20 labels a class – and
the other half judges; five seeds deal the halves and the labels. Of Chula's slides only those that
split.json keeps for judging. A model that adapt refuses to change is judged as it is. FOLDER/adapt.json
keeps every run, so that a run that was stopped goes on; the table goes to standard output."""
import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import tempfile

COLUMNS = ["file", "label", "family", "source", "x", "y", "width", "height"]
SETTINGS = [0, 5, 20]  # labels a class


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def laboratories(folder, sources):
    """Cells of each, by name; a cell's family is its picture."""
    labs = {}
    if sources:
        for row in rows_of(folder / "learn-located.csv"):
            if row["source"] in sources:
                labs.setdefault(row["source"], []).append({**row, "family": row["file"]})
        return labs
    for row in rows_of(folder / "measure-located.csv"):
        labs.setdefault(row["source"], []).append(row)
    split = folder / "split.json"
    if split.exists():
        entries = json.loads(split.read_text(encoding="utf-8"))["entries"]
        kept = {entry["family"] for entry in entries if entry["part"] == "test"}
        chula = [row for row in rows_of(folder / "learn-located.csv")
                 if row["source"] == "chula-fields" and row["family"] in kept]
        if chula:
            labs["chula-fields"] = chula
    for rows in labs.values():
        for row in rows:
            row["family"] = row["file"]
    return labs


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def halves(rows, seed):
    """Pictures dealt class by class, so that both halves hold what there is of each."""
    rng = random.Random(seed)
    by_class = {}
    for row in rows:
        by_class.setdefault(row["label"], {}).setdefault(row["file"], []).append(row)
    adapting, judging, dealt = [], [], {}
    for label in sorted(by_class):
        files = sorted(by_class[label])
        rng.shuffle(files)
        for place, file in enumerate(files):
            side = dealt.setdefault(file, place % 2)
            (judging if side else adapting).extend(by_class[label][file])
    return adapting, judging


def labelled(rows, count, seed):
    rng = random.Random(1000 * seed + count)
    chosen = []
    for label in sorted({row["label"] for row in rows}):
        of_label = [row for row in rows if row["label"] == label]
        rng.shuffle(of_label)
        if len(of_label) >= 2:  # adapt asks for two of a class
            chosen += of_label[:count]
    return chosen


class Bench:
    def __init__(self, args):
        self.args = args
        self.laboratories = laboratories(args.folder, args.sources.split(",") if args.sources else [])
        self.results_file = args.folder / f"adapt-{args.model.stem}.json"
        self.results = {}
        if self.results_file.exists():
            self.results = json.loads(self.results_file.read_text(encoding="utf-8"))

    def call(self, *arguments, text=None):
        command = [str(self.args.bloodcell), *map(str, arguments), "--quiet", "--json",
                   "--threads", str(self.args.threads)]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def accuracy(self, model, rows):
        with tempfile.NamedTemporaryFile(dir=self.args.folder, suffix=".csv") as manifest:
            write(manifest.name, rows)
            ran = self.call("evaluate", "--model", model, "--data", manifest.name)
        if ran.returncode:
            raise SystemExit(ran.stderr + ran.stdout)
        report = json.loads(ran.stdout)["report"]
        return {"accuracy": report["image_accuracy"]["value"], "balanced": report["balanced_accuracy"]}

    def adapt(self, adapting, judging, labels, seed):
        folder = self.args.folder
        with tempfile.TemporaryDirectory(dir=folder) as place:
            out = pathlib.Path(place) / "adapted.onnx"
            pictures = "".join(f"{folder / file}\n" for file in sorted({row["file"] for row in adapting}))
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".csv") as manifest:
                write(manifest.name, labelled(adapting, labels, seed))
                more = ["--labels", manifest.name] if labels else []
                ran = self.call("adapt", self.args.model, "--images", "-", *more, "-o", out, "--seed", seed,
                                text=pictures)
            answer = json.loads(ran.stdout)
            if ran.returncode == 1 and "would not help" in ran.stdout:
                return {"refused": answer["error"]["message"], **self.accuracy(self.args.model, judging)}
            if ran.returncode:
                raise SystemExit(ran.stderr + ran.stdout)
            return {"refused": "", "adapted": answer, **self.accuracy(out, judging)}

    def run(self):
        for seed in range(self.args.seeds):
            for name, rows in self.laboratories.items():
                adapting, judging = halves(rows, seed)
                for labels in [None, *SETTINGS]:
                    key = f"{name} {labels} {seed}"
                    if key in self.results:
                        continue
                    self.results[key] = (self.accuracy(self.args.model, judging) if labels is None
                                         else self.adapt(adapting, judging, labels, seed))
                    self.results[key]["judged"] = len(judging)
                    self.results_file.write_text(json.dumps(self.results, indent=1), encoding="utf-8")
                    print(key, f"{100 * self.results[key]['accuracy']:.1f}", flush=True)

    def table(self):
        print("\n| laboratory | cells that judge | as it is | pictures alone | 5 labels a class "
              "| 20 labels a class |\n|---|---|---|---|---|---|")
        for name, rows in self.laboratories.items():
            cells = [name, str(len(halves(rows, 0)[1]))]
            for labels in [None, *SETTINGS]:
                runs = [self.results[f"{name} {labels} {seed}"] for seed in range(self.args.seeds)]
                right = [100 * run["accuracy"] for run in runs]
                refused = sum(bool(run.get("refused")) for run in runs)
                cells.append(f"{statistics.median(right):.1f} ({min(right):.1f}–{max(right):.1f})"
                             + (f", {refused} refused" if refused else ""))
            print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bloodcell", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path, help="of scripts/shipped-cells")
    parser.add_argument("--sources", default="", help="of learn-located.csv that taught MODEL nothing "
                        "(bench/left_out_source), in place of the laboratories above; with commas")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    args.folder = args.folder.resolve()
    bench = Bench(args)
    bench.run()
    bench.table()


if __name__ == "__main__":
    main()
