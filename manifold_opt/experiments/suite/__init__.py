"""The paper's claim against its rivals: experiments of many independent runs, on one machine or many."""
from manifold_opt.experiments.suite.claims import TOO_FEW, compare, share, winner
from manifold_opt.experiments.suite.depth import DepthExperiment
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run
from manifold_opt.experiments.suite.failure import FailureExperiment
from manifold_opt.experiments.suite.fashion import FashionExperiment, LongFashionExperiment
from manifold_opt.experiments.suite.losses import LossesExperiment
from manifold_opt.experiments.suite.methods import MethodsExperiment
from manifold_opt.experiments.suite.published import PublishedExperiment
from manifold_opt.experiments.suite.rates import RatesExperiment
from manifold_opt.experiments.suite.rounding import RoundingExperiment
from manifold_opt.experiments.suite.runner import Plan, run_experiment
from manifold_opt.experiments.suite.spaces import SpacesExperiment
from manifold_opt.experiments.suite.statistics import (SignTest, Summary, epochs_to, seconds_to, sign_test, summarize,
                                                       trains, wilson_interval)
from manifold_opt.experiments.suite.steps import StepsExperiment
from manifold_opt.experiments.suite.storage import load_results
from manifold_opt.experiments.suite.warmup import WarmupExperiment
from manifold_opt.experiments.suite.weights import WeightsExperiment

__all__ = ["EXPERIMENTS", "Experiment", "Plan", "Result", "Run", "SignTest", "Summary", "TOO_FEW", "compare",
           "epochs_to", "load_results", "run_experiment", "seconds_to", "share", "sign_test", "summarize", "trains",
           "wilson_interval", "winner"]

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in (
    MethodsExperiment(), DepthExperiment(), RatesExperiment(), LossesExperiment(), WeightsExperiment(),
    SpacesExperiment(), FailureExperiment(), WarmupExperiment(), RoundingExperiment(), PublishedExperiment(),
    FashionExperiment(), LongFashionExperiment(), StepsExperiment())}
"""The experiments by name, in the order of the page."""
