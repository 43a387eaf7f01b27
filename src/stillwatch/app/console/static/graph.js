/* Who shares what: values at the left, bundles of accounts at the right, a band where a bundle holds
   a value. A bundle opens into bundles of its own, and at last into single accounts. Each account is
   a dot of its bundle's disc. The place in it stands in the address; a table says the same. */
(() => {
  "use strict";
  const host = document.querySelector("[data-graph]");
  if (!host) return;
  const make = (tag, attributes = {}, ...inside) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...inside);
    return one;
  };
  const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const crumbs = make("nav", { class: "graph-crumbs", "aria-label": "Where in the graph" });
  const png = make("button", { type: "button", class: "quiet small", "aria-label": "PNG of the graph" }, "PNG");
  const head = make("div", { class: "graph-head" }, crumbs, png);
  const canvas = make("canvas", { tabindex: "0", role: "img", "data-own-keys": "" });
  const said = make("p", { class: "note graph-said", role: "status" });
  host.replaceChildren(head, canvas, said);
  const paint = canvas.getContext("2d");

  const TURN = 2.399963; /* the golden angle: dots fill a disc evenly */
  let data = null;
  let nodes = [];
  let hot = null;
  let born = 0;
  let frames = 0;
  let wide = 0;
  let colours = {};
  const discs = new Map();

  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    const names = ["ink", "muted", "line", "quiet", "accent", "surface", "tint", "bad", "content", "identity", "infrastructure", "client", "lifecycle", "timing", "judging"];
    colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    colours.words = [wordOf(colours.bad), wordOf(colours.muted)];
    discs.clear();
  };
  /* What nobody sees does not grow into place: it is there at once. */
  const isInSight = () => {
    const box = host.getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0;
  };
  const within = () => new URLSearchParams(location.search).get("graph") ?? "";
  const labelOf = (trait) => trait.label;

  /* Places: both columns as tall as the taller of them. */
  const arrange = () => {
    const width = host.clientWidth;
    wide = width;
    const narrow = width < 560;
    const most = Math.max(...data.bundles.map((one) => one.accounts), 1);
    const single = data.bundles.some((one) => one.account_id);
    const radius = (one) => (single ? 5 : Math.max(5, (narrow ? 20 : 30) * Math.sqrt(one.accounts / most)));
    const rows = data.bundles.map((one) => Math.max(2 * radius(one) + 8, single ? 20 : 24));
    const right = rows.reduce((sum, row) => sum + row, 0);
    const left = data.traits.length * 28;
    const height = Math.max(left, right, 120) + 24;
    const at = { trait: width * (narrow ? 0.42 : 0.36), bundle: width * (narrow ? 0.66 : 0.62) };
    nodes = [];
    const families = [...new Set(data.traits.map((trait) => trait.family))];
    const order = data.traits.map((trait, number) => ({ trait, number })).sort((a, b) => families.indexOf(a.trait.family) - families.indexOf(b.trait.family) || a.number - b.number);
    const stride = (height - 24) / Math.max(order.length, 1);
    order.forEach(({ trait, number }, place) => nodes.push({ kind: "trait", number, trait, x: at.trait, y: 12 + stride * (place + 0.5), radius: 6, label: labelOf(trait) }));
    let y = 12 + (height - 24 - right) / 2;
    data.bundles.forEach((bundle, number) => {
      nodes.push({ kind: "bundle", number, bundle, x: at.bundle, y: y + rows[number] / 2, radius: radius(bundle), label: bundle.account_id ?? plural(bundle.accounts, "account") });
      y += rows[number];
    });
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    paint.setTransform(scale, 0, 0, scale, 0, 0);
    discs.clear();
  };

  /* Very many dots are points: set one by one in memory, which is ten times as fast as drawing. */
  const setPoints = (ink, size, radius, bundle) => {
    const picture = ink.getImageData(0, 0, size, size);
    const words = new Uint32Array(picture.data.buffer);
    const [bad, muted] = colours.words;
    for (let one = 0; one < bundle.accounts; one += 1) {
      const far = Math.sqrt((one + 0.5) / bundle.accounts) * radius;
      const turn = one * TURN;
      const [x, y] = [Math.round(size / 2 + far * Math.cos(turn)), Math.round(size / 2 + far * Math.sin(turn))];
      words[y * size + x] = one < bundle.fraudulent ? bad : muted;
    }
    ink.putImageData(picture, 0, 0);
  };
  const wordOf = (colour) => {
    const dab = document.createElement("canvas");
    dab.width = 1;
    dab.height = 1;
    const ink = dab.getContext("2d", { willReadFrequently: true });
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    return new Uint32Array(ink.getImageData(0, 0, 1, 1).data.buffer)[0];
  };
  /* A disc of dots, one an account, drawn once and then stamped. */
  const discOf = (node) => {
    if (discs.has(node)) return discs.get(node);
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    const size = Math.ceil((node.radius + 2) * 2 * scale);
    const disc = document.createElement("canvas");
    disc.width = size;
    disc.height = size;
    const ink = disc.getContext("2d", { willReadFrequently: true });
    const middle = size / 2;
    ink.fillStyle = colours.tint;
    ink.strokeStyle = colours.quiet;
    ink.beginPath();
    ink.arc(middle, middle, node.radius * scale, 0, 2 * Math.PI);
    ink.fill();
    ink.stroke();
    const number = node.bundle.accounts;
    const dot = Math.min(Math.max((node.radius * scale) / Math.sqrt(number) * 0.62, 0.6), 5 * scale);
    if (dot < 1.2) setPoints(ink, size, node.radius * scale - dot, node.bundle);
    for (let one = 0; dot >= 1.2 && one < number; one += 1) {
      const far = Math.sqrt((one + 0.5) / number) * (node.radius * scale - dot);
      const turn = one * TURN;
      ink.fillStyle = one < node.bundle.fraudulent ? colours.bad : colours.muted;
      ink.beginPath();
      ink.arc(middle + far * Math.cos(turn), middle + far * Math.sin(turn), dot, 0, 2 * Math.PI);
      ink.fill();
    }
    discs.set(node, disc);
    return disc;
  };

  const isLit = (node) => {
    if (!hot || hot === node) return true;
    const [trait, bundle] = hot.kind === "trait" ? [hot, node] : [node, hot];
    if (hot.kind === node.kind) return false;
    return data.edges.some(([b, t]) => b === bundle.number && t === trait.number);
  };
  const clip = (text, room) => {
    if (paint.measureText(text).width <= room) return text;
    let short = text;
    while (short.length > 3 && paint.measureText(`${short}…`).width > room) short = short.slice(0, -1);
    return `${short}…`;
  };
  const draw = (now) => {
    frames += 1;
    host.dataset.frames = String(frames);
    const grown = still.matches ? 1 : Math.min((now - born) / 260, 1);
    const ease = 1 - (1 - grown) ** 3;
    const width = parseFloat(canvas.style.width);
    paint.clearRect(0, 0, width, parseFloat(canvas.style.height));
    const traits = new Map(nodes.filter((node) => node.kind === "trait").map((node) => [node.number, node]));
    const bundles = new Map(nodes.filter((node) => node.kind === "bundle").map((node) => [node.number, node]));
    const total = data.accounts || 1;
    const calm = Math.min(0.32, Math.max(0.1, 70 / data.edges.length));
    for (const [b, t, held] of data.edges) {
      const [from, to] = [traits.get(t), bundles.get(b)];
      const lit = !hot || hot === from || hot === to;
      paint.globalAlpha = ease * (lit ? (hot ? 0.75 : calm) : 0.05);
      paint.strokeStyle = colours[from.trait.family] || colours.quiet;
      paint.lineWidth = Math.max(1, 14 * Math.sqrt(held / total) * (held / to.bundle.accounts));
      const bend = (to.x - from.x) * 0.5;
      paint.beginPath();
      paint.moveTo(from.x + from.radius, from.y);
      paint.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x - to.radius * ease, to.y);
      paint.stroke();
    }
    paint.textBaseline = "middle";
    for (const node of nodes) {
      paint.globalAlpha = isLit(node) ? 1 : 0.3;
      paint.font = `${node === hot ? 600 : 400} 12px system-ui, sans-serif`;
      if (node.kind === "trait") {
        paint.fillStyle = colours[node.trait.family] || colours.quiet;
        paint.fillRect(node.x - node.radius, node.y - node.radius, 2 * node.radius, 2 * node.radius);
        paint.fillStyle = colours.ink;
        paint.textAlign = "right";
        paint.fillText(clip(node.label, node.x - 20), node.x - 13, node.y);
      } else {
        const disc = discOf(node);
        const size = (node.radius + 2) * 2 * ease;
        paint.drawImage(disc, node.x - size / 2, node.y - size / 2, size, size);
        paint.fillStyle = colours.ink;
        paint.textAlign = "left";
        paint.fillText(clip(node.label, width - node.x - node.radius - 10), node.x + node.radius + 8, node.y);
      }
      if (node === hot) {
        paint.strokeStyle = colours.accent;
        paint.lineWidth = 2;
        paint.strokeRect(node.x - node.radius - 3, node.y - node.radius - 3, 2 * node.radius + 6, 2 * node.radius + 6);
      }
    }
    paint.globalAlpha = 1;
    if (grown < 1) requestAnimationFrame(draw);
  };
  let waits = false;
  const redraw = () => {
    if (waits || !data) return;
    waits = true;
    requestAnimationFrame((now) => { waits = false; draw(now); });
  };

  const tell = () => {
    if (!hot) {
      said.textContent = `${plural(data.accounts, "account")} in ${plural(data.bundles.length, "bundle")}, tied by ${plural(data.traits.length, "value")}. Dots are accounts; red ones are fraudulent. Point at something to see what hangs on it.`;
    } else if (hot.kind === "trait") {
      const one = hot.trait;
      said.textContent = `${hot.label} (${one.family}): held by ${plural(one.inside, "account")} here and ${count(one.holders)} in the whole run, ${one.lift_bits.toFixed(1)} bits of lift.`;
    } else {
      const one = hot.bundle;
      const holds = one.traits.map((number) => labelOf(data.traits[number])).join(", ");
      said.textContent = one.account_id ? `${one.account_id} holds ${holds || "none of these values"}. Click to open the account.` : `${plural(one.accounts, "account")}, ${count(one.fraudulent)} fraudulent; most of them hold ${holds || "none of these values"}. Click to open the bundle.`;
    }
  };
  const light = (node) => {
    if (node === hot) return;
    hot = node;
    canvas.style.cursor = node?.kind === "bundle" ? "pointer" : "default";
    tell();
    redraw();
  };
  const nodeAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [null, 400];
    for (const node of nodes) {
      const onLabel = Math.abs(y - node.y) < 10 && (node.kind === "trait" ? x < node.x + 8 : x > node.x - node.radius);
      const far = (x - node.x) ** 2 + (y - node.y) ** 2;
      const near = onLabel ? Math.abs(y - node.y) : far - node.radius ** 2;
      if (near < least) [best, least] = [node, near];
    }
    return least < 100 ? best : null;
  };

  const walk = (path) => {
    const query = new URLSearchParams(location.search);
    if (path) query.set("graph", path); else query.delete("graph");
    history.pushState(null, "", `?${query}${location.hash}`);
    load();
  };
  const open = (node) => {
    if (node?.kind !== "bundle") return;
    if (node.bundle.account_id) location.href = `${host.dataset.account}?id=${encodeURIComponent(node.bundle.account_id)}`;
    else if (data.bundles.length > 1 || data.within === "") walk(data.within === "" ? String(node.number) : `${data.within}.${node.number}`);
  };
  const drawCrumbs = () => {
    const steps = data.within ? data.within.split(".") : [];
    const links = [["All accounts", ""], ...steps.map((step, at) => [`Bundle ${Number(step) + 1}`, steps.slice(0, at + 1).join(".")])];
    crumbs.replaceChildren(...links.flatMap(([name, path], at) => {
      const last = at === links.length - 1;
      const one = last ? make("span", { "aria-current": "true" }, name) : make("button", { type: "button", class: "link" }, name);
      if (!last) one.addEventListener("click", () => walk(path));
      return at ? [" › ", one] : [one];
    }));
  };
  const show = (found) => {
    if (!data) readColours();
    data = found;
    hot = null;
    arrange();
    born = isInSight() ? performance.now() : -Infinity;
    drawCrumbs();
    tell();
    const holds = `${plural(data.bundles.length, "bundle")} of accounts and ${plural(data.traits.length, "value")} that tie them`;
    canvas.setAttribute("aria-label", `Graph: ${holds}. Arrows move, Enter opens, Backspace goes back.`);
    host.dataset.ready = "yes";
    redraw();
  };
  const load = () => {
    said.textContent = "Loading the graph…";
    const path = within();
    fetch(host.dataset.graph + (path ? `&within=${encodeURIComponent(path)}` : ""))
      .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
      .then((found) => {
        if (!found.traits.length) {
          host.replaceChildren(make("div", { class: "empty" }, make("p", {}, "This result keeps no values that tie accounts. Scan again with this version to see who shares what.")));
          return;
        }
        show(found);
      })
      .catch(() => { said.textContent = "The graph could not be loaded. Reload the page, or open the table."; });
  };

  canvas.addEventListener("pointermove", (event) => light(nodeAt(event)));
  canvas.addEventListener("pointerleave", () => light(null));
  canvas.addEventListener("click", (event) => { const node = nodeAt(event); light(node); open(node); });
  canvas.addEventListener("keydown", (event) => {
    if (!data) return;
    const column = (kind) => nodes.filter((node) => node.kind === kind);
    const kind = hot?.kind ?? "bundle";
    const all = column(kind);
    const at = all.indexOf(hot);
    const moves = {
      ArrowDown: () => light(all[Math.min(at + 1, all.length - 1)]),
      ArrowUp: () => light(all[Math.max(at - 1, 0)]),
      ArrowLeft: () => light(column("trait")[0]),
      ArrowRight: () => light(column("bundle")[0]),
      Enter: () => open(hot),
      Backspace: () => { if (data.within) walk(data.within.split(".").slice(0, -1).join(".")); },
      Escape: () => light(null),
    };
    if (event.key in moves) { event.preventDefault(); moves[event.key](); }
  });
  png.addEventListener("click", () => {
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const ink = copy.getContext("2d");
    ink.fillStyle = colours.surface;
    ink.fillRect(0, 0, copy.width, copy.height);
    ink.drawImage(canvas, 0, 0);
    window.stillwatch.keep(copy, "graph");
  });
  const repaint = () => { if (data) { readColours(); redraw(); } };
  document.addEventListener("stillwatch:theme", repaint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  addEventListener("popstate", load);
  new ResizeObserver(() => {
    if (!data || host.clientWidth === wide) return;
    arrange();
    redraw();
  }).observe(host);
  load();
})();
