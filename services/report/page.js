"use strict";
// Theme, timeline filters, and the replay with its link to the chart. No network, no storage.
(() => {
  const $ = (query, root = document) => root.querySelector(query);
  const all = (query, root = document) => [...root.querySelectorAll(query)];

  $("#theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const rows = all("#timeline tbody tr").map((row) => [row, row.textContent.toLowerCase()]);
  const boxes = all("#timeline input[type=checkbox]");
  const search = $("#timeline input[type=search]");
  const filter = () => {
    const groups = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = search.value.trim().toLowerCase();
    for (const [row, text] of rows) {
      row.hidden = !groups.has(row.dataset.group) || !text.includes(words);
    }
  };
  boxes.forEach((box) => box.addEventListener("change", filter));
  search.addEventListener("input", filter);

  // The names of the lanes stay in sight while a long chart is scrolled.
  const chart = $("svg.gantt");
  const frameOfChart = chart.parentElement;
  frameOfChart.addEventListener("scroll", () => {
    $(".names", chart).setAttribute("transform", `translate(${frameOfChart.scrollLeft} 0)`);
  });

  const source = $("#film");
  if (!source) return;
  const film = JSON.parse(source.textContent);
  const stage = $("svg.stage");
  const NS = "http://www.w3.org/2000/svg";
  const draw = (name, attributes, parent) => {
    const shape = document.createElementNS(NS, name);
    for (const key in attributes) shape.setAttribute(key, attributes[key]);
    if (parent) parent.append(shape);
    return shape;
  };
  const layer = (name) => $(`.layer-${name}`, stage);
  const clock = (t) => {
    const s = Math.floor(t);
    const two = (n) => String(n).padStart(2, "0");
    const h = Math.floor(s / 3600);
    return (h ? `${h}:${two(Math.floor(s / 60) % 60)}` : Math.floor(s / 60)) + `:${two(s % 60)}`;
  };

  // -- bodies and people ---------------------------------------------------------------------
  const movers = film.movers.map((mover) => {
    const group = draw("g", { class: "mover" }, layer(mover.body ? "bodies" : "people"));
    draw("title", {}, group).textContent = mover.id;
    draw("circle", {
      r: mover.r, fill: mover.colour, stroke: mover.body ? "#fff" : "#f3f1ec",
      "stroke-width": mover.body ? 1.8 : 1, "stroke-dasharray": mover.air ? "3 2" : "none",
    }, group);
    const name = draw("text", { class: "mover-name", y: mover.r + 11 }, group);
    name.textContent = mover.id;
    const trail = mover.body
      ? draw("polyline", { fill: "none", stroke: mover.colour, "stroke-width": 2.5, opacity: 0.35,
        "stroke-linecap": "round", "stroke-linejoin": "round" }, layer("trails"))
      : null;
    return { ...mover, group, trail, track: film.tracks[mover.id] || [] };
  });
  const byId = new Map(movers.map((mover) => [mover.id, mover]));
  const before = (list, t) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle][0] <= t) low = middle + 1; else high = middle;
    }
    return low;
  };
  const place = (mover, t) => {
    const track = mover.track;
    const k = before(track, t);
    if (!track.length) return mover.start || null;
    if (k === 0) return track[0].slice(1);
    if (k === track.length) return track[k - 1].slice(1);
    const [a, b] = [track[k - 1], track[k]];
    const part = b[0] > a[0] ? (t - a[0]) / (b[0] - a[0]) : 1;
    return [a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
  };

  // -- things: cuts are applied up to the present ------------------------------------------------
  const speeches = film.cuts.filter((cut) => cut[5]);
  const changes = film.cuts.filter((cut) => !cut[5]);
  let things = new Map(), next = 0, applied = -1, stale = true;
  const seekThings = (t) => {
    if (t < applied) { things = new Map(); next = 0; stale = true; }
    applied = t;
    for (; next < changes.length && changes[next][0] <= t; next++) {
      const [, id, cls, holder, states, , gone, spot] = changes[next];
      stale = true;
      if (gone) { things.delete(id); continue; }
      const old = things.get(id) || { states: {} };
      const moved = holder !== null && holder !== old.holder;
      things.set(id, {
        cls: cls || old.cls, holder: holder === null ? old.holder : holder,
        states: { ...old.states, ...states }, spot: spot || (moved ? null : old.spot),
      });
    }
  };
  const icon = (id, thing, at, parent) => {
    const [shape, fill, edge, size, words] = film.icons[thing.cls] || ["square", "#c4c0b8", "#8d8980", 5, thing.cls];
    const half = Math.max(size / 2, 2.2);
    const inside = film.fills[thing.states.fill];
    const group = draw("g", { transform: `translate(${at[0]} ${at[1]})` }, parent);
    const state = Object.entries(thing.states).map(([k, v]) => `${k}: ${v}`).join(", ");
    draw("title", {}, group).textContent = `${id} (${words})${state ? "\n" + state : ""}`;
    const common = { fill: inside || fill, stroke: edge, "stroke-width": inside ? 1.6 : 0.9 };
    if (shape === "square") draw("rect", { x: -half, y: -half, width: 2 * half, height: 2 * half, rx: 1.2, ...common }, group);
    else if (shape === "bar") draw("rect", { x: -half, y: -1.3, width: 2 * half, height: 2.6, rx: 1.2, ...common }, group);
    else if (shape === "bottle") draw("rect", { x: -half / 2, y: -half, width: half, height: 2 * half, rx: half / 2, ...common }, group);
    else if (shape === "blob") draw("ellipse", { rx: half, ry: half * 0.7, ...common, opacity: 0.8 }, group);
    else draw("circle", { r: half, ...common }, group);
    if (thing.states.clean === false && shape !== "blob") draw("circle", { r: half * 0.45, fill: "#8a6a3c" }, group);
  };
  const showThings = (t) => {
    const held = new Map(), lying = new Map(), loose = [];
    for (const [id, thing] of things) {
      const list = byId.has(thing.holder) ? held : film.fixtures[thing.holder] ? lying : null;
      if (list) list.set(thing.holder, [...(list.get(thing.holder) || []), [id, thing]]);
      else if (thing.spot) loose.push([id, thing]);
    }
    if (stale) {
      const parent = layer("things");
      parent.replaceChildren();
      for (const [holder, list] of lying) {
        const places = film.fixtures[holder];
        const spots = places[Math.min(list.length, places.length) - 1];
        list.slice(0, spots.length).forEach(([id, thing], i) => icon(id, thing, spots[i], parent));
      }
      for (const [id, thing] of loose) icon(id, thing, thing.spot, parent);
      for (const [id, thing] of things) {
        if (!("open" in thing.states)) continue;
        const door = $(`path[data-id="${CSS.escape(id)}"]`, stage);
        if (door) door.setAttribute("opacity", thing.states.open ? 0.2 : 1);
      }
      for (const mover of movers) {
        all(".held", mover.group).forEach((old) => old.remove());
        (held.get(mover.id) || []).slice(0, 6).forEach(([id, thing], i) => {
          const ring = draw("g", { class: "held" }, mover.group);
          const turn = -Math.PI / 2 + i * 1.05;
          icon(id, thing, [Math.cos(turn) * mover.r * 0.8, Math.sin(turn) * mover.r * 0.8], ring);
        });
      }
      stale = false;
    }
  };

  // -- one moment ---------------------------------------------------------------------------------
  const SPEECH_S = 6, TRAIL_S = 12;
  const show = (t) => {
    const off = new Set();
    for (const [at, who, mark] of film.marks) if (at <= t) off[mark === "offline" ? "add" : "delete"](who);
    for (const mover of movers) {
      const at = place(mover, t);
      mover.group.setAttribute("visibility", at ? "visible" : "hidden");
      if (!at) continue;
      mover.group.setAttribute("transform", `translate(${at[0].toFixed(1)} ${at[1].toFixed(1)})`);
      mover.group.classList.toggle("off", off.has(mover.id));
      if (mover.trail) {
        const first = before(mover.track, t - TRAIL_S), last = before(mover.track, t);
        const tail = place(mover, Math.max(t - TRAIL_S, 0));
        const points = [tail, ...mover.track.slice(first, last).map((p) => p.slice(1)), at];
        mover.trail.setAttribute("points", points.map((p) => `${p[0]},${p[1]}`).join(" "));
      }
    }
    seekThings(t);
    showThings(t);
    const parent = layer("speech");
    parent.replaceChildren();
    const from = before(speeches, t - SPEECH_S), to = before(speeches, t);
    for (const [, who, , , , text] of speeches.slice(from, to)) {
      const mover = byId.get(who);
      const at = mover && place(mover, t);
      if (!at) continue;
      const words = text.length > 46 ? text.slice(0, 45) + "…" : text;
      const wide = words.length * 5.9 + 14;
      const left = Math.min(Math.max(at[0] - wide / 2, 4), stage.viewBox.baseVal.width - wide - 4);
      const bubble = draw("g", { class: "bubble", transform: `translate(${left} ${Math.max(at[1] - mover.r - 26, 4)})` }, parent);
      draw("rect", { width: wide, height: 20, rx: 8 }, bubble);
      draw("text", { x: 7, y: 14 }, bubble).textContent = words;
    }
    const busy = film.doing.filter(([, start, end]) => start <= t && t < end);
    $("#doing").textContent = busy.map(([who, , , words]) => `${who}: ${words}`).join("   ·   ");
    $("#clock").textContent = clock(t);
    const x = Number(chart.dataset.left) + t * Number(chart.dataset.scale);
    const line = $(".cursor", chart);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    chart.classList.add("live");
    const shown = frameOfChart.clientWidth;
    const left = frameOfChart.scrollLeft;
    if (x < left + Number(chart.dataset.left) || x > left + shown - 40) {
      frameOfChart.scrollLeft = x - shown / 3;
    }
  };

  // -- time --------------------------------------------------------------------------------------
  const seek = $("#seek"), button = $("#play"), speed = $("#speed");
  let now = 0, playing = false, last = 0;
  const go = (t) => {
    now = Math.min(Math.max(t, 0), film.duration);
    seek.value = film.duration ? (1000 * now) / film.duration : 0;
    show(now);
  };
  const frame = (stamp) => {
    if (!playing) return;
    go(now + ((stamp - last) / 1000) * Number(speed.value));
    last = stamp;
    if (now >= film.duration) play(false);
    else requestAnimationFrame(frame);
  };
  const play = (on) => {
    playing = on;
    button.textContent = on ? "❚❚" : "▶";
    if (!on) return;
    if (now >= film.duration) now = 0;
    last = performance.now();
    requestAnimationFrame(frame);
  };
  button.addEventListener("click", () => play(!playing));
  seek.addEventListener("input", () => { play(false); go((seek.value / 1000) * film.duration); });
  all(".attempt").forEach((bar) => {
    const jump = () => { play(false); go(Number(bar.dataset.t)); };
    bar.addEventListener("click", jump);
    bar.addEventListener("keydown", (event) => { if (event.key === "Enter") jump(); });
  });
  for (const [row] of rows) row.addEventListener("click", () => { play(false); go(Number(row.dataset.t)); });
  go(0);
})();
