/* Scores of the search: a chapter about a word comes first, then objects of that name, chapters that mention it, modules. */
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // pages can not be read there

var Scorer = {
  score: ([page, title, anchor, description, score, file, kind]) => {
    if (kind === "object") return description.startsWith("Python module") ? score - 15 : score;
    const inTitle = score >= Scorer.title;
    if (/^(theory\/|algorithm$)/.test(page)) return score + (inTitle ? 100 : 10);
    if (/^(_tutorials|how_to)\//.test(page)) return score + (inTitle ? 50 : 8);
    return score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
