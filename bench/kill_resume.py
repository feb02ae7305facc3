#!/usr/bin/env python3
"""Kills a training run (SIGKILL) at random moments of its life, resumes it, and holds what it ends with against a
run that nobody stopped.

  python3 bench/kill_resume.py BUILD_FOLDER [--kills 20] [--seed 1]

Each kill has a run of its own: begun, killed at a moment drawn evenly from the whole run's duration, resumed to its
end. The best weights must be the same bytes, the history the same but for times and memory. Ends with 1 otherwise."""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

OF_ITS_OWN_DAY = {"seconds", "images_per_second", "waiting_seconds", "peak_memory_mb"}


def result_of(run):
    lines = (run / "history.jsonl").read_text().splitlines()
    history = [{key: value for key, value in json.loads(line).items() if key not in OF_ITS_OWN_DAY} for line in lines]
    return (run / "best.safetensors").read_bytes(), history


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    trainer = str(options.build / "bin" / "bloodcell-train")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / "set"
        subprocess.run([str(options.build / "bin" / "bloodcell"), "data", "synthesise", "-o", str(data),
                        "--cells-per-class", "6", "--quiet"], check=True, stdout=subprocess.DEVNULL)

        def begin(run):
            return [trainer, "train", "--model", "compact", "--data", str(data), "--families",
                    str(data / "families.csv"), "--run", str(run), "--size", "32", "--epochs", "24", "--batch", "8",
                    "--ema", "0.9", "--mixup", "0.4", "--augment", "turn", "--checkpoint-seconds", "1", "--threads", "1",
                    "--quiet"]

        def finish(command):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        started = time.monotonic()
        finish(begin(folder / "whole"))
        duration = time.monotonic() - started
        expected = result_of(folder / "whole")
        same = resumed = 0
        for number in range(options.kills):
            run = folder / f"killed{number}"
            process = subprocess.Popen(begin(run), stdout=subprocess.DEVNULL)
            time.sleep(draw.uniform(0, duration))
            process.kill()
            process.wait()
            is_there = (run / "config.json").exists()
            resumed += (run / "last.safetensors").exists()
            finish([trainer, "train", "--resume", str(run), "--threads", "1", "--quiet"] if is_there else begin(run))
            same += result_of(run) == expected
    print(f"{options.kills} kills within {duration:.1f} s: {resumed} found a checkpoint, {same} ended the same")
    sys.exit(same != options.kills)


if __name__ == "__main__":
    main()
