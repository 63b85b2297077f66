"""The results of an experiment as a table."""
from __future__ import annotations

from manifold_opt.experiments.suite.experiment import Result, by_group, spread

__all__ = ["results_table"]


def results_table(results: list[Result]) -> str:
    """One line a group: smallest, median and largest of the seeds.

    Parameters
    ----------
    results : list of Result
        The results.

    Returns
    -------
    str

    Examples
    --------
    >>> from manifold_opt.experiments import Record, Settings
    >>> from manifold_opt.experiments.suite import Result, Run
    >>> from manifold_opt.experiments.suite.report import results_table
    >>> record = Record().extended([1.25], 0.5, 3.0, 2.0)
    >>> print(results_table([Result(Run("Adam", Settings()), record, {})]))
    group                           seeds  epochs  training loss         accuracy in %      defect in eps  s/epoch
    Adam                                1       1  1.250 (1.250..1.250)  50.0 (50.0..50.0)            3.0      2.0
    """
    width = max(30, *(len(result.run.group) for result in results))
    lines = [f"{'group':<{width}}  seeds  epochs  {'training loss':<20}  {'accuracy in %':<17}  defect in eps  s/epoch"]
    for name, group in by_group(results).items():
        low, middle, high = spread([result.record.final_loss for result in group])
        worst, usual, best = spread([100 * result.record.accuracies[-1] for result in group])
        defect = max(max(result.record.defects) for result in group)
        seconds = spread([value for result in group for value in result.record.seconds])[1]
        loss, accuracy = f"{middle:.3f} ({low:.3f}..{high:.3f})", f"{usual:.1f} ({worst:.1f}..{best:.1f})"
        lines.append(f"{name:<{width}}  {len(group):>5}  {group[0].record.epochs:>6}  {loss:<20}  {accuracy:<17}  "
                     f"{defect:>13.1f}  {seconds:>7.1f}")
    return "\n".join(lines)
