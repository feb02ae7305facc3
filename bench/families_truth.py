#!/usr/bin/env python3
"""Judges families.csv of the Kaggle set against a truth made another way: every file is laid over the
photographs it may come from (SIFT, affine RANSAC, grey correlation of the warped photograph), photographs
over each other.

  python3 bench/families_truth.py KAGGLE_IMAGES BCCD_IMAGES[,MORE] families.csv

KAGGLE_IMAGES is the folder below which families.csv names its files. Needs python3-opencv."""
import collections
import csv
import itertools
import pathlib
import sys

import cv2
import numpy

SIFT = cv2.SIFT_create(nfeatures=600, contrastThreshold=0.01)
MATCHER = cv2.BFMatcher(cv2.NORM_L2)
SIZE = (320, 240)
SAME_PICTURE = 0.9     # grey correlation of a file with the photograph it was made of
SAME_FIELD = 0.8       # of two photographs where they overlap
FEWEST_INLIERS = 10
MOST_TRIED = 40


class Picture:
    def __init__(self, path):
        self.path = path
        colour = cv2.resize(cv2.imread(str(path)), SIZE, interpolation=cv2.INTER_AREA)
        self.grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
        self.valid = (colour.max(axis=2) > 20).astype(numpy.uint8)
        inner = cv2.erode(self.valid, numpy.ones((9, 9), numpy.uint8))
        self.points, self.features = SIFT.detectAndCompute(self.grey, inner)
        histogram = cv2.calcHist([colour], [0, 1, 2], inner, [12, 12, 12], [0, 256] * 3).ravel()
        self.histogram = numpy.sqrt(histogram / max(1, histogram.sum()))

    def mirrored(self):
        other = Picture.__new__(Picture)
        other.path = self.path
        other.grey = cv2.flip(self.grey, 1)
        other.valid = cv2.flip(self.valid, 1)
        other.points, other.features = SIFT.detectAndCompute(
            other.grey, cv2.erode(other.valid, numpy.ones((9, 9), numpy.uint8)))
        return other


def correlation(a, b):
    """Of b with a laid over it; 0 where no map is found or too little is in common."""
    if a.features is None or b.features is None or len(a.points) < 8 or len(b.points) < 8:
        return 0.0
    pairs = [m for m, n in MATCHER.knnMatch(a.features, b.features, k=2) if m.distance < 0.85 * n.distance]
    if len(pairs) < FEWEST_INLIERS:
        return 0.0
    source = numpy.float32([a.points[m.queryIdx].pt for m in pairs])
    target = numpy.float32([b.points[m.trainIdx].pt for m in pairs])
    cv2.setRNGSeed(1)
    to_b, inliers = cv2.estimateAffine2D(source, target, ransacReprojThreshold=3)
    if to_b is None or inliers.sum() < FEWEST_INLIERS or not 0.2 < abs(numpy.linalg.det(to_b[:, :2])) < 5:
        return 0.0
    warped = cv2.warpAffine(a.grey, to_b, SIZE)
    both = (cv2.warpAffine(a.valid, to_b, SIZE, flags=cv2.INTER_NEAREST) & b.valid).astype(bool)
    if both.sum() < 0.08 * both.size:
        return 0.0
    return float(numpy.corrcoef(warped[both], b.grey[both])[0, 1])


def photograph_of(picture, photographs):
    near = sorted(photographs, key=lambda p: -float(p.histogram @ picture.histogram))[:MOST_TRIED]
    other_way = picture.mirrored()
    best = (0.0, None)
    for photograph in near:
        best = max(best, (max(correlation(photograph, picture), correlation(photograph, other_way)),
                          photograph.path.name), key=lambda t: t[0])
        if best[0] > 0.97:
            break
    return best[1] if best[0] >= SAME_PICTURE else None


class Sets(dict):
    def root(self, x):
        while self.setdefault(x, x) != x:
            x = self[x]
        return x

    def join(self, a, b):
        self[self.root(a)] = self.root(b)


def overlaps(photographs):
    found = []
    for a, b in itertools.combinations(photographs, 2):
        if correlation(a, b) >= SAME_FIELD:
            found.append((a.path.name, b.path.name))
    return found


def pairs_of(count):
    return count * (count - 1) // 2


def main():
    root = pathlib.Path(sys.argv[1])
    photographs = [Picture(path) for folder in sys.argv[2].split(",")
                   for path in sorted(pathlib.Path(folder).iterdir()) if path.suffix in (".jpg", ".jpeg")]
    with open(sys.argv[3], newline="") as file:
        family_of = {row["file"]: row["family"] for row in csv.DictReader(file)}
    scenes = Sets()
    joined = overlaps(photographs)
    for a, b in joined:
        scenes.join(a, b)
    truth, lost = {}, []
    for name in sorted(family_of):
        photograph = photograph_of(Picture(root / name), photographs)
        if photograph is None:
            lost.append(name)
        else:
            truth[name] = photograph
    of_photograph = collections.Counter(truth.values())
    of_both = collections.Counter((truth[n], family_of[n]) for n in truth)
    of_family = collections.Counter(family_of[n] for n in truth)
    of_scene = collections.Counter((scenes.root(truth[n]), family_of[n]) for n in truth)
    of_whole_scene = collections.Counter(scenes.root(truth[n]) for n in truth)
    share = lambda part, whole: sum(map(pairs_of, part.values())) / max(1, sum(map(pairs_of, whole.values())))
    print(f"{len(photographs)} photographs, {len(joined)} pairs of them overlap: "
          f"{len({scenes.root(p.path.name) for p in photographs})} scenes")
    print(f"{len(truth)} files laid over a photograph, {len(lost)} over none: {lost[:10]}")
    print(f"{len(of_photograph)} photographs and {len(of_whole_scene)} scenes have files; "
          f"{len(of_family)} families were found")
    print(f"recall over pairs of one photograph    {share(of_both, of_photograph):.4f}")
    print(f"recall over pairs of one scene         {share(of_scene, of_whole_scene):.4f}")
    print(f"precision over pairs of one family     {share(of_scene, of_family):.4f}")
    wrong = [f for f in of_family if len({scenes.root(truth[n]) for n in truth if family_of[n] == f}) > 1]
    print(f"families that hold two scenes: {wrong}")


if __name__ == "__main__":
    main()
