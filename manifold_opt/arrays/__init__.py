"""Ground floor: adjoints, blocks of the global tangent space, small matrix functions, trees and checks."""
from manifold_opt.arrays.adjoints import Adjoint, SymplecticAdjoint, TransposeAdjoint, symplectic_form
from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.arrays.coordinates import coordinates, from_coordinates
from manifold_opt.arrays.fractions import fast_fraction, fraction, fraction_by_blocks, fraction_by_sweeps
from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.arrays.matrix_functions import (cayley_factor, exponential, newton_schulz, phi1, phi1_phi2_series,
                                                  polar)
from manifold_opt.arrays.trees import leaves, map_tree

__all__ = ["Adjoint", "Array", "HorizontalElement", "SymplecticAdjoint", "TransposeAdjoint", "cayley_factor",
           "coordinates", "exponential", "fast_fraction", "fraction", "fraction_by_blocks", "fraction_by_sweeps",
           "from_coordinates", "leaves", "map_tree", "newton_schulz", "phi1", "phi1_phi2_series", "polar",
           "symplectic_form", "tolerance"]
