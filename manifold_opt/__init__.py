"""Adam on manifolds: the NumPy/SciPy reference of arXiv:2305.16901."""
from manifold_opt.groups import OrthogonalGroup, SymplecticGroup, TranslationGroup, UnitaryGroup
from manifold_opt.optimizers import BFGS, Adam, AdamWithDecay, Gradient, Momentum, Optimizer, minimize
from manifold_opt.spaces import (ComplexGrassmann, ComplexStiefel, Euclidean, Grassmann, Product, Stiefel,
                                 SymplecticGrassmann, SymplecticStiefel)
from manifold_opt.version import __version__

__all__ = ["Adam", "AdamWithDecay", "BFGS", "ComplexGrassmann", "ComplexStiefel", "Euclidean", "Gradient", "Grassmann",
           "Momentum", "Optimizer", "OrthogonalGroup", "Product", "Stiefel", "SymplecticGrassmann", "SymplecticGroup",
           "SymplecticStiefel", "TranslationGroup", "UnitaryGroup", "minimize", "__version__"]
