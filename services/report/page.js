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

  // -- looks: drawings that hold from a moment on ------------------------------------------------
  const before = (list, t) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle][0] <= t) low = middle + 1; else high = middle;
    }
    return low;
  };
  const drawn = ([symbol, x, y, name]) =>
    `<g class="${name}" transform="translate(${x} ${y})">${film.symbols[symbol]}</g>`;
  const dress = (one, t) => {
    const k = before(one.spans, t) - 1;
    if (k === one.shown) return;
    one.shown = k;
    const [, parts, off] = one.spans[k] || [0, [], 0];
    one.group.innerHTML = parts.map(drawn).join("");
    one.group.classList.toggle("off", Boolean(off));
  };
  const things = film.things.map((spans) => ({ spans, group: draw("g", {}, layer("things")) }));
  const movers = film.movers.map((mover) => ({
    ...mover,
    group: draw("g", { class: "mover" }, layer(mover.colour ? "bodies" : "people")),
    trail: mover.colour && draw("polyline", { fill: "none", stroke: mover.colour, "stroke-width": 2.5,
      opacity: 0.35, "stroke-linecap": "round", "stroke-linejoin": "round" }, layer("trails")),
  }));
  const byId = new Map(movers.map((mover) => [mover.id, mover]));
  const place = ({ track, start }, t) => {
    const k = before(track, t);
    if (!track.length) return start;
    if (k === 0) return track[0].slice(1);
    if (k === track.length) return track[k - 1].slice(1);
    const [a, b] = [track[k - 1], track[k]];
    const part = b[0] > a[0] ? (t - a[0]) / (b[0] - a[0]) : 1;
    return [a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
  };

  // -- one moment ---------------------------------------------------------------------------------
  const TRAIL_S = 12;
  const move = (mover, t) => {
    const at = place(mover, t);
    mover.group.setAttribute("visibility", at ? "visible" : "hidden");
    if (!at) return;
    mover.group.setAttribute("transform", `translate(${at[0].toFixed(1)} ${at[1].toFixed(1)})`);
    if (!mover.trail) return;
    const first = before(mover.track, t - TRAIL_S), last = before(mover.track, t);
    const tail = place(mover, Math.max(t - TRAIL_S, 0));
    const points = [tail, ...mover.track.slice(first, last).map((p) => p.slice(1)), at];
    mover.trail.setAttribute("points", points.map((p) => `${p[0]},${p[1]}`).join(" "));
  };
  const speak = (t) => {
    const width = stage.viewBox.baseVal.width;
    layer("speech").innerHTML = film.says.filter(([from, until]) => from <= t && t < until)
      .map(([, , who, symbol, half, rise]) => {
        const at = byId.has(who) && place(byId.get(who), t);
        if (!at) return "";
        const x = Math.min(Math.max(at[0], half + 3), width - half - 3);
        return drawn([symbol, x, Math.max(at[1], rise + 3), "bubble"]);
      }).join("");
  };
  const show = (t) => {
    for (const one of [...things, ...movers]) dress(one, t);
    for (const mover of movers) move(mover, t);
    speak(t);
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
