"""Adam on manifolds: the NumPy/SciPy reference of arXiv:2305.16901."""
from manifold_opt.groups import OrthogonalGroup, SymplecticGroup, TranslationGroup
from manifold_opt.optimizers import BFGS, Adam, AdamWithDecay, Gradient, Momentum, Optimizer, minimize
from manifold_opt.spaces import Euclidean, Grassmann, Product, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.version import __version__

__all__ = ["Adam", "AdamWithDecay", "BFGS", "Euclidean", "Gradient", "Grassmann", "Momentum", "Optimizer",
           "OrthogonalGroup", "Product", "Stiefel", "SymplecticGrassmann", "SymplecticGroup", "SymplecticStiefel",
           "TranslationGroup", "minimize", "__version__"]
