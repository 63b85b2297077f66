"""The main table: every method, each Adam with and without a warm-up, over twenty seeds."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from matplotlib.figure import Figure

from manifold_opt.experiments.suite.cases import METHODS, OWN, WARMED, WARMUP, settings_of
from manifold_opt.experiments.suite.claims import TOO_FEW, compare, differences, pairs_table, share, winner
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Experiment, Result, Run, by_group, records, trainings
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS
from manifold_opt.experiments.suite.tables import times_table

__all__ = ["MethodsExperiment", "answer", "comparisons", "group_name"]

EPOCHS = 8


def group_name(method: str, warmup: bool = False) -> str:
    """What a group of the main table is called."""
    return settings_of(method, warmup=WARMUP if warmup else 0).label


@final
class MethodsExperiment(Experiment):
    """All methods with the same images, batches and first weights, at L = 16 with the relative loss.

    Paper: v4, section 5.
    """

    name = "methods"
    question = "Which methods train the deep network, how often, and what of it is due to the manifold?"

    def runs(self, seeds: Sequence[int]) -> list[Run]:
        """Every method, each Adam with the warm-up too, the decisive ones first, all seeds of a group together."""
        return [Run(group_name(method, warm), settings_of(method, warmup=WARMUP if warm else 0, seed=seed,
                                                          epochs=EPOCHS))
                for method in METHODS for warm in ((False, True) if method in WARMED else (False,)) for seed in seeds]

    def draw(self, results: list[Result]) -> Figure:
        """Shares and losses, one row a group."""
        return draw_groups(results, loss="training loss of epoch 8")

    def times(self, results: list[Result]) -> str:
        """Seconds of an epoch and to the target losses."""
        return times_table({name: records(group) for name, group in by_group(trainings(results)).items()})

    def table(self, results: list[Result]) -> str:
        """One line a group, and below it the paper's method against every other, seed by seed."""
        groups = by_group(trainings(results))
        tables = [super().table(results), *(self._against(group_name("adam", warm), groups) for warm in (False, True))]
        return "\n\n".join(table for table in tables if table)

    @staticmethod
    def _against(own: str, groups: Mapping[str, list[Result]]) -> str:
        """The pairs of one of the paper's two groups with all others that are run in the same way."""
        if own not in groups:
            return ""
        warm = groups[own][0].run.settings.warmup
        return pairs_table(own, groups[own], {name: group for name, group in groups.items()
                                              if name != own and group[0].run.settings.warmup == warm})

    def paragraph(self, results: list[Result]) -> str:
        """What the runs are, and how the tables are to be read."""
        said = ("All runs have L = 16, the relative loss, the rate 1e-3, batches of 256 in the same order, and eight "
                "epochs of the 8,000 embedded images; with a warm-up the rate rises linearly over the first "
                f"{WARMUP} steps. A run trains if its final loss is below 1.1; loss and accuracy are those of the runs "
                "that train (median, quartiles), a defect is the largest of any weight at any step in units of eps.")
        if winner(by_group(trainings(results))) is None:
            return f"{said} Who is ahead: {TOO_FEW}."
        return (f"{said} The tables of pairs count the seeds for which one method trains and the other does not, and, "
                "of those for which both train, where the paper's method has the lower loss; p is the probability of "
                "a difference so large by chance (sign test), not corrected for the number of lines.")


def comparisons(groups: Mapping[str, Sequence[Result]]) -> list[str]:
    """The paper's method against the three rivals, without and with the warm-up, as far as they are there."""
    said = []
    rivals = ("free_adam", "free_adam_same_start", "projected_adam")
    for warm in (False, True):
        own = group_name("adam", warm)
        others = {name: groups[name] for rival in rivals if (name := group_name(rival, warm)) in groups}
        if own in groups:
            said += differences(own, groups[own], others, 2 * len(rivals))
    alone, warmed = group_name("adam"), group_name("adam", True)
    if alone in groups and warmed in groups:
        said.append(compare(warmed, groups[warmed], alone, groups[alone]))
    return said


def answer(results: list[Result]) -> str:
    """The first paragraph of the page: who wins.

    Parameters
    ----------
    results : list of Result
        Results of the main table.

    Returns
    -------
    str
    """
    groups = by_group(trainings(results))
    found = winner(groups)
    if found is None:
        return f"Who wins? {TOO_FEW.capitalize()}: fewer than two methods have {MINIMUM_SEEDS} seeds in the records."
    first, level = found
    enough = {name: group for name, group in groups.items() if len(group) >= MINIMUM_SEEDS}
    said = [f"**{share(first, enough[first])}: of {len(enough)} methods with {MINIMUM_SEEDS} seeds or "
            "more it is the first, by the share that trains and then by the loss.**"]
    if enough[first][0].run.settings.rival not in OWN:
        said.append("It is a rival, not the paper's method.")
    behind = [name for name in enough if name != first and name not in level]
    if level:
        said.append(f"But no winner is shown; not behind it, by sign tests over the same seeds: {'; '.join(level)}.")
        said += [f"Behind it, in how often they train or in the loss: {'; '.join(behind)}."] if behind else []
    else:
        said.append(f"All {len(behind)} others are behind it, in how often they train or in the loss, by sign tests "
                    "over the same seeds.")
    for name, what in ((group_name("adam"), "as it stands"), (group_name("adam", True), "with the warm-up")):
        if name in enough and first != name:
            said.append(f"The paper's method {what}: {share(name, enough[name])}.")
    own = next((name for name in (group_name("adam", True), group_name("adam")) if name in behind), None)
    if own is not None:
        said.append(compare(first, enough[first], own, enough[own], len(enough) - 1))
    return " ".join(said)
