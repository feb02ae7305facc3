"""The real Optuna's side of tests/tune/optuna_test.cpp.

  optuna_exchange.py make URL      a study of 15 trials and one that waits
  optuna_exchange.py continue URL  open the study `ours` and run 10 trials more
  optuna_exchange.py check URL     read all of it; fails on anything odd
  optuna_exchange.py seed URL      the seed project's study, as far as its record tells it
"""

import math
import sys
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial):
    rate = trial.suggest_float("rate", 1e-5, 1e-2, log=True)
    smooth = trial.suggest_float("smooth", 0, 0.5, step=0.1)
    layers = trial.suggest_int("layers", 1, 2)
    batch = trial.suggest_int("batch", 4, 128, log=True)
    dropout = trial.suggest_categorical("dropout", [0.5, None])
    if layers == 2:
        trial.suggest_int("units", 128, 256, step=4)
    trial.set_user_attr("by", "optuna")
    trial.report(math.nan, 0)
    trial.report(math.inf if trial.number == 1 else 0.5, 1)
    if hasattr(trial, "set_constraint"):
        trial.set_constraint("batch", batch - 100)
    else:
        trial.set_system_attr("constraints:batch", batch - 100)
    if trial.number % 5 == 3:
        raise optuna.TrialPruned()
    if trial.number % 5 == 4:
        raise MemoryError
    if trial.number == 2:
        return math.inf
    return abs(math.log10(rate) + 4) + smooth + (0 if layers == 1 and dropout is None else 1)


def open_study(storage):
    sampler = optuna.samplers.TPESampler(seed=3)
    return optuna.create_study(
        study_name="ours", storage=storage, sampler=sampler, load_if_exists=True
    )


def make(storage):
    study = open_study(storage)
    study.optimize(objective, n_trials=15, catch=(MemoryError,))
    study.enqueue_trial({"rate": 1e-4, "dropout": None})


def run_on(storage):
    open_study(storage).optimize(objective, n_trials=10, catch=(MemoryError,))


def check(storage):
    study = optuna.load_study(study_name="ours", storage=storage)
    for number, trial in enumerate(study.trials):
        assert trial.number == number
        if trial.state == TrialState.WAITING:
            continue
        assert trial.state != TrialState.RUNNING
        for name, distribution in trial.distributions.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name])), name
        assert ("units" in trial.params) == (trial.params["layers"] == 2)
        assert math.isnan(trial.intermediate_values[0])
        assert trial.datetime_start <= trial.datetime_complete
    states = {trial.state for trial in study.trials}
    assert {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL} <= states
    assert study.trials[2].value == math.inf
    assert study.trials[1].intermediate_values[1] == math.inf
    assert study.trials[1].distributions["batch"] == IntDistribution(4, 128, log=True)
    assert study.trials[1].distributions["smooth"] == FloatDistribution(0, 0.5, step=0.1)
    assert study.trials[1].distributions["dropout"] == CategoricalDistribution([0.5, None])
    if tuple(map(int, optuna.__version__.split(".")[:2])) >= (3, 2):  # 3.1 takes infinity for the best
        assert study.best_trial.value < 4


SEED_SPACE = {
    "learning_rate": FloatDistribution(1e-5, 1e-2, log=True),
    "num_dense_layers": IntDistribution(1, 2),
    "neurons_dense": IntDistribution(128, 256),
    "dropout_rate": CategoricalDistribution([0.5, None]),
    "normalization": CategoricalDistribution([True, False]),
    "l2_reg": FloatDistribution(1e-5, 1e-2, log=True),
}
SEED_BEST = {
    "learning_rate": 6.15e-5,
    "num_dense_layers": 2,
    "neurons_dense": 247,
    "dropout_rate": None,
    "normalization": False,
    "l2_reg": 6.62e-4,
}


def seed(storage):
    """Nine complete trials with the values on record; the best is the seventh. Of the others only
    the values are on record: their parameters are drawn."""
    study = optuna.create_study(
        study_name="BayesOpt_VGG16", storage=storage, direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=1),
    )
    values = [0.709, 0.685, 0.564, None, None, None, 0.811, 0.641, 0.767, 0.747, None, 0.790, 0.787]
    for number, value in enumerate(values + ["pruned"]):
        if number == 6:
            study.enqueue_trial(SEED_BEST)
        trial = study.ask(SEED_SPACE)
        if value is None:
            study.tell(trial, state=TrialState.FAIL)
        elif value == "pruned":
            for epoch, accuracy in enumerate((0.50, 0.52, 0.535)):
                trial.report(accuracy, epoch)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, value)


if __name__ == "__main__":
    actions = {"make": make, "continue": run_on, "check": check, "seed": seed}
    actions[sys.argv[1]](sys.argv[2])
