"""The list of all identities that the library verifies, with formula, place and bound, as a directive."""
import re

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


def escaped(text):
    """Plain text as reStructuredText shows it; an initial, as in N. Higham, begins no list."""
    return re.sub(r"^(\w+)\.", r"\1\\.", re.sub(r"([\\*`|_])", r"\\\1", text))


class IdentityTable(Directive):
    """A table for each subject, from :data:`manifold_opt.verify.IDENTITIES`."""

    def run(self):
        from manifold_opt.verify import IDENTITIES

        lines, subjects = [], {}
        for one in IDENTITIES.values():
            subjects.setdefault(one.name.partition(":")[0], []).append(one)
        for subject, members in subjects.items():
            lines += [f".. rubric:: {subject[:1].upper() + subject[1:]}", "",
                      ".. list-table::", "   :widths: 25 40 20 15", "   :header-rows: 1", "",
                      "   * - Statement", "     - Formula", "     - Place", "     - Bound"]
            for one in members:
                formula = f":math:`{one.latex}`" if one.latex else escaped(one.formula)
                law = f"``{one.bound.law}``"
                where = f" ({', '.join(one.where)})" if one.where else ""
                lines += [f"   * - {one.name.partition(':')[2].strip()}{where}", f"     - {formula}",
                          f"     - {escaped(one.place)}", f"     - {law}"]
            lines.append("")
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(StringList(lines, "identities"), self.content_offset, node)
        return node.children


def setup(app):
    app.add_directive("identity-table", IdentityTable)
    return {"parallel_read_safe": True}
