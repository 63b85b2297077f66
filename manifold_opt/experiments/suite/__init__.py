"""The paper's numerical example in full: six experiments, each from one command."""
from manifold_opt.experiments.suite.depth import DepthExperiment
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run
from manifold_opt.experiments.suite.mnist import FashionExperiment, MnistExperiment
from manifold_opt.experiments.suite.optimizers import OptimizersExperiment
from manifold_opt.experiments.suite.report import results_table
from manifold_opt.experiments.suite.retractions import RetractionsExperiment
from manifold_opt.experiments.suite.runner import load_results, run_experiment
from manifold_opt.experiments.suite.spaces import SpacesExperiment

__all__ = ["EXPERIMENTS", "DepthExperiment", "Experiment", "FashionExperiment", "MnistExperiment",
           "OptimizersExperiment", "Result", "RetractionsExperiment", "Run", "SpacesExperiment", "load_results",
           "results_table", "run_experiment"]

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for experiment in (
    MnistExperiment(), FashionExperiment(), DepthExperiment(), SpacesExperiment(), OptimizersExperiment(),
    RetractionsExperiment())}
"""The experiments by name."""
