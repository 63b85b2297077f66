"""Optimization methods on the global tangent space, and the optimizer that applies them (paper v4, sections 3, 4)."""
from manifold_opt.optimizers.adam import Adam
from manifold_opt.optimizers.adam_w import AdamW
from manifold_opt.optimizers.adam_with_decay import AdamWithDecay
from manifold_opt.optimizers.bfgs import BFGS
from manifold_opt.optimizers.gradient import Gradient
from manifold_opt.optimizers.method import Method
from manifold_opt.optimizers.minimize import minimize
from manifold_opt.optimizers.momentum import Momentum
from manifold_opt.optimizers.muon import Muon
from manifold_opt.optimizers.optimizer import Optimizer, OptimizerState, ParameterState
from manifold_opt.optimizers.schedule import Cosine, GeometricDecay, WarmUp

__all__ = ["Adam", "AdamW", "AdamWithDecay", "BFGS", "Cosine", "GeometricDecay", "Gradient", "Method", "Momentum",
           "Muon", "Optimizer", "OptimizerState", "ParameterState", "WarmUp", "minimize"]
