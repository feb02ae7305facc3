#!/usr/bin/env python3
"""Our search against Optuna's on twelve functions, both in one run, and the time of an ask; on
two tables of real training runs, too, where bench/tune_tables/record has made them.

  bench/tune_functions.py build/release/bench/tune_functions [--seeds 30] [--trials 100]

Simple regret: how far the true value of the point that looked best is above the minimum. Prints
a Markdown table of medians and quartiles over the seeds. Needs Optuna (pip install optuna).
"""

import argparse
import csv
import itertools
import json
import math
import os
import pathlib
import platform
import subprocess
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # more spin, and cost processor time for nothing

import numpy as np  # noqa: E402
import optuna  # noqa: E402

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def floats(trial, count, low, high):
    return [trial.suggest_float(f"x{i}", low, high) for i in range(count)]


def branin(trial):
    x, y = trial.suggest_float("x", -5, 10), trial.suggest_float("y", 0, 15)
    curve = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN = {
    3: ([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]],
        [[0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470],
         [0.1091, 0.8732, 0.5547], [0.0381, 0.5743, 0.8828]]),
    6: ([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14],
         [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]],
        [[0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
         [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
         [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
         [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]]),
}


def hartmann(dimensions):
    a, p = (np.array(part) for part in HARTMANN[dimensions])

    def value(trial):
        x = np.array(floats(trial, dimensions, 0, 1))
        return float(-np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(a * (x - p) ** 2).sum(axis=1)))

    return value


def ackley(dimensions):
    def value(trial):
        x = np.array(floats(trial, dimensions, -32.768, 32.768))
        far, waves = math.sqrt((x**2).mean()), np.cos(2 * math.pi * x).mean()
        return float(-20 * math.exp(-0.2 * far) - math.exp(waves) + 20 + math.e)

    return value


def rosenbrock4(trial):
    x = floats(trial, 4, -2.048, 2.048)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def styblinski5(trial):
    return sum((x**4 - 16 * x * x + 5 * x) / 2 for x in floats(trial, 5, -5, 5))


def levy6(trial):
    w = [1 + (x - 1) / 4 for x in floats(trial, 6, -10, 10)]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return math.sin(math.pi * w[0]) ** 2 + middle + last


def mixed(trial):
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    units = trial.suggest_int("units", 16, 256, log=True)
    layers = trial.suggest_int("layers", 1, 5)
    dropout = trial.suggest_float("dropout", 0, 0.5, step=0.05)
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "gelu"])
    best, penalty = {"relu": (-3, 0.2), "tanh": (-2, 0.4), "gelu": (-3.5, 0)}[activation]
    return ((math.log10(rate) - best) ** 2 / 4 + 0.3 * abs(math.log2(units) - 7)
            + 0.05 * (layers - 3) ** 2 + 10 * (dropout - 0.2) ** 2 + penalty)


def conditional(trial):
    common = 0.1 * (math.log10(trial.suggest_float("decay", 1e-6, 1e-2, log=True)) + 4) ** 2
    if trial.suggest_categorical("optimiser", ["sgd", "adam"]) == "sgd":
        rate = trial.suggest_float("sgd_rate", 1e-4, 1, log=True)
        momentum = trial.suggest_float("momentum", 0, 0.99)
        return common + 0.3 + (math.log10(rate) + 1) ** 2 / 4 + (momentum - 0.9) ** 2
    rate = trial.suggest_float("adam_rate", 1e-5, 1e-1, log=True)
    beta = trial.suggest_float("beta", 0.8, 0.999)
    return common + (math.log10(rate) + 3) ** 2 / 4 + 4 * (beta - 0.9) ** 2


# Objective, minimum, deviation of the noise.
FUNCTIONS = {
    "branin": (branin, 0.39788735772973816, 0),
    "hartmann3": (hartmann(3), -3.86277978, 0),
    "hartmann6": (hartmann(6), -3.32236801, 0),
    "ackley2": (ackley(2), 0, 0),
    "ackley5": (ackley(5), 0, 0),
    "ackley10": (ackley(10), 0, 0),
    "rosenbrock4": (rosenbrock4, 0, 0),
    "styblinski5": (styblinski5, -195.830828518, 0),
    "levy6": (levy6, 0, 0),
    "mixed": (mixed, 0, 0),
    "conditional": (conditional, 0, 0),
    "noisy_branin": (branin, 0.39788735772973816, 2),
}
TABLES = pathlib.Path(__file__).parent / "tune_tables"
HAS_TABLES = all((TABLES / name).exists() for name in ("compact.csv", "heads.csv"))
OURS = ["--tables", str(TABLES)] if HAS_TABLES else []


def ascending(words):
    """The levels of a setting, and whether they have an order besides that of their letters."""
    levels = set(words)
    try:
        return sorted(levels, key=float), True
    except ValueError:
        return sorted(levels), False


def run_table(file):
    """Real training runs (bench/tune_tables) as an objective: 1 − macro F1, and its minimum."""
    with open(file, encoding="utf-8") as text:
        names, *rows = csv.reader(text)
    settings = [(name, *ascending(row[i] for row in rows)) for i, name in enumerate(names[:-1])]
    lost = {tuple(row[:-1]): 1 - float(row[-1]) for row in rows}

    def value(trial):
        key = []
        for name, levels, is_ordered in settings:
            if is_ordered:
                key.append(levels[trial.suggest_int(name, 0, len(levels) - 1)])
            else:
                key.append(trial.suggest_categorical(name, levels))
        return lost[tuple(key)]

    return value, min(lost.values()), 0


def add_tables():
    for file in sorted(TABLES.glob("*.csv")) if HAS_TABLES else []:
        FUNCTIONS[file.stem] = run_table(file)


def check_functions(program):
    lines = subprocess.run([program, "check", *OURS], capture_output=True, text=True, check=True).stdout
    for line in lines.splitlines():
        point = json.loads(line)
        theirs = FUNCTIONS[point["function"]][0](optuna.trial.FixedTrial(point["params"]))
        if abs(theirs - point["value"]) > 1e-9 * max(1, abs(theirs)):
            raise SystemExit(f"the two sides differ on {point}")


def our_regrets(program, sampler, seeds, trials):
    words = [program, "regret", sampler, str(seeds), str(trials), *OURS]
    regrets = {name: [] for name in FUNCTIONS}
    for line in subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\n"):
        if line:
            name, _, regret = line.split()
            regrets[name].append(float(regret))
    return regrets


def optuna_sampler(name, seed):
    if name == "gp":
        return optuna.samplers.GPSampler(seed=seed, deterministic_objective=False)
    return optuna.samplers.TPESampler(seed=seed)


def optuna_regret(name, sampler, seed, trials):
    function, minimum, noise = FUNCTIONS[name]
    draws = np.random.default_rng(seed)
    study = optuna.create_study(sampler=optuna_sampler(sampler, seed))
    best_told, best = math.inf, math.inf
    for _ in range(trials):
        trial = study.ask()
        value = function(trial)
        told = value + noise * draws.normal()
        study.tell(trial, told)
        if told < best_told:
            best_told, best = told, value
    return best - minimum


def optuna_regrets(sampler, seeds, trials, names, record):
    """{function: [regret of each seed]}; what the file `record` holds of them is not run again."""
    known = {}
    if record and os.path.exists(record):
        for line in open(record, encoding="utf-8"):
            known[tuple(json.loads(line)["of"])] = json.loads(line)["regret"]
    regrets = {name: [] for name in names}
    for seed, name in itertools.product(range(seeds), names):
        of = (optuna.__version__, sampler, trials, name, seed)
        if of not in known:
            known[of] = optuna_regret(name, sampler, seed, trials)
            if record:
                with open(record, "a", encoding="utf-8") as file:
                    file.write(json.dumps({"of": of, "regret": known[of]}) + "\n")
        regrets[name].append(known[of])
    return regrets


def optuna_time(sampler, known, asks):
    def suggest(trial):
        value = sum(x * x for x in floats(trial, 6, -1, 1)) + trial.suggest_int("units", 1, 100)
        return value + trial.suggest_categorical("choice", [True, False])

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(suggest, n_trials=known)
    study.sampler = optuna_sampler(sampler, 1)
    times = []
    for _ in range(asks):
        begin = time.process_time()
        trial = study.ask()
        value = suggest(trial)
        times.append(1e3 * (time.process_time() - begin))
        study.tell(trial, value)
    return float(np.median(times))


def print_times(given):
    """Processor time of an ask with all its suggestions, 8 parameters, 1,000 known trials."""
    asks = 3 if "gp" in (given.ours, given.theirs) else 21
    words = [given.program, "time", given.ours, "1000", str(asks)]
    mine = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    optunas = optuna_time(given.theirs, 1000, asks)
    print(f"Processor time of an ask, 8 parameters, 1,000 trials: {given.ours} {mine:.2f} ms, "
          f"Optuna's {given.theirs} {optunas:.1f} ms: 1/{optunas / mine:.1f}.")


def quartiles(regrets):
    low, middle, high = np.percentile(regrets, [25, 50, 75])
    return low, middle, high, f"{middle:.3g} ({low:.3g} … {high:.3g})"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("program")
    options.add_argument("--seeds", type=int, default=30)
    options.add_argument("--trials", type=int, default=100)
    options.add_argument("--ours", default="tpe", choices=["tpe", "tpe-univariate", "gp", "nsga2", "random", "sobol"])
    options.add_argument("--theirs", default="tpe", choices=["tpe", "gp"])
    options.add_argument("--record", help="file that keeps Optuna's regrets, which are the same again")
    options.add_argument("--only-times", action="store_true", help="measure asks, and no more")
    options.add_argument("--only-theirs", action="store_true", help="fill the record, and no more")
    given = options.parse_args()
    add_tables()
    if given.only_times:
        print_times(given)
        return
    if given.only_theirs:
        optuna_regrets(given.theirs, given.seeds, given.trials, FUNCTIONS, given.record)
        return
    check_functions(given.program)
    ours = our_regrets(given.program, given.ours, given.seeds, given.trials)
    theirs_of = optuna_regrets(given.theirs, given.seeds, given.trials, FUNCTIONS, given.record)
    print(f"Optuna {optuna.__version__}, Python {platform.python_version()}; {given.trials} trials, "
          f"{given.seeds} seeds; median (quartiles) of the simple regret.\n")
    print(f"| function | ours, {given.ours} | Optuna, {given.theirs} | ours within its quartiles "
          "or better | ours better |\n|---|---|---|---|---|")
    within = better = 0
    for name in FUNCTIONS:
        theirs = theirs_of[name]
        _, our_middle, _, our_text = quartiles(ours[name])
        _, their_middle, their_high, their_text = quartiles(theirs)
        is_within, is_better = our_middle <= their_high, our_middle < their_middle
        within, better = within + is_within, better + is_better
        print(f"| {name} | {our_text} | {their_text} | {'yes' if is_within else 'no'} | "
              f"{'yes' if is_better else 'no'} |", flush=True)
    print(f"\nWithin or better: {within} of {len(FUNCTIONS)}; better: {better}.")
    print_times(given)


if __name__ == "__main__":
    main()
