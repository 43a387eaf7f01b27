/* The table of a campaign's accounts: all rows in memory, those in sight on the page.
   Order, search, verdicts and place stand in the address. Without this script the page has a sheet. */
(() => {
  "use strict";
  const host = document.querySelector("[data-grid]");
  if (!host) return;
  const ROW = 34;
  const SPARE = 4;
  const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const COLUMNS = [
    { name: "account_id", heading: "Account", kind: "id" },
    { name: "verdict", heading: "Verdict", kind: "chip" },
    { name: "probability", heading: "Probability", kind: "number", show: (v) => (v > 0.999 && v < 1 ? "> 0.999" : v === 1 ? "> 0.999" : v.toFixed(3)) },
    { name: "weight_bits", heading: "Bits", kind: "number", show: (v) => v.toFixed(1) },
    { name: "exchanges", heading: "Exchanges", kind: "number", show: count },
    { name: "effect", heading: "Effect", kind: "chip" },
    { name: "plan", heading: "Plan", kind: "word" },
    { name: "program", heading: "Programme", kind: "word" },
    { name: "created_at", heading: "Signed up", kind: "number", show: (v) => new Date(v * 1000).toISOString().slice(0, 10) },
  ];
  const make = (tag, attributes = {}, ...inside) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...inside);
    return one;
  };
  /* What can't be seen, or would turn the line round, is spelt out: as frame/texts.py does. */
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;
  const spell = (text) => text.replace(HIDDEN, (c) => `⟨U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

  const begin = (data) => {
    const { columns, words, rows } = data;
    const query = new URLSearchParams(location.search);
    const state = {
      find: query.get("members.find") ?? "",
      sort: query.get("members.sort") ?? "",
      verdict: query.get("members.verdict") ?? "",
    };
    const value = (column, row) => {
      const raw = columns[column][row];
      return raw === null || raw === undefined ? null : words[column] ? words[column][raw] : raw;
    };
    let low = null;
    const chosen = new Set();
    let order = [];
    let at = 0;

    const arrange = () => {
      const find = state.find.trim().toLowerCase();
      const verdict = words.verdict.indexOf(state.verdict);
      if (find) low ??= columns.account_id.map((id) => id.toLowerCase());
      order = [];
      for (let row = 0; row < rows; row += 1) {
        if (verdict >= 0 && columns.verdict[row] !== verdict) continue;
        if (find && !low[row].includes(find) && !["verdict", "effect", "plan", "program"].some((c) => (value(c, row) ?? "").includes(find))) continue;
        order.push(row);
      }
      const name = state.sort.replace(/^-/, "");
      if (COLUMNS.some((column) => column.name === name)) {
        const sign = state.sort.startsWith("-") ? -1 : 1;
        const values = columns[name];
        order.sort((a, b) => {
          const [x, y] = [values[a], values[b]];
          if (x === y) return a - b;
          if (x === null || x === undefined) return 1;
          if (y === null || y === undefined) return -1;
          return (x < y ? -1 : 1) * sign;
        });
      }
      at = 0;
    };
    const write = () => {
      const now = new URLSearchParams(location.search);
      for (const [name, said] of Object.entries(state)) {
        if (said) now.set(`members.${name}`, said); else now.delete(`members.${name}`);
      }
      now.delete("members.page");
      history.replaceState(history.state, "", `?${now}${location.hash}`);
    };

    const find = make("input", { type: "search", id: "grid-find", placeholder: "Search in this table", autocomplete: "off", maxlength: "200" });
    find.value = state.find;
    const verdicts = make("select", { id: "grid-verdict" }, make("option", { value: "" }, "Any verdict"), ...words.verdict.map((word) => make("option", { value: word }, word)));
    verdicts.value = state.verdict;
    const tally = make("p", { class: "tally", role: "status" });
    const exports = make("p", { class: "exports" });
    const bar = make("div", { class: "bar" },
      make("div", { class: "find" }, make("label", { class: "unseen", for: "grid-find" }, "Search in the accounts"), find),
      make("div", {}, make("label", { class: "unseen", for: "grid-verdict" }, "Verdict"), verdicts),
      tally, exports);
    const head = make("tr", {});
    const all = make("input", { type: "checkbox", "aria-label": "Choose all that are listed" });
    head.append(make("th", { scope: "col", class: "pick" }, all));
    for (const column of COLUMNS) {
      const button = make("button", { type: "button", class: "sorter" }, column.heading);
      const cell = make("th", { scope: "col", "data-column": column.name }, button);
      if (column.kind === "number") cell.className = "num";
      button.addEventListener("click", () => {
        const [first, second] = column.kind === "number" ? [`-${column.name}`, column.name] : [column.name, `-${column.name}`];
        state.sort = state.sort === first ? second : first;
        refresh();
      });
      head.append(cell);
    }
    const body = make("tbody", {});
    const above = make("tr", { "aria-hidden": "true", class: "spacer" }, make("td", { colspan: COLUMNS.length + 1 }));
    const below = above.cloneNode(true);
    const table = make("table", { class: "grid" }, make("caption", { class: "unseen" }, "Accounts of the campaign"), make("thead", {}, head), body);
    const port = make("div", { class: "scroll port", tabindex: "0", role: "region", "aria-label": "Accounts of the campaign; arrows move, space chooses, Enter opens", "data-own-keys": "" }, table);
    const acts = make("div", { class: "actions chosen" });
    acts.hidden = true;

    /* A row of the page is made once and then told what to show: scrolling makes no elements. */
    const blank = () => {
      const box = make("input", { type: "checkbox", tabindex: "-1" });
      const tr = make("tr", {}, make("td", { class: "pick" }, box));
      const link = make("a", { tabindex: "-1" }, make("code", {}, make("bdi", {})));
      const cells = COLUMNS.map((column) => {
        const cell = make(column.kind === "id" ? "th" : "td", column.kind === "id" ? { scope: "row" } : { "data-name": column.heading });
        if (column.kind === "number") cell.className = "num";
        tr.append(cell);
        if (column.kind === "id") cell.append(link);
        else if (column.kind === "chip") cell.append(make("span", {}));
        return column.kind === "id" ? link.querySelector("bdi") : column.kind === "chip" ? cell.firstChild : cell;
      });
      box.addEventListener("change", () => pick(tr.row, box.checked));
      return { tr, box, link, cells };
    };
    const say = (line, row, place) => {
      const { tr, box, link, cells } = line;
      tr.row = row;
      tr.setAttribute("aria-rowindex", place + 2);
      tr.classList.toggle("at", place === at);
      const id = columns.account_id[row];
      box.checked = chosen.has(row);
      box.setAttribute("aria-label", `Choose ${spell(id)}`);
      link.href = `${host.dataset.account}?id=${encodeURIComponent(id)}`;
      COLUMNS.forEach((column, number) => {
        const told = value(column.name, row);
        const cell = cells[number];
        if (column.kind === "chip") cell.className = told === null ? "none" : `chip ${told.replaceAll("_", "-").toLowerCase()}`;
        cell.textContent = told === null ? "–" : column.show ? column.show(told) : spell(String(told)).replaceAll(column.kind === "chip" ? "_" : "\u0000", " ");
      });
      return tr;
    };
    const pool = [];
    let first = -1;
    let last = -1;
    const fill = (force) => {
      const seen = Math.ceil(port.clientHeight / ROW);
      const from = Math.max(Math.floor(port.scrollTop / ROW) - SPARE, 0);
      const to = Math.min(from + seen + 2 * SPARE, order.length);
      if (!force && Math.abs(from - first) < SPARE / 2 && first >= 0 && to - from === last - first) return;
      while (pool.length < to - from) pool.push(blank());
      above.firstChild.style.height = `${from * ROW}px`;
      below.firstChild.style.height = `${(order.length - to) * ROW}px`;
      for (let place = from; place < to; place += 1) say(pool[place - from], order[place], place);
      if (to - from !== last - first || !body.firstChild) body.replaceChildren(above, ...pool.slice(0, to - from).map((line) => line.tr), below);
      first = from;
      last = to;
    };
    const pick = (row, on) => {
      if (on) chosen.add(row); else chosen.delete(row);
      tellChosen();
    };
    const tellChosen = () => {
      acts.hidden = chosen.size === 0;
      all.checked = order.length > 0 && order.every((row) => chosen.has(row));
      acts.querySelector("b").textContent = `${count(chosen.size)} chosen`;
    };
    const refresh = () => {
      arrange();
      write();
      for (const cell of head.querySelectorAll("[data-column]")) {
        const name = cell.dataset.column;
        cell.setAttribute("aria-sort", state.sort === name ? "ascending" : state.sort === `-${name}` ? "descending" : "none");
      }
      tally.textContent = `${count(order.length)}${order.length < rows ? ` of ${count(rows)}` : ""} accounts`;
      table.setAttribute("aria-rowcount", order.length + 1);
      exports.replaceChildren(...["csv", "json"].map((form) => {
        const now = new URLSearchParams(location.search);
        now.set("export", `members.${form}`);
        return make("a", { href: `?${now}`, download: "" }, form.toUpperCase());
      }));
      port.scrollTop = 0;
      fill(true);
      tellChosen();
    };

    const ids = () => [...chosen].sort((a, b) => a - b).map((row) => columns.account_id[row]);
    const copy = make("button", { type: "button", class: "plain" }, "Copy ids");
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(ids().join("\n"));
      window.stillwatch?.tell("The ids were copied");
    });
    const clear = make("button", { type: "button", class: "quiet" }, "Choose none");
    clear.addEventListener("click", () => { chosen.clear(); fill(true); tellChosen(); });
    acts.append(make("b", {}), copy, clear);
    if (host.dataset.decide) {
      const form = make("form", { method: "post", action: host.dataset.decide });
      const accounts = make("input", { type: "hidden", name: "accounts" });
      form.append(make("input", { type: "hidden", name: "csrf", value: host.dataset.token }),
        make("input", { type: "hidden", name: "csrf_token", value: host.dataset.sessionToken }),
        make("input", { type: "hidden", name: "campaign", value: host.dataset.campaign }), accounts,
        make("button", {}, "Decide for these"));
      form.addEventListener("submit", () => { accounts.value = ids().join("\n"); });
      acts.append(form);
    }

    all.addEventListener("change", () => {
      for (const row of order) { if (all.checked) chosen.add(row); else chosen.delete(row); }
      fill(true);
      tellChosen();
    });
    let waiting = 0;
    find.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { state.find = find.value; refresh(); }, 120);
    });
    verdicts.addEventListener("change", () => { state.verdict = verdicts.value; refresh(); });
    let asked = false;
    port.addEventListener("scroll", () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => { asked = false; fill(false); });
    }, { passive: true });
    const go = (to) => {
      at = Math.min(Math.max(to, 0), order.length - 1);
      const top = at * ROW;
      if (top < port.scrollTop) port.scrollTop = top;
      else if (top + 2.5 * ROW > port.scrollTop + port.clientHeight) port.scrollTop = top + 2.5 * ROW - port.clientHeight;
      fill(true);
      window.stillwatch?.tell(`${spell(columns.account_id[order[at]])}, row ${at + 1} of ${order.length}`);
    };
    port.addEventListener("keydown", (event) => {
      if (event.target !== port || !order.length) return;
      const page = Math.floor(port.clientHeight / ROW) - 1;
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, j: at + 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: order.length - 1 };
      if (event.key in moves) { event.preventDefault(); go(moves[event.key]); }
      else if (event.key === " ") { event.preventDefault(); pick(order[at], !chosen.has(order[at])); fill(true); }
      else if (event.key === "Enter") location.href = `${host.dataset.account}?id=${encodeURIComponent(columns.account_id[order[at]])}`;
    });
    new ResizeObserver(() => fill(true)).observe(port);
    host.replaceChildren(bar, port, acts);
    refresh();
    host.dataset.ready = "yes";
  };

  fetch(host.dataset.grid)
    .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
    .then(begin)
    .catch(() => window.stillwatch?.tell("The table of all accounts could not be loaded; the first page of it is shown."));
})();
