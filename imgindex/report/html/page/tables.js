// Tables: sorted by any column, filtered by words. What is sorted by is the exact value, never the rounded one.
"use strict";
(() => {
  const exact = (cell, kind) => {
    if (cell.querySelector(".none")) return null;
    if (kind === "number") {
      const text = cell.dataset.v ?? cell.textContent.trim();
      return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
    }
    return kind === "time" ? (cell.querySelector("time")?.dateTime ?? cell.textContent) : cell.textContent.trim();
  };
  const words = new Intl.Collator("en", { numeric: true });
  const compare = (one, other) => {
    if (typeof one === "string") return words.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
    return one < other ? -1 : one > other ? 1 : 0;
  };

  function sortBy(table, head, column) {
    const falling = head.getAttribute("aria-sort") === "ascending" ||
      (!head.hasAttribute("aria-sort") && head.dataset.kind === "number");
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [exact(row.cells[column], head.dataset.kind), row]);
    keyed.sort(([one], [other]) => {
      // None comes last in both directions.
      if (one === null || other === null) return (one === null) - (other === null);
      return falling ? compare(other, one) : compare(one, other);
    });
    body.append(...keyed.map(([, row]) => row));
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, head, column));
    });
  }

  function makeFilter(data, table) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 6) return;
    const tools = document.createElement("div");
    tools.className = "tools";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const status = document.createElement("span");
    input.type = "search";
    input.autocomplete = "off";
    status.setAttribute("role", "status");
    label.append("Filter rows", input);
    tools.append(label, status);
    data.prepend(tools);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !wanted.every((word) => texts.get(row).includes(word));
        if (!row.hidden) shown += 1;
      }
      status.textContent = wanted.length ? `${shown} of ${rows.length} rows` : "";
    });
  }

  for (const data of document.querySelectorAll(".data")) {
    const table = data.querySelector("table");
    makeFilter(data, table);
    if (table.tBodies[0].rows.length > 1) makeSortable(table);
  }
})();
