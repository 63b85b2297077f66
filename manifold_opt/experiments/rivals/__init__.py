"""What Adam on the global tangent space is compared with: rivals with the same data, batches and first weights."""
from manifold_opt.experiments.rivals.array_optimizer import ArrayOptimizer, ArrayState
from manifold_opt.experiments.rivals.embedded_adam import EmbeddedAdam
from manifold_opt.experiments.rivals.muon import Muon
from manifold_opt.experiments.rivals.penalized_adam import PenalizedAdam
from manifold_opt.experiments.rivals.projected_adam import ProjectedAdam
from manifold_opt.experiments.rivals.rule import Rule
from manifold_opt.experiments.rivals.scalar_adam import ScalarAdam
from manifold_opt.experiments.rivals.table import RIVALS, Rival, StepOptimizer

__all__ = ["RIVALS", "ArrayOptimizer", "ArrayState", "EmbeddedAdam", "Muon", "PenalizedAdam", "ProjectedAdam", "Rival",
           "Rule", "ScalarAdam", "StepOptimizer"]
