"""The built site in headless Chromium, read from disk: no error, no raw TeX, nothing cut on a phone, search, figures.

The folder of the site is in the environment variable SITE: ``python -m sphinx -b html docs site && SITE=site python -m
pytest tests/docs/test_browser.py``.
"""
import os
from pathlib import Path

import chromium
import pytest

SITE = Path(os.environ["SITE"]).resolve() if "SITE" in os.environ else None
PAGES = sorted(str(page.relative_to(SITE)) for page in SITE.rglob("*.html")
               if not {"_modules", "_static"} & set(page.parts)) if SITE else []
WIDTH = 400

needs_site = pytest.mark.skipif(SITE is None, reason="no built site is named by the environment variable SITE")
needs_chromium = pytest.mark.skipif(chromium.find() is None, reason="no Chromium: install Debian's package chromium")
pytestmark = needs_chromium

FAULTS = r"""(() => {
  const faults = [];
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) faults.push(`${width} pixels wide on a screen of ${innerWidth}`);
  const scrolls = (box) => /auto|scroll/.test(getComputedStyle(box).overflowX);
  const inner = (box) => {  // the nearest box within the page's text that can be scrolled sideways
    while (box && !box.matches("article, main, body") && !scrolls(box)) box = box.parentElement;
    return box && !box.matches("article, main, body");
  };
  for (const box of document.querySelectorAll("main :is(div, section, p, table, td, li, dd, dt, figure, img, pre)")) {
    const { left, right, width } = box.getBoundingClientRect();
    if (width > 1 && (right > innerWidth + 1 || left < -1) && !inner(box))
      faults.push(`cut: ${box.tagName} ${box.textContent.trim().slice(0, 60)}`);
    if (box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 1 && getComputedStyle(box).overflowX === "hidden")
      faults.push(`cut: ${box.tagName} ${box.textContent.trim().slice(0, 60)}`);
  }
  for (const image of document.images)
    if (!(image.complete && image.naturalWidth)) faults.push(`no picture: ${image.src}`);
  for (const formula of document.querySelectorAll("mjx-merror"))
    faults.push(`wrong formula: ${formula.textContent}`);
  for (const formula of document.querySelectorAll(".math"))
    if (!formula.querySelector("mjx-container")) faults.push(`formula not set: ${formula.textContent}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest("pre, code, script, style, noscript, mjx-container")) continue;
    if (/\\[([]|\$.*\$|\\[a-zA-Z]{2,}|[\^_]\{|:(math|doc|ref|class|func|meth):|``/.test(text.data))
      faults.push(`raw markup: ${text.data.trim().slice(0, 80)}`);
  }
  return faults;
})()"""


@pytest.fixture(scope="module")
def tab():
    with chromium.Chromium() as tab:
        yield tab


def faults(tab, address, width=WIDTH, scheme="light"):
    """What is wrong with a page."""
    tab.look(width, scheme=scheme)
    tab.open(address)
    return tab.run(FAULTS) + tab.errors()


def results(tab, query):
    """Addresses that the search finds, in order, relative to the site."""
    tab.look(1400)
    tab.open(f"{SITE.as_uri()}/search.html?q={query}")
    tab.until("document.querySelector('#search-results .search-summary')?.textContent")
    links = tab.run("[...document.querySelectorAll('#search-results li a')].map(link => link.href)")
    return [link.split("?")[0].removeprefix(f"{SITE.as_uri()}/") for link in links], tab.errors()


@needs_site
@pytest.mark.parametrize("page", PAGES)
def test_page(tab, page):
    assert faults(tab, f"{SITE.as_uri()}/{page}") == []


@needs_site
@pytest.mark.parametrize("page", ["index.html", "paper_to_code.html", "numerics/performance.html"])
def test_page_on_a_desk_in_the_dark(tab, page):
    assert faults(tab, f"{SITE.as_uri()}/{page}", 1400, "dark") == []
    assert tab.run("document.documentElement.dataset.theme") == "dark"


@needs_site
def test_search_has_the_chapter_first(tab):
    found, errors = results(tab, "retraction")
    assert errors == []
    assert found[0].startswith("theory/sections_and_retractions.html")
    assert any("manifold_opt.sections.retraction" in link for link in found[1:])


@needs_site
def test_search_finds_an_object_by_its_name(tab):
    assert results(tab, "point_defect")[0][0].endswith("manifold_opt.spaces.base.HomogeneousSpace.point_defect")
    assert results(tab, "qwertzuiop") == ([], [])


@needs_site
def test_pictures_of_the_notebooks(tab):
    tab.open(f"{SITE.as_uri()}/_tutorials/01_the_sphere.html")
    if not tab.run("document.querySelectorAll('.cell_output').length"):
        pytest.skip("the site was built without executing the notebooks")
    assert tab.run("document.querySelectorAll('.cell_output img').length") >= 1


@pytest.mark.parametrize("body, fault", [
    ("<p>in order</p>", ""),
    ("<p>the group $O(N)$</p>", "raw markup: the group $O(N)$"),
    (r"<p>a defect \alpha_{12}</p>", r"raw markup: a defect \alpha_{12}"),
    ("<img src='none.png'>", "no picture: "),
    ("<div class='math'>x</div>", "formula not set: x"),
    ("<div style='width: 500px'>wide</div>", "500 pixels wide"),
    ("<main><div style='overflow: hidden'><div style='width: 500px'>wide</div></div></main>", "cut: DIV wide"),
    ("<main style='overflow: auto'><figure style='width: 500px'>wide</figure></main>", "cut: FIGURE wide"),
    ("<main><pre style='overflow: auto; width: 90%'><div style='width: 500px'>wide</div></pre></main>", ""),
    ("<script>missing()</script>", "ReferenceError"),
    ("<script>console.error('told')</script>", "told"),
])
def test_faults_are_seen(tab, tmp_path, body, fault):
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><link rel='icon' href='data:,'><style>body { margin: 0 }</style>" + body)
    found = faults(tab, page.as_uri())
    assert bool(found) == bool(fault)
    assert not fault or any(fault in one for one in found)
