"""The four curves of the paper's figure, with all that they might depend on."""
from __future__ import annotations

from typing import Any, final

from matplotlib.figure import Figure

from manifold_opt.experiments.settings import Settings, paper_curves
from manifold_opt.experiments.suite.drawing import finish, plot_band
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group

__all__ = ["FashionExperiment", "MnistExperiment"]

VARIANTS: tuple[tuple[str, dict[str, Any], tuple[int, ...]], ...] = (
    ("", {}, (0, 1, 2, 3, 4)),
    ("cross-entropy: ", {"loss": "cross_entropy"}, (0, 1)),
    ("skip connection: ", {"skip": True}, (0, 1)),
)
"""Prefix of the groups, settings and seeds of each panel."""


def curve_runs(prefix: str, seeds: tuple[int, ...], **common: Any) -> list[Run]:
    """The four curves of the paper's figure for several seeds.

    Parameters
    ----------
    prefix : str
        Prefix of the names of the groups.
    seeds : tuple of int
        The seeds.
    **common
        Settings that all runs share.

    Returns
    -------
    list of Run
    """
    return [Run(f"{prefix}{settings.label}", settings)
            for seed in seeds for settings in paper_curves(seed=seed, **common).values()]


def draw_panels(results: list[Result], prefixes: list[str], titles: list[str]) -> Figure:
    """One row of loss and accuracy for each prefix of group names, with bands over the seeds.

    Parameters
    ----------
    results : list of Result
        The results.
    prefixes, titles : list of str
        Prefix of the groups and title of each row.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(9.5, 3.6 * len(prefixes)), layout="constrained")
    rows = figure.subplots(len(prefixes), 2, squeeze=False)
    for prefix, title, (left, right) in zip(prefixes, titles, rows):
        groups = {name: group for name, group in by_group(results).items()
                  if name.startswith(prefix) and (prefix or ":" not in name)}
        for number, (name, group) in enumerate(groups.items()):
            plot_band(left, group, name.removeprefix(prefix), number)
            plot_band(right, group, name.removeprefix(prefix), number, accuracy=True)
        seeds = len({result.run.settings.seed for group in groups.values() for result in group})
        finish(left, xlabel="epoch", ylabel="training loss", ylim=(0, None), title=f"{title}, {seeds} seed(s)")
        finish(right, xlabel="epoch", ylabel="test accuracy in %", ylim=(0, 100))
        left.legend(frameon=False, fontsize="small")
    return figure


@final
class MnistExperiment(Experiment):
    """The four curves at L = 16 for five seeds; both losses; the skip connection; precision and restoration.

    Paper: v4, section 5.
    """

    name = "mnist"
    question = ("Does free training fail where constrained training works, for every seed and loss, with and without "
                "skip connection, and does orthogonality stay at machine precision?")

    def runs(self) -> list[Run]:
        """The base case, its variants, and the runs of the precision table."""
        runs = [run for prefix, settings, seeds in VARIANTS
                for run in curve_runs(prefix, seeds, threads=1, epochs=4 if prefix else Settings.epochs, **settings)]
        for dtype in ("float32", "float64"):
            for restore in (100, None):
                name = f"precision: {dtype}, {'restoration on' if restore else 'bare algorithm'}"
                runs.append(Run(name, Settings(dtype=dtype, restore=restore, threads=1, epochs=4)))
        # the many seeds of the base case first, then one seed of everything, then the rest
        return sorted(runs, key=lambda run: bool(":" in run.group) + bool(":" in run.group and run.settings.seed > 0))

    def draw(self, results: list[Result]) -> Figure:
        """A row for the base case and each variant."""
        return draw_panels(results, [prefix for prefix, _, _ in VARIANTS],
                           ["MNIST, L = 16", "cross-entropy", "with skip connection"])


@final
class FashionExperiment(Experiment):
    """The four curves on Fashion-MNIST: the embedded 1,000 images, or a folder of IDX files.

    Paper: v4, section 5, on other images.
    """

    name = "fashion"
    question = "Does the same hold on other images?"
    source = "fashion"

    def runs(self) -> list[Run]:
        """The four curves for two seeds; 120 steps, as many as four epochs of the embedded MNIST images."""
        return curve_runs("", (0, 1), threads=1, epochs=30)

    def draw(self, results: list[Result]) -> Figure:
        """Loss and accuracy."""
        return draw_panels(results, [""], ["Fashion-MNIST, L = 16"])
