/* The frame's behaviour: theme, keyboard, dialogs, a sign of life. Every page works without it. */
(() => {
  "use strict";
  const root = document.documentElement;
  const find = (what, where = document) => where.querySelector(what);
  const remember = (name, value) => {
    document.cookie = `${name}=${value}; path=/console; max-age=31536000; samesite=strict`;
  };
  const recall = (name) => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(document.cookie)?.[1] ?? "";

  const switchTheme = () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = root.dataset.theme || (dark ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    find('meta[name="color-scheme"]').content = root.dataset.theme;
    remember("stillwatch_theme", root.dataset.theme);
    document.dispatchEvent(new CustomEvent("stillwatch:theme"));
  };
  find("[data-theme-switch]").addEventListener("click", switchTheme);

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  });

  const off = find("[data-keys-off]");
  off.checked = recall("stillwatch_keys") === "off";
  off.addEventListener("change", () => remember("stillwatch_keys", off.checked ? "off" : "on"));

  const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")]
    .filter((row) => row.offsetParent !== null && row.querySelector("a"));
  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("at"));
    all[at]?.classList.remove("at");
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    next.classList.add("at");
    find("a", next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const section = (by) => {
    const all = [...document.querySelectorAll("main h1, main h2")];
    const at = all.findLastIndex((one) => one.getBoundingClientRect().top < 90);
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!next) return;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };

  /* When was this browser here before this visit? A visit ends after half an hour without a page. */
  const now = Math.floor(Date.now() / 1000);
  const seen = Number(recall("stillwatch_seen")) || 0;
  if (seen && now - seen > 1800) remember("stillwatch_before", seen);
  remember("stillwatch_seen", now);

  let going = 0;
  const keys = {
    "/": () => find("#search")?.focus(),
    "?": () => find("#keys").showModal(),
    j: () => step(1),
    k: () => step(-1),
    "]": () => section(1),
    "[": () => section(-1),
    t: switchTheme,
    g: () => { going = Date.now(); },
  };
  document.addEventListener("keydown", (event) => {
    if (off.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open], [contenteditable], [data-own-keys]")) {
      if (event.key === "Escape" && event.target.matches("input[type=search]")) event.target.blur();
      return;
    }
    if (Date.now() - going < 1500) {
      going = 0;
      const target = find(`[data-go="${CSS.escape(event.key)}"]`);
      if (target) { event.preventDefault(); target.click(); return; }
    }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  /* Sheets work by their addresses; htmx, which spares them a new page, comes when all else is done. */
  const { htmx } = document.currentScript.dataset;
  const later = window.requestIdleCallback ?? setTimeout;
  addEventListener("load", () => later(() => {
    const script = document.createElement("script");
    script.src = htmx;
    document.head.append(script);
  }));

  const tell = (text) => { find("#told").textContent = text; };
  document.addEventListener("htmx:after:swap", () => {
    const tally = find(".sheet .tally");
    if (tally) tell(tally.textContent);
  });
  document.addEventListener("htmx:error", () => tell("The page could not be reached. Try again."));

  const alive = document.body.dataset.alive;
  if (alive) setInterval(() => fetch(alive).catch(() => tell("The console has ended. Start it again.")), 60000);

  window.stillwatch = { tell, find };
})();
