"""What a user asks of the measured tables in numerics/tables: time of each work beside the fastest alternative."""
import re
from pathlib import Path

from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from docutils import nodes

TABLES = Path(__file__).parents[1] / "numerics" / "tables"


def rows(name):
    """The rows of a written list-table as dicts."""
    text = (TABLES / name).read_text(encoding="utf-8").partition("\n\n   * ")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in re.split(r"\n     -|^- ", row)[1:]] for row in text.split("\n   * ")]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def median(row):
    """The ratio of the medians."""
    return float(row["ratio of medians (single rounds)"].partition(" ")[0])


def steps():
    """For each step of Adam: name, time and section of the faster one, alternative, ratios with 1 and 2 threads."""
    one, two = rows("speed.rst"), rows("speed_2.rst")
    for name in dict.fromkeys(row["one Adam step"] for row in one):
        best = min((row for row in one if row["one Adam step"] == name), key=median)
        same = next(row for row in two if (row["one Adam step"], row["section"]) == (name, best["section"]))
        time = f"{best['Cayley']}, {best['section']}"
        yield f"Step, {name}", time, best["fastest alternative"], f"{median(best):.2f}", f"{median(same):.2f}"


def network():
    """The same for pass and epoch of the transformer."""
    found = rows("network.rst")
    for name in dict.fromkeys(row["work"] for row in found):
        one, two = sorted((row for row in found if row["work"] == name), key=lambda row: row["BLAS threads of NumPy"])
        yield (name[:1].upper() + name[1:], one["manifold_opt"], one["fastest alternative"],
               f"{median(one):.2f}", f"{median(two):.2f}")


class SpeedTable(Directive):
    """The table."""

    def run(self):
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 34 22 24 10 10", ""]
        head = ("Work", "This library", "Fastest alternative", "Ratio", "Ratio, two threads")
        for row in [head, *steps(), *network()]:
            lines += [f"   {'-' if i else '* -'} {cell}".replace("   - ", "     - ") for i, cell in enumerate(row)]
        node = nodes.container()
        self.state.nested_parse(StringList(lines, "speed-table"), self.content_offset, node)
        return node.children


def setup(app):
    app.add_directive("speed-table", SpeedTable)
    return {"parallel_read_safe": True}
