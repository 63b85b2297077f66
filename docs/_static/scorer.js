/* Scores of the search: a chapter about a word comes first, then objects of that name, then pages that mention it. */
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; // pages can not be read there

var Scorer = {
  score: ([page, title, anchor, description, score, file, kind]) => {
    const inTitle = kind !== "object" && score >= Scorer.title;
    if (/^(theory\/|algorithm$)/.test(page)) return score + (inTitle ? 100 : 20);
    if (/^(_tutorials|how_to)\//.test(page)) return score + (inTitle ? 50 : 10);
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
