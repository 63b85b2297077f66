/* Gives each cell of a wide table the heading of its column, which the style sheet shows on narrow screens. */
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("main table.table").forEach((table) => {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    if (heads.length < 3 || table.querySelector("[colspan], [rowspan]")) return;
    table.classList.add("labelled");
    table.querySelectorAll("tbody tr").forEach((row) =>
      [...row.children].forEach((cell, i) => { cell.dataset.head = heads[i]; if (!cell.textContent.trim()) cell.classList.add("blank"); }));
  });
});
