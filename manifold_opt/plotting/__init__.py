"""Pictures of the notebooks: the sphere, block matrices, curves with bands, log-log slopes, attention maps.

Every function draws into given axes and returns the artists' axes; nothing is shown, no global state is touched.
Colours are told apart by every kind of colour vision, and readable on white and on black.
"""
from manifold_opt.plotting.attention import draw_attention, draw_image
from manifold_opt.plotting.curves import draw_bands, draw_contours, draw_slopes, limit_height
from manifold_opt.plotting.holonomy import draw_holonomy
from manifold_opt.plotting.matrices import draw_matrix, draw_splitting
from manifold_opt.plotting.sphere import (draw_arrow, draw_field, draw_path, draw_point, draw_sphere,
                                          draw_tangent_plane)
from manifold_opt.plotting.style import (COLORS, INK, LINES, MARKERS, curve_style, legend, new_figure, note,
                                         whole_steps)

__all__ = ["COLORS", "INK", "LINES", "MARKERS", "curve_style", "draw_arrow", "draw_attention", "draw_bands",
           "draw_contours", "draw_field", "draw_holonomy", "draw_image", "draw_matrix", "draw_path", "draw_point",
           "draw_slopes", "draw_sphere", "draw_splitting", "draw_tangent_plane", "legend", "limit_height",
           "new_figure", "note", "whole_steps"]
