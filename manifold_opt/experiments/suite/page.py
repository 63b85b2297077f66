"""The documentation's page made of stored results: for each experiment a table, a figure and a paragraph."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from manifold_opt.experiments.figures import save_figure
from manifold_opt.experiments.files import write_whole
from manifold_opt.experiments.suite.budget import budget
from manifold_opt.experiments.suite.cases import WARMUP
from manifold_opt.experiments.suite.drawing import draw_groups
from manifold_opt.experiments.suite.experiment import Experiment, Result, by_group
from manifold_opt.experiments.suite.methods import answer, comparisons
from manifold_opt.experiments.suite.statistics import MINIMUM_SEEDS
from manifold_opt.experiments.suite.storage import load_results

__all__ = ["write_answer", "write_section"]


def write_section(experiment: Experiment, folder: Path) -> str:
    """Write table ``NAME.txt``, figure ``NAME.png`` and ``NAME.inc``, which shows them in a page.

    All follow from the stored results, ``NAME.json``; without it ``NAME.inc`` says that there are none yet.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    folder : pathlib.Path
        Where ``NAME.json`` is, and where to write.

    Returns
    -------
    str
        The tables.

    Raises
    ------
    ValueError
        If ``NAME.json`` is damaged.
    """
    name = experiment.name
    stored = folder / f"{name}.json"
    if not stored.exists():
        text = f"There are no stored runs yet; ``python -m manifold_opt experiments {name}`` makes them."
        write_text(folder / f"{name}.inc", f"{text}\n")
        return text
    results, header = load_results(stored), json.loads(stored.read_text())
    parts = [_made(experiment, header, results), f".. image:: {name}.png\n   :alt: {experiment.question}",
             experiment.paragraph(results)]
    tables = {"txt": experiment.table(results), "times.txt": experiment.times(results)}
    for suffix, table in tables.items():
        if table:
            write_text(folder / f"{name}.{suffix}", f"{table}\n")
            parts.append(f".. literalinclude:: {name}.{suffix}\n   :language: text")
    save_figure(folder / f"{name}.png", experiment.draw(results))
    write_text(folder / f"{name}.inc", "\n\n".join(parts) + "\n")
    return "\n".join(table for table in tables.values() if table)


def write_answer(stored: Path, experiments: Iterable[Experiment]) -> None:
    """Write ``answer.inc`` and ``answer.png``, the first paragraph of the page and its figure, and ``budget.inc``.

    Parameters
    ----------
    stored : pathlib.Path
        Results of the main table, ``methods.json``; the two files are written beside it. While they have fewer groups
        with enough seeds than the sweeps have in the same setting, the first paragraph rests on those.
    experiments : iterable of Experiment
        All experiments.
    """
    results, short = load_results(stored) if stored.exists() else [], four_epochs(stored.parent)
    shown, said = results, answer(results)
    if len(enough_seeds(short)) > len(enough_seeds(results)):
        shown, said = short, f"The main table is not complete; after four epochs of its setting: {answer(short)}"
    said = "\n\n".join([said, " ".join(comparisons(by_group(shown)))]).strip()
    write_text(stored.with_name("answer.inc"), f"{said}\n")
    if shown:
        save_figure(stored.with_name("answer.png"), draw_groups(shown, loss="final loss of each seed"))
    write_text(stored.with_name("budget.inc"), f"{budget(experiments, results or short)}\n")


def four_epochs(folder: Path) -> list[Result]:
    """The runs of the sweeps that have the setting of the main table, and half its epochs."""
    found: dict[tuple[str, int], Result] = {}
    for path in (folder / "depth.json", folder / "warmup.json"):
        for result in load_results(path) if path.exists() else ():
            settings = result.run.settings
            if settings.blocks == 16 and settings.warmup in (0, WARMUP):
                run = replace(result.run, group=settings.label)
                found.setdefault((settings.label, settings.seed), replace(result, run=run))
    return list(found.values())


def enough_seeds(results: list[Result]) -> list[str]:
    """The groups with enough seeds for a claim."""
    return [name for name, group in by_group(results).items() if len(group) >= MINIMUM_SEEDS]


def write_text(path: Path, text: str) -> None:
    """Write a text file as a whole."""
    write_whole(path, lambda file: file.write(text.encode()))


def _made(experiment: Experiment, header: Mapping[str, Any], results: list[Result]) -> str:
    """By which command, with which commit, and which runs are not there."""
    commits = sorted({result.commit for result in results if result.commit})
    made = f"``{header['command']}``" + (f", commit {', '.join(commits)}" if commits else "")
    ended = Counter(result.run.group for result in results if result.ended)
    made += "".join(f"; {count} of the runs of {name} overflow{'s' if count == 1 else ''} before the last epoch and "
                    f"count{'s' if count == 1 else ''} as failing" for name, count in ended.items())
    if len(results) >= header["runs"]:
        return f"{made}."
    there = Counter((result.run.group, result.run.measure) for result in results)
    seeds = experiment.seeds_with(results)
    groups = dict.fromkeys((run.group, run.measure) for run in experiment.runs(range(seeds)))
    names = {key: f"{key[0]} ({key[1].replace('_', ' ')})" if key[1] else key[0] for key in groups}
    whole = [name for key, name in names.items() if there[key] >= seeds]
    missing = [name for name in names.values() if name not in whole]
    said = (f"all {seeds} seeds of all groups but {'; '.join(missing)}" if len(missing) < len(whole) else
            f"all {seeds} seeds of {'; '.join(whole)}" if whole else "all seeds of none")
    return (f"{made}. *Incomplete:* {len(results)} of {header['runs']} runs are there, {said}; the same command makes "
            "the rest.")
