(() => {
  "use strict";
  const value = (row, at) => {
    const cell = row.cells[at];
    return cell.dataset.sort ?? cell.textContent.trim();
  };
  const number = (text) => {
    const plain = text.replace(/[,<> ]/g, "");
    return plain === "" ? NaN : Number(plain);
  };
  const compare = (a, b) => {
    const x = number(a), y = number(b);
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en") : x - y;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => compare(value(a, at), value(b, at)));
        body.append(...(down ? rows.reverse() : rows));
      });
    });
    if (body.rows.length < 8) continue;
    const filter = document.createElement("input");
    filter.type = "search";
    filter.className = "filter";
    filter.placeholder = "Filter these rows";
    filter.setAttribute("aria-label", "Filter these rows");
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLowerCase();
      for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    table.parentElement.before(filter);
  }
})();
