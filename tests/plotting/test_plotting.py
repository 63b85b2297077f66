"""Pictures are tested by drawing them: with the Agg canvas, on white and on black."""
import io

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manifold_opt import Stiefel, plotting
from manifold_opt.plotting.style import luminance


def rendered(figure, background="#FFFFFF"):
    """The pixels (height, width, 3) of a figure."""
    figure.set_facecolor(background)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(float)


def ink(figure, background="#FFFFFF"):
    """Share of the pixels that differ from the background."""
    pixels = rendered(figure, background)
    return float(np.mean(np.any(pixels != pixels[0, 0], axis=-1)))


def contrast(one, other):
    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def sphere(axes):
    space, rng = Stiefel(3, 1), np.random.default_rng(0)
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    plotting.draw_sphere(axes)
    plotting.draw_tangent_plane(axes, Y)
    plotting.draw_path(axes, np.stack([space.geodesic(Y, t * Delta) for t in np.linspace(0, 6, 40)]), label="geodesic")
    plotting.draw_arrow(axes, Y, Delta, "Delta")
    plotting.draw_point(axes, Y, "Y")
    plotting.legend(axes)


def contours(axes):
    plotting.draw_contours(axes, lambda x, y: 1 + x**2 + 10 * y**2, (-1, 1), (-1, 1), log=True)


RNG = np.random.default_rng(1)
DRAWINGS = {
    "sphere": ("space", sphere),
    "matrix": ("picture", lambda axes: plotting.draw_matrix(axes, RNG.normal(size=(4, 3)), "M", numbers=True)),
    "splitting": ("picture", lambda axes: plotting.draw_splitting(axes, 6, [0, 1])),
    "symplectic splitting": ("picture", lambda axes: plotting.draw_splitting(axes, 8, [0, 1, 4, 5], grassmann=True)),
    "bands": ("plain", lambda axes: plotting.draw_bands(axes, {"a": RNG.random((3, 9)), "b": RNG.random(9)}, log=True)),
    "slopes": ("plain", lambda axes: plotting.draw_slopes(axes, 2.0 ** -np.arange(9), {"a": 4.0 ** -np.arange(9)},
                                                          {"a": 2}, floor=1e-4)),
    "contours": ("plain", contours),
    "image": ("picture", lambda axes: plotting.draw_image(axes, RNG.random((28, 28)), grid=7)),
    "attention": ("plain", lambda axes: plotting.draw_attention(axes, np.eye(5), "head 1")),
}


@pytest.mark.parametrize("background", ["#FFFFFF", "#000000"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_picture_draws_on_light_and_dark(name, background):
    kind, draw = DRAWINGS[name]
    figure, axes = plotting.new_figure(kinds=kind)
    empty = ink(figure, background)
    figure, axes = plotting.new_figure(kinds=kind)
    draw(axes)
    assert ink(figure, background) > empty + 0.01


def test_colors_and_text_stand_out_on_white_and_on_black():
    for color in plotting.COLORS:
        assert min(contrast(color, "#FFFFFF"), contrast(color, "#000000")) >= 3
    assert min(contrast(plotting.INK, "#FFFFFF"), contrast(plotting.INK, "#000000")) >= 4.5


# The responses of the cones in linear RGB without the red and without the green receptors: F. Vienot, H. Brettel and
# J. Mollon, Color Research and Application 24 (1999), 243-252.
DEFICIENCIES = {"protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
                "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
                "all": np.eye(3)}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_first_five_colors_differ_for_every_kind_of_color_vision(deficiency):
    linear = np.array([[int(color[k:k + 2], 16) / 255 for k in (1, 3, 5)] for color in plotting.COLORS[:5]]) ** 2.2
    seen = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0, 1) ** (1 / 2.2)
    distances = np.linalg.norm(seen[:, None] - seen, axis=-1)[np.triu_indices(5, 1)]
    assert distances.min() > 0.2


def test_lines_and_markers_differ_where_colors_do():
    assert len(set(plotting.COLORS)) == len(set(plotting.LINES)) == len(set(plotting.MARKERS)) == 6


def test_no_two_curves_share_color_line_and_marker():
    styles = [plotting.curve_style(number) for number in range(36)]
    assert len({(style["color"], style["linestyle"], style["marker"]) for style in styles}) == 36
    figure, axes = plotting.new_figure()
    plotting.draw_bands(axes, {str(number): np.arange(5.0) for number in range(8)})
    assert len({(line.get_color(), line.get_linestyle(), line.get_marker()) for line in axes.lines}) == 8


def notes(axes):
    return [text.get_text() for text in axes.texts]


def test_zeros_on_logarithmic_axes_are_said():
    for draw, said in ((lambda axes, y: plotting.draw_bands(axes, {"a": y, "b": y + 1}, log=True), True),
                       (lambda axes, y: plotting.draw_slopes(axes, np.arange(1.0, 5), {"a": y, "b": y + 1}), True),
                       (lambda axes, y: plotting.draw_bands(axes, {"a": y}), False)):
        for y, expected in ((np.array([1.0, 0.0, 2.0, 0.0]), ["2 values of zero or less not shown"]),
                            (np.array([1.0, 0.0, 2.0, 3.0]), ["1 value of zero or less not shown"]),
                            (np.arange(1.0, 5), [])):
            figure, axes = plotting.new_figure()
            draw(axes, y)
            assert notes(axes) == (expected if said else [])
            rendered(figure)


def test_integers_have_ticks_at_integers():
    for steps, whole in ((np.arange(1, 4), True), (np.array([0.0, 0.1, 0.2]), False)):
        figure, axes = plotting.new_figure()
        plotting.draw_bands(axes, {"a": np.arange(3.0)}, steps)
        rendered(figure)
        assert all(float(tick).is_integer() for tick in axes.get_xticks()) == whole


def test_values_above_the_axis_are_said():
    figure, axes = plotting.new_figure()
    plotting.limit_height(axes, [[1.0, 2.0], [2.5, 1e4]], 2.0)
    plotting.note(axes, "second")
    assert axes.get_ylim() == (0, 2) and notes(axes) == ["2 of 4 values above, up to 1e+04", "second"]
    first, second = (text.get_window_extent(FigureCanvasAgg(figure).get_renderer()) for text in axes.texts)
    assert second.y1 < first.y0 + 2
    figure, axes = plotting.new_figure()
    assert notes(plotting.limit_height(axes, [1.0], 2.0)) == []


def test_what_is_behind_the_sphere_is_faint():
    figure, axes = plotting.new_figure(kinds="space")
    plotting.draw_sphere(axes, elevation=0, azimuth=0)
    t = np.linspace(0, 2 * np.pi, 101)
    before = len(axes.lines)
    plotting.draw_path(axes, np.stack([np.cos(t), np.sin(t), 0 * t], axis=1))
    behind, front = axes.lines[before:]
    assert behind.get_alpha() < front.get_alpha()
    assert np.nanmax(behind.get_data_3d()[0]) < 0.1 and np.nanmin(front.get_data_3d()[0]) >= -0.1
    drawn = ~np.isnan(behind.get_data_3d()[0]) | ~np.isnan(front.get_data_3d()[0])
    assert drawn.all()


def test_nothing_is_left_in_pyplot():
    import matplotlib.pyplot as plt
    before = plt.get_fignums()
    figure, axes = plotting.new_figure(2)
    assert plt.get_fignums() == before
    file = io.BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue()[:4] == b"\x89PNG" and matplotlib.rcParams["figure.facecolor"] != "none"


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="kinds must name 2"):
        plotting.new_figure(2, kinds=["plain"])
    figure, axes = plotting.new_figure(kinds="space")
    with pytest.raises(ValueError, match="three dimensions"):
        plotting.draw_path(axes, np.zeros((4, 2)))
    figure, axes = plotting.new_figure()
    with pytest.raises(ValueError, match="columns that sum to one"):
        plotting.draw_attention(axes, np.ones((3, 3)))
    with pytest.raises(ValueError, match="M must have shape"):
        plotting.draw_matrix(axes, np.zeros(3))
    with pytest.raises(ValueError, match="curve 'a' must have shape"):
        plotting.draw_bands(axes, {"a": np.zeros((2, 2, 2))})


PLANE, SPACE = "plain", "space"


@pytest.mark.parametrize("kind, draw, error, message", [
    (PLANE, lambda axes: plotting.draw_bands(axes, [np.ones(3)]), TypeError, "curves must be a mapping"),
    (PLANE, lambda axes: plotting.draw_bands(axes, {"a": np.ones((0, 3))}), ValueError, "curve 'a' must have a run"),
    (PLANE, lambda axes: plotting.draw_bands(axes, {"a": np.ones(3)}, steps=[1, 2]), ValueError, "curve 'a' .* steps"),
    (PLANE, lambda axes: plotting.draw_bands(axes, {"a": ["x"]}), TypeError, "curve 'a' must be real numbers"),
    (PLANE, lambda axes: plotting.draw_bands(axes, {"a": [[1.0], [1.0, 2.0]]}), ValueError, "curve 'a' must be an arr"),
    (PLANE, lambda axes: plotting.draw_slopes(axes, [1.0, 0.0], {}), ValueError, "steps must be positive"),
    (PLANE, lambda axes: plotting.draw_slopes(axes, [1.0, 2.0], {"a": [1.0]}), ValueError, "errors of 'a' must have"),
    (PLANE, lambda axes: plotting.limit_height(axes, [1.0], -1.0), ValueError, "limit must be positive"),
    (PLANE, lambda axes: plotting.draw_contours(axes, lambda x, y: x / 0 * np.nan, (0, 1), (0, 1)), ValueError,
     "function must be finite"),
    (PLANE, lambda axes: plotting.draw_contours(axes, lambda x, y: -1 - x, (0, 1), (0, 1), log=True), ValueError,
     "function must be positive"),
    (PLANE, lambda axes: plotting.draw_matrix(axes, [[1.0, np.nan]]), ValueError, "M must be finite"),
    (PLANE, lambda axes: plotting.draw_matrix(axes, [[1.0, 1j]]), TypeError, "M must be real numbers"),
    (PLANE, lambda axes: plotting.draw_splitting(axes, 4, [0, 4]), ValueError, "frame must have indices below N = 4"),
    (PLANE, lambda axes: plotting.draw_image(axes, np.ones(3)), ValueError, "image must have shape"),
    (PLANE, lambda axes: plotting.draw_image(axes, np.ones((3, 3)), grid=0), ValueError, "grid must be at least 1"),
    (PLANE, lambda axes: plotting.draw_attention(axes, np.full((2, 2), np.nan)), ValueError, "P must have columns"),
    (PLANE, lambda axes: plotting.draw_attention(axes, np.ones((0, 0))), ValueError, "P must have columns"),
    (PLANE, plotting.draw_sphere, TypeError, "axes must be of the kind 'space'"),
    (PLANE, lambda axes: plotting.draw_point(3, np.eye(3)[0]), TypeError, "axes must be axes of matplotlib: got int"),
    (SPACE, lambda axes: plotting.draw_point(axes, [0.0, np.nan, 1.0]), ValueError, "point must be finite"),
    (SPACE, lambda axes: plotting.draw_arrow(axes, np.eye(3)[0], [1.0, 2.0]), ValueError, "three dimensions"),
    (PLANE, lambda axes: plotting.curve_style(-1), ValueError, "number must be at least 0"),
    (PLANE, lambda axes: plotting.new_figure(0), ValueError, "columns must be at least 1")])
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
def test_border_names_the_argument(kind, draw, error, message):
    with pytest.raises(error, match=message):
        draw(plotting.new_figure(kinds=kind)[1])


def test_what_is_unusual_but_right_is_drawn():
    """Lists and integers, diverged curves, a constant function, no curve at all, and the sphere from its pole."""
    for draw in (lambda axes: plotting.draw_matrix(axes, [[1, -2], [0, 3]]),
                 lambda axes: plotting.draw_bands(axes, {"diverged": [1.0, 2.0, np.nan], "far": [1.0, 1e300, np.inf]}),
                 lambda axes: plotting.draw_bands(axes, {}), lambda axes: plotting.draw_slopes(axes, [1.0], {}),
                 lambda axes: plotting.draw_slopes(axes, [1.0, 0.5], {"none": [0.0, 0.0]}, {"none": 2}),
                 lambda axes: plotting.draw_contours(axes, lambda x, y: 3.0, (0, 1), (0, 1))):
        figure, axes = plotting.new_figure()
        assert draw(axes) is axes
        rendered(figure)
    assert plotting.legend(axes) is None
    figure, axes = plotting.new_figure(kinds="space")
    plotting.draw_sphere(axes, elevation=90)
    plotting.draw_point(axes, [0, 0, 1], "pole")
    assert ink(figure) > 0.01 and np.isfinite(axes.texts[0].get_position()).all()


def test_the_vector_comes_back_turned_by_the_area():
    """The ends of the last two arrows at the start of an octant are a right angle apart."""
    figure, axes = plotting.new_figure(kinds="space")
    plotting.draw_holonomy(axes, np.eye(3), np.array([0.0, 0.0, 1.0]), scale=1.0)
    arrows = [np.stack(line.get_data_3d(), axis=1) for line in axes.lines if line.get_color() in plotting.COLORS[1:3]]
    before, after = (arrow[1] - arrow[0] for arrow in arrows[-3:-1])
    np.testing.assert_allclose(before, [0, 0, 1], atol=1e-14)
    np.testing.assert_allclose(after, [0, -1, 0], atol=1e-14)
    assert ink(figure) > 0.005
    with pytest.raises(ValueError, match="corners must satisfy"):
        plotting.draw_holonomy(axes, 2 * np.eye(3), np.array([0.0, 0.0, 1.0]))
    with pytest.raises(ValueError, match="vector must satisfy"):
        plotting.draw_holonomy(axes, np.eye(3), np.ones(3))
