// Charts: what a mark stands for, told when it is pointed at or reached with the arrow keys.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const hints = new WeakMap();

  function tell(mark) {
    tip.textContent = hints.get(mark);
    tip.hidden = false;
    const box = mark.querySelector(":not(.hit)").getBoundingClientRect();
    const middle = box.left + box.width / 2 - tip.offsetWidth / 2;
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${Math.max(8, Math.min(middle, document.documentElement.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${above > 8 ? above : Math.min(box.bottom + 8, innerHeight - tip.offsetHeight - 8)}px`;
  }
  const hush = () => { tip.hidden = true; };

  // One stop of the Tab key a chart; the arrows go from mark to mark within it.
  function step(marks, mark, key) {
    const place = marks.indexOf(mark);
    const to = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: marks.length - 1 }[key];
    if (to === undefined || !marks[to]) return false;
    mark.tabIndex = -1;
    marks[to].tabIndex = 0;
    marks[to].focus({ preventScroll: false });
    return true;
  }

  // A box of a treemap opens the closer look at its group, which is there without script, too.
  function makeLooks(drawing) {
    const looks = drawing.closest("figure").querySelector(".looks");
    if (!looks || looks.contains(drawing)) return;
    const find = (target) => looks.querySelector(`[data-look="${target.closest(".mark")?.dataset.key}"]`);
    for (const mark of drawing.querySelectorAll(".mark")) mark.classList.toggle("opens", Boolean(find(mark)));
    const open = (event) => {
      const look = find(event.target);
      if (!look) return;
      for (const other of looks.children) other.open = other === look;
      hush();
      look.querySelector("summary").focus();
      look.scrollIntoView({ block: "nearest" });
    };
    drawing.addEventListener("click", open);
    drawing.addEventListener("keydown", (event) => { if (event.key === "Enter") open(event); });
  }

  for (const drawing of document.querySelectorAll(".drawing")) {
    const marks = [...drawing.querySelectorAll(".mark")];
    if (!marks.length) continue;
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-roledescription", "chart");
    marks.forEach((mark, number) => {
      const title = mark.querySelector("title");
      hints.set(mark, title.textContent);
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", title.textContent.replaceAll("\n", ", "));
      mark.tabIndex = number ? -1 : 0;
      title.remove();
    });
    makeLooks(drawing);
    const marked = (event) => event.target.closest(".mark");
    drawing.addEventListener("pointerover", (event) => { const mark = marked(event); if (mark) tell(mark); else hush(); });
    drawing.addEventListener("pointerleave", hush);
    drawing.addEventListener("focusin", (event) => { const mark = marked(event); if (mark) tell(mark); });
    drawing.addEventListener("focusout", hush);
    drawing.addEventListener("keydown", (event) => {
      const mark = marked(event);
      if (mark && step(marks, mark, event.key)) event.preventDefault();
    });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });
  addEventListener("scroll", hush, { passive: true });
})();
