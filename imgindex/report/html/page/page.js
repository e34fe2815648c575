// The page itself: light or dark, what is copied, and what is opened for paper.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const make = (words, class_) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = class_;
    button.textContent = words;
    return button;
  };

  function makeTheme() {
    const stored = () => { try { return localStorage.getItem("imgindex-theme"); } catch { return null; } };
    const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const button = make("", "plain theme");
    const show = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
    if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("imgindex-theme", root.dataset.theme); } catch { /* A file may have no storage. */ }
      show();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
    show();
    document.querySelector(".masthead").append(button);
  }

  async function put(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // A page that is opened from a file may lack the clipboard.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function icon() {
    const name = "http://www.w3.org/2000/svg";
    const drawing = document.createElementNS(name, "svg");
    const path = document.createElementNS(name, "path");
    drawing.setAttribute("viewBox", "0 0 14 14");
    drawing.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M5 5h8v8H5zM9 5V1H1v8h4");
    drawing.append(path);
    return drawing;
  }

  function makeCopy(text, name, words) {
    const face = () => [words || icon()];
    const button = make("", "copy");
    button.replaceChildren(...face());
    button.setAttribute("aria-label", name);
    button.title = name;
    button.addEventListener("click", async () => {
      const done = await put(text);
      button.focus();
      button.textContent = done ? "✓" : "✗";
      said.textContent = done ? "Copied" : "Could not be copied";
      setTimeout(() => { button.replaceChildren(...face()); said.textContent = ""; }, 1500);
    });
    return button;
  }

  const said = document.createElement("p");
  said.className = "aloud";
  said.setAttribute("role", "status");
  document.querySelector("footer").append(said);
  makeTheme();
  for (const digest of document.querySelectorAll(".digest")) {
    digest.append(makeCopy(digest.title, `Copy ${digest.title.slice(0, 19)}`, ""));
  }
  for (const code of document.querySelectorAll(".code")) {
    const pre = code.querySelector("pre");
    code.append(makeCopy(pre.textContent, `Copy ${pre.getAttribute("aria-label")}`, "Copy"));
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.more:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
})();
