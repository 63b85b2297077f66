"""The lowest layer: small matrix functions, trees and checks."""
from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.arrays.fractions import fast_fraction, fraction, fraction_by_blocks, fraction_by_sweeps
from manifold_opt.arrays.matrix_functions import (cayley_factor, exponential, newton_schulz, phi1, phi1_phi2_series,
                                                  polar)
from manifold_opt.arrays.rotations import skew_cayley, skew_exponential
from manifold_opt.arrays.spectral import orthogonal_factor, tangent_orthogonal_factor
from manifold_opt.arrays.trees import leaves, map_tree

__all__ = ["Array", "cayley_factor", "exponential", "fast_fraction", "fraction", "fraction_by_blocks",
           "fraction_by_sweeps", "leaves", "map_tree", "newton_schulz", "orthogonal_factor", "phi1", "phi1_phi2_series",
           "polar", "skew_cayley", "skew_exponential", "tangent_orthogonal_factor", "tolerance"]
