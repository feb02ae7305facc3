#!/usr/bin/env python3
"""How well `other_thing` (how likely it is that a picture shows no blood cell) and `unfamiliarity` (the distance from
what a model learnt from) tell pictures of other things from cells.

  python3 bench/other_pictures.py BLOODCELL MODEL CELLS.csv ROOT PHOTOGRAPHS FOLDER [--elsewhere CELLS.csv] [--seed 1]

CELLS.csv names cells that taught and calibrated nothing (column `file`, below ROOT; `evaluate --predictions` writes
such a file); those of --elsewhere are of laboratories that are new to the model. PHOTOGRAPHS is a folder of
photographs of everyday things. The other pictures are made here, of the size of the cells' pictures, 200 of each
kind: parts of the photographs, noise, printed text, and textures in the colours of stained tissue without a white
cell. `calibrate` draws no such pictures, though its clouds are not far from noise and textures. Prints, for each
kind, the area under the ROC curve with a 95 % interval (bootstrap over pictures; over photographs where several parts
are of one) and the share that `predict` calls unidentified. Needs Pillow and numpy."""
import argparse
import csv
import json
import pathlib
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 360
EACH = 200
MEASURES = ["other_thing", "unfamiliarity"]


def parts_of_photographs(folder, random):
    photographs = sorted(folder.glob("*.jpg"))
    for number in range(EACH):
        picture = Image.open(photographs[number % len(photographs)]).convert("RGB")
        side = int(random.integers(min(picture.size) // 4, min(picture.size) + 1))
        left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
        part = picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BICUBIC)
        yield f"{photographs[number % len(photographs)].stem}-{number:03}", part


def noise(random):
    for number in range(EACH):
        coarse = 2 ** int(random.integers(0, 7))
        cells = random.integers(0, 256, (SIDE // coarse + 1, SIDE // coarse + 1, 3), dtype=np.uint8)
        if number % 3 == 0:
            cells[:] = cells[..., :1]
        picture = Image.fromarray(cells).resize((SIDE, SIDE), Image.NEAREST if number % 2 else Image.BICUBIC)
        yield f"{number:03}", picture


def text(random):
    words = "blood smear stained cell count report nucleus patient slide number date result normal range".split()
    for number in range(EACH):
        paper, ink = (tuple(int(c) for c in random.integers(low, high, 3)) for low, high in ((200, 256), (0, 90)))
        picture = Image.new("RGB", (SIDE, SIDE), paper)
        draw = ImageDraw.Draw(picture)
        size = int(random.integers(12, 80))
        font = ImageFont.load_default(size)
        for top in range(4, SIDE, size + 6):
            draw.text((4, top), " ".join(random.choice(words, 12)), fill=ink, font=font)
        yield f"{number:03}", picture


def smooth(random, scale):
    field = Image.fromarray(random.normal(128, 60, (SIDE, SIDE)).clip(0, 255).astype(np.uint8))
    values = np.asarray(field.filter(ImageFilter.GaussianBlur(scale)), dtype=float)
    return (values - values.mean()) / (values.std() + 1e-9)


def tissue(random):
    """Fibres and stroma: smooth fields, stretched one way, in mixtures of haematoxylin and eosin (Ruifrok and
    Johnston 2001)."""
    dyes = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]])
    for number in range(EACH):
        amounts = [np.clip(0.25 + 0.2 * smooth(random, random.uniform(3, 25)), 0, None) * random.uniform(0.5, 2)
                   for _ in dyes]
        light = np.exp(-sum(amount[..., None] * dye for amount, dye in zip(amounts, dyes)))
        picture = Image.fromarray((255 * light).clip(0, 255).astype(np.uint8))
        stretch = int(random.integers(1, 9))
        tall = picture.resize((SIDE * stretch, SIDE), Image.BICUBIC).crop((0, 0, SIDE, SIDE))
        yield f"{number:03}", tall.rotate(90 * int(random.integers(0, 4)))


def looked_at(program, model, files):
    listed = "\n".join(str(file) for file in files)
    done = subprocess.run([program, "predict", "-", "--model", model, "--shows", "cell", "--format", "jsonl", "--quiet"],
                          input=listed, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return ({name: np.array([row[name] for row in rows]) for name in MEASURES},
            np.array([row["status"] == "unidentified" for row in rows]))


def area(cells, others):
    """Mann and Whitney's U, ties by halves."""
    ranked = np.sort(cells)
    below = np.searchsorted(ranked, others, "left")
    not_above = np.searchsorted(ranked, others, "right")
    return float(np.mean((below + not_above) / 2) / len(cells))


def interval(cells, others, groups, random):
    names = np.unique(groups)
    areas = []
    for _ in range(1000):
        drawn = random.choice(names, len(names))
        sample = np.concatenate([others[groups == name] for name in drawn])
        areas.append(area(random.choice(cells, len(cells)), sample))
    return np.percentile(areas, [2.5, 97.5])


def told(cells, others, groups, random):
    low, high = interval(cells, others, groups, random)
    return f"area {area(cells, others):.4f} (95 %: {low:.4f}–{high:.4f})"


def pictures_in(manifest, root, sources):
    with open(manifest, newline="") as rows:
        return [root / file for file in sorted({row["file"] for row in csv.DictReader(rows)})
                if file.startswith(sources)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("cells", type=pathlib.Path)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("photographs", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path, help="where the pictures are made")
    parser.add_argument("--elsewhere", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    # Pictures of one cell, as the others are shown: fields have several cells each.
    known = pictures_in(options.cells, options.root, ("pbc", "seoul"))
    cells, doubted = looked_at(options.program, options.model, known)
    print(f"{len(known)} cells: {100 * doubted.mean():.1f} % unidentified")
    makers = {"photographs": lambda: parts_of_photographs(options.photographs, random),
              "noise": lambda: noise(random), "text": lambda: text(random), "tissue": lambda: tissue(random)}
    everything, all_groups = {name: [] for name in MEASURES}, []
    for kind, make in makers.items():
        folder = options.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        names = []
        for name, picture in make():
            picture.save(folder / f"{name}.png")
            names.append(name)
        others, unidentified = looked_at(options.program, options.model, [folder / f"{name}.png" for name in names])
        groups = np.array([f"{kind} {name.rsplit('-', 1)[0]}" for name in names])
        print(f"{kind}: {100 * unidentified.mean():.1f} % of {len(groups)} unidentified")
        for name in MEASURES:
            print(f"  {name}: {told(cells[name], others[name], groups, random)}")
            everything[name].append(others[name])
        all_groups.append(groups)
    groups = np.concatenate(all_groups)
    everything = {name: np.concatenate(parts) for name, parts in everything.items()}
    for name in MEASURES:
        print(f"all, {name}: {told(cells[name], everything[name], groups, random)}")
    for source in ["jiangxi", "isfahan"] if options.elsewhere else []:
        new, doubted = looked_at(options.program, options.model,
                                 pictures_in(options.elsewhere, options.root, (source,)))
        print(f"all from {len(doubted)} cells of {source} ({100 * doubted.mean():.1f} % unidentified)")
        for name in MEASURES:
            print(f"  {name}: {told(new[name], everything[name], groups, random)}")


if __name__ == "__main__":
    main()
