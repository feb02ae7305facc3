#!/usr/bin/env python3
"""Kills a training run (SIGKILL) at random moments of its life, resumes it, and holds what it ends with against a
run that nobody stopped.

  python3 bench/kill_resume.py BUILD_FOLDER [--kills 20] [--seed 1] [--processes 2]

Each kill has a run of its own: begun, killed at a moment drawn evenly from the whole run's duration, resumed to its
end. Of several processes (torchrun's variables, Gloo) one is drawn and killed; the others must end by themselves within
a minute. The best weights must be the same bytes, the history the same but for times and memory. Ends with 1
otherwise."""
import argparse
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

OF_ITS_OWN_DAY = {"seconds", "images_per_second", "waiting_seconds", "peak_memory_mb"}


def result_of(run):
    lines = (run / "history.jsonl").read_text().splitlines()
    history = [{key: value for key, value in json.loads(line).items() if key not in OF_ITS_OWN_DAY} for line in lines]
    return (run / "best.safetensors").read_bytes(), history


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def start(command, processes):
    """All processes of a run."""
    if processes == 1:
        return [subprocess.Popen(command, stdout=subprocess.DEVNULL)]
    place = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    return [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=os.environ | place | {"RANK": str(rank)}) for rank in range(processes)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    trainer = str(options.build / "bin" / "bloodcell-train")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / "set"
        subprocess.run([str(options.build / "bin" / "bloodcell"), "data", "synthesise", "-o", str(data),
                        "--cells-per-class", "6", "--quiet"], check=True, stdout=subprocess.DEVNULL)

        # Whom a killed process never met waits this long.
        together = ["--distributed-timeout", "20"] if options.processes > 1 else []

        def begin(run):
            return [trainer, "train", "--model", "compact", "--data", str(data), "--families",
                    str(data / "families.csv"), "--run", str(run), "--size", "32", "--epochs", "24", "--batch", "8",
                    "--ema", "0.9", "--mixup", "0.4", "--augment", "turn", "--checkpoint-seconds", "1",
                    "--threads", "1", "--quiet"] + together

        def finish(command):
            for process in start(command, options.processes):
                if process.wait() != 0:
                    sys.exit(f"`{' '.join(command)}` ended with {process.returncode}")

        started = time.monotonic()
        finish(begin(folder / "whole"))
        duration = time.monotonic() - started
        expected = result_of(folder / "whole")
        same = resumed = 0
        for number in range(options.kills):
            run = folder / f"killed{number}"
            processes = start(begin(run), options.processes)
            time.sleep(draw.uniform(0, duration))
            draw.choice(processes).kill()
            for process in processes:
                process.wait(timeout=60)
            is_there = (run / "config.json").exists()
            resumed += (run / "last.safetensors").exists()
            finish([trainer, "train", "--resume", str(run), "--threads", "1", "--quiet"] + together
                   if is_there else begin(run))
            same += result_of(run) == expected
    print(f"{options.kills} kills within {duration:.1f} s: {resumed} found a checkpoint, {same} ended the same")
    sys.exit(same != options.kills)


if __name__ == "__main__":
    main()
