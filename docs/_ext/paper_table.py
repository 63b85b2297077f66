"""The paper-to-code table from paper_to_code.csv and not_in_the_paper.csv, with a link for every object."""
import csv
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from identities import escaped
from sphinx.directives.patches import CSVTable


def read(name):
    """The rows of a table as dicts."""
    with open(Path(__file__).parents[1] / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def links(objects):
    """References to objects, given without the leading manifold_opt; methods with the name of their class."""
    texts = []
    for name in objects.split():
        parts = name.split(".")
        title = ".".join(parts[-2:] if len(parts) > 2 and parts[-2][0].isupper() else parts[-1:])
        linked = len(parts) > 1 and name != "arrays.Array"
        texts.append(f":py:obj:`{title} <manifold_opt.{name}>`" if linked else f"``manifold_opt.{name}``")
    return ", ".join(texts)


def breakable(literal):
    """Let a long name break into lines behind a separator and nowhere else."""
    pieces = re.findall(r"(?:[^/_.:]*(?:::|[/_.:]))|[^/_.:]+", literal.astext())
    literal.children = []
    for i, piece in enumerate(pieces):
        literal += [nodes.raw("", "<wbr>", format="html")] * (i > 0) + [nodes.Text(piece)]


class PaperTable(Directive):
    """The table named by the argument."""

    required_arguments = 1

    def run(self):
        app = self.state.document.settings.env.app
        if self.arguments[0] == "not-in-the-paper":
            head = ["Objects", "Purpose"]
            rows = [[links(row["objects"]), row["purpose"]] for row in read("not_in_the_paper.csv")]
            widths = "55 45"
        else:
            head = ["Section", "Subject", "Code", "Tests", "Notebook"]
            rows = [[row["place"], f":doc:`{row['subject']} </{row['chapter']}>`", links(row["objects"]),
                     "\n       ".join(f"| ``{test}``" for test in row["tests"].split()),
                     ", ".join(self.notebook(app, number) for number in row["notebooks"].split())]
                    for row in read("paper_to_code.csv")]
            widths = "7 22 28 35 8"
        lines = [".. list-table::", "   :class: names", f"   :widths: {widths}", "   :header-rows: 1", ""]
        for row in [head, *rows]:
            lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
        node = nodes.container()
        self.state.nested_parse(StringList(lines, self.arguments[0]), self.content_offset, node)
        for literal in node.findall(nodes.literal):
            breakable(literal)
        return node.children

    def notebook(self, app, number):
        """A link to the notebook of this number, or the number while there is none."""
        for path in Path(app.srcdir).glob(f"_tutorials/{int(number):02d}*.ipynb"):
            return f":doc:`{number} </_tutorials/{path.stem}>`"
        return number


class PlainTable(CSVTable):
    """A csv-table whose cells are plain text, in which |Q - Y| is no substitution."""

    def get_csv_data(self):
        lines, source = super().get_csv_data()
        return [escaped(line) for line in lines], source


def setup(app):
    app.add_directive("plain-csv-table", PlainTable)
    app.add_directive("paper-table", PaperTable)
    return {"parallel_read_safe": True}
