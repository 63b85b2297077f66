"""A table of contents that leaves out pages which are not there: ``present-toctree``, otherwise ``toctree``."""
from sphinx.directives.other import TocTree
from sphinx.util import docname_join


class PresentTocTree(TocTree):
    """The directive."""

    def run(self):
        here, found = self.env.docname, self.env.found_docs
        self.content.data = [entry for entry in self.content
                             if docname_join(here, entry.partition("<")[2].rstrip("> ") or entry) in found]
        return super().run()


def setup(app):
    app.add_directive("present-toctree", PresentTocTree)
    return {"parallel_read_safe": True}
