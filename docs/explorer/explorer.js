// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

"use strict";

/** The functions of explorer.cpp. Also part of the worker's text. */
class Engine {
  constructor(module) {
    this.module = module;
  }
  /** Calls a function; text and lists among the arguments are put into its memory. */
  call(name, ...args) {
    const m = this.module;
    const held = [];
    try {
      const plain = args.map((a) => {
        if (typeof a === "number") return a;
        const bytes = typeof a === "string" ? m.lengthBytesUTF8(a) + 1 : 8 * Math.max(a.length, 1);
        const at = m._malloc(bytes);
        if (at === 0) throw new Error("not enough memory");
        held.push(at);
        if (typeof a === "string") m.stringToUTF8(a, at, bytes);
        else m.HEAPF64.set(a, at / 8);
        return at;
      });
      const count = m["_explorer_" + name](...plain);
      if (count < 0) throw new Error(m.UTF8ToString(m._explorer_text()));
      const from = m._explorer_values() / 8;
      return Array.from(m.HEAPF64.subarray(from, from + count));
    } finally {
      for (const at of held) m._free(at);
    }
  }
  text() {
    return this.module.UTF8ToString(this.module._explorer_text());
  }
}

/** The whole of the worker: predicts, coarsely first. */
function predictInWorker() {
  const ready = cesaroModule()();
  self.onmessage = async ({ data }) => {
    try {
      const engine = new Engine(await ready);
      engine.call("read", 0, data.config, data.name);
      for (const accuracy of [1e-1, 1e-3]) {
        const values = engine.call("predict", 0, data.tokens, accuracy);
        const shares = data.positions.map((list) => engine.call("shares", 0, list, list.length));
        self.postMessage({ id: data.id, final: accuracy === 1e-3, summary: values.slice(0, 10), error: values[10], alphas: values.slice(11), shares });
      }
    } catch (error) {
      self.postMessage({ id: data.id, failure: String(error.message || error) });
    }
  };
}

const points = 512;
const mostTokens = 1e12;
const mostLayers = 4096;
const mostBytes = 1e6; // of a config.json
const longestInLink = 8000;
const axes = ["linear", "u"];
const curveNames = ["predicted", "row", "continuum"];
const slotNames = ["A", "B"];
// Okabe and Ito's colours; B is dashed besides.
const palettes = {
  light: { back: "#ffffff", text: "#1c1e21", line: "#8a9099", grid: "#e3e5e8", A: ["#0072b2", "#d55e00", "#009e73"], B: ["#56b4e9", "#e69f00", "#cc79a7"] },
  dark: { back: "#16181b", text: "#e8e9eb", line: "#9aa0a8", grid: "#33373d", A: ["#56b4e9", "#e69f00", "#009e73"], B: ["#f0e442", "#d55e00", "#cc79a7"] },
};
const dark = matchMedia("(prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);

const state = { compare: false, axis: "linear", unit: "share", curves: { predicted: true, row: true, continuum: true } };
/** inputs is what the fields say, valid the last of it that made sense. */
const slots = [
  { inputs: { kind: "gpt2", tokens: "1024", layers: "12", alphas: "0.2", config: "", name: "" } },
  { inputs: { kind: "llama-2-7b", tokens: "4096", layers: "32", alphas: "0.1", config: "", name: "" } },
];
let engine = null;

/** Text of others, in one line and not too long. */
function shown(text, most = 300) {
  const line = String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
  return line.length > most ? line.slice(0, most) + "…" : line;
}

// Inputs

function parseNumber(text) {
  const plain = text.trim().replace(/(?<=\d)[ _'\u202f](?=\d{3})/g, "");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

function parseCount(what, text, least, most, mostText) {
  const value = parseNumber(text);
  if (!(Number.isInteger(value) && value >= least && value <= most))
    throw new Error(`${what} '${shown(text, 40)}' must be a whole number from ${least} to ${mostText}`);
  return value;
}

function configOf(inputs) {
  if (inputs.kind === "config") return { name: inputs.name, text: inputs.config };
  if (!Object.hasOwn(knownModels, inputs.kind)) throw new Error(`no known model is named '${shown(inputs.kind, 80)}'`);
  return { name: inputs.kind, text: JSON.stringify(knownModels[inputs.kind]) };
}

/** Reads a configuration into the engine's slot, which forgets what it had. */
function readConfig(slot, index, text, name) {
  slot.read = slot.rowKey = null;
  const [context, layers, width] = engine.call("read", index, text, name);
  slot.read = text;
  return { context, layers, width };
}

/** What the inputs of a slot say; throws what is wrong with them. */
function resolve(slot, index) {
  const inputs = slot.inputs;
  const tokens = () => parseCount("the context length", inputs.tokens, 1, mostTokens, "10^12");
  if (inputs.kind === "own") {
    const words = inputs.alphas.split(/[\s,;]+/).filter((word) => word !== "");
    if (words.length === 0) throw new Error("α: there is no coefficient");
    const alphas = words.map((word) => {
      const alpha = parseNumber(word);
      if (!(alpha >= 0 && alpha <= 1)) throw new Error(`α '${shown(word, 40)}' must be a number from 0 to 1`);
      return alpha;
    });
    if (alphas.length > mostLayers) throw new Error(`${alphas.length} coefficients are more than ${mostLayers}`);
    const layers = alphas.length > 1 ? alphas.length : parseCount("the number of layers", inputs.layers, 0, mostLayers, mostLayers);
    return { kind: "own", name: `${layers} layers, α ${alphas.length > 1 ? "by layer" : "= " + alphas[0]}`, tokens: tokens(), layers, alphas };
  }
  const { name, text } = configOf(inputs);
  if (slot.read !== text) {
    slot.about = readConfig(slot, index, text, name);
  }
  return { kind: "model", name, config: text, tokens: tokens(), layers: slot.about.layers };
}

const keyOf = (valid) => `${valid.tokens} ${valid.config}`;

// Positions

function place(m, n, axis) {
  if (n === 0) return 1;
  if (axis === "linear") return m / n;
  const u = Math.log10(m + 1) - Math.log10(n - m + 1);
  return (u / Math.log10(n + 1) + 1) / 2;
}

/** Increasing, at most `points` of them, both ends included. */
function positionsOf(tokens, axis) {
  const n = tokens - 1;
  if (tokens <= points) return Array.from({ length: tokens }, (_, m) => m);
  const chosen = new Set([0, n]);
  if (axis === "u") {
    const half = points / 2;
    for (let i = 0; i < half; ++i) {
      const r = 10 ** ((i / (half - 1) - 1) * Math.log10(n + 1)); // (m + 1) / (n - m + 1), at most 1
      const m = Math.min(Math.max(Math.round((r * (n + 2)) / (1 + r) - 1), 0), n);
      chosen.add(m).add(n - m);
    }
  } else {
    const even = points - 128;
    for (let i = 0; i < even; ++i) chosen.add(Math.round((n * i) / (even - 1)));
    for (let i = 0; i < 63; ++i) {
      const m = Math.round((n / 400) ** (i / 62)) - 1;
      chosen.add(Math.max(m, 0)).add(n - Math.max(m, 0));
    }
    chosen.add(n - 1).add(1);
  }
  return [...chosen].sort((a, b) => a - b);
}

// Predictions

const predictions = new Map(); // finished ones
let worker = null;
let running = null; // { id, key, since, final }
let requestId = 0;
let debounce = 0;

function startWorker() {
  const text = `"use strict";\n${cesaroModule}\n${Engine}\n(${predictInWorker})();\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  worker = new Worker(url);
  URL.revokeObjectURL(url);
  worker.onmessage = ({ data }) => receive(data);
  worker.onerror = (event) => {
    event.preventDefault();
    const id = running ? running.id : -1;
    worker.terminate();
    worker = null;
    receive({ id, failure: shown(event.message || "the prediction failed") });
  };
}

const activeSlots = () => (state.compare ? [0, 1] : [0]);
const wanted = () => activeSlots().map((i) => slots[i].valid).filter((v) => v && v.kind === "model" && !predictions.has(keyOf(v)));

/** Starts what is wanted next; what runs and is no longer wanted is given up. */
function predictNext() {
  const next = wanted().filter((v) => !slots.some((s) => s.failed === keyOf(v)));
  if (running) {
    if (next.some((v) => keyOf(v) === running.key)) return;
    worker.terminate();
    worker = null;
    running = null;
  }
  if (next.length === 0) return;
  if (!worker) startWorker();
  const valid = next[0];
  running = { id: ++requestId, key: keyOf(valid), valid, since: performance.now() };
  worker.postMessage({ id: running.id, config: valid.config, name: valid.name, tokens: valid.tokens, positions: axes.map((a) => positionsOf(valid.tokens, a)) });
}

function receive(data) {
  if (!running || data.id !== running.id) return;
  const { key, valid } = running;
  if (data.failure !== undefined) {
    running = null;
    if (worker) worker.terminate(); // its memory may be spent
    worker = null;
    for (const i of activeSlots()) {
      if (slots[i].valid && keyOf(slots[i].valid) === key) {
        slots[i].failed = key;
        slots[i].failure = data.failure;
      }
    }
  } else {
    const prediction = { ...data, key, tokens: valid.tokens, config: valid.config };
    if (data.final) {
      running = null;
      predictions.set(key, prediction);
      if (predictions.size > 30) predictions.delete(predictions.keys().next().value);
    }
    for (const slot of slots) if (slot.valid && slot.valid.kind === "model" && keyOf(slot.valid) === key) slot.prediction = prediction;
  }
  report();
  predictNext();
  schedule();
}

/** The prediction of a slot: its own, or while that is computed the last of the same model. */
function predictionOf(slot) {
  const valid = slot.valid;
  if (!valid || valid.kind !== "model") return null;
  const found = predictions.get(keyOf(valid));
  if (found) slot.prediction = found;
  return slot.prediction && slot.prediction.config === valid.config ? slot.prediction : null;
}

// What is drawn

/** Computes the curves of a slot, decimal logarithms over positions. */
function curvesOf(slot, index) {
  const valid = slot.valid;
  const axis = state.axis;
  const prediction = predictionOf(slot);
  const positions = positionsOf(valid.tokens, axis);
  const result = { valid, positions, n: valid.tokens - 1, prediction, stale: prediction !== null && !(prediction.final && prediction.key === keyOf(valid)), lists: [null, null, null] };
  const alphas = valid.kind === "own" ? valid.alphas : prediction && prediction.alphas;
  if (prediction) {
    const where = positionsOf(prediction.tokens, axis);
    const shift = state.unit === "even" ? Math.log10(prediction.tokens) : 0;
    result.lists[0] = { positions: where, n: prediction.tokens - 1, p: prediction.shares[axes.indexOf(axis)], log: prediction.shares[axes.indexOf(axis)].map((p) => Math.log10(p) + shift) };
  }
  if (alphas && alphas.length > 0) {
    const rowKey = `${valid.tokens} ${valid.layers} ${alphas.join()}`;
    if (slot.rowKey !== rowKey) {
      slot.rowKey = null;
      engine.call("row", index, valid.tokens, alphas, alphas.length, valid.layers);
      slot.rowKey = rowKey;
    }
    if (slot.summaryKey !== rowKey) {
      // It costs more than the curve: while something is dragged, ten a second.
      const now = performance.now();
      if (now - (slot.summaryAt ?? -1000) >= 100) {
        slot.summary = engine.call("row_summary", index);
        slot.summaryTokens = valid.tokens;
        slot.summaryKey = rowKey;
        slot.summaryAt = performance.now();
      } else {
        setTimeout(schedule, 100);
      }
    }
    const entries = engine.call("entries", index, positions, positions.length);
    const size = positions.length;
    const shift = state.unit === "even" ? Math.log10(valid.tokens) : 0;
    const list = (from, p) => ({ positions, n: valid.tokens - 1, p: p.slice(0, size), log: entries.slice(from, from + size).map((v) => v + shift) });
    result.lists[1] = list(size, entries);
    result.lists[2] = list(2 * size, entries.slice(2 * size).map((v) => 10 ** v));
    result.summary = slot.summary;
    result.summaryTokens = slot.summaryTokens;
    result.summaryStale = slot.summaryKey !== rowKey;
  }
  result.alphas = alphas;
  return result;
}

const svgSpace = "http://www.w3.org/2000/svg";
function element(parent, name, attributes, text) {
  const made = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const superscripts = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = (k) => (Math.abs(k) <= 3 ? String(Number((10 ** k).toFixed(3))) : "10" + [...String(k)].map((c) => superscripts[c]).join(""));

function verticalRange(all) {
  let low = Infinity;
  let high = -Infinity;
  const take = (list) => {
    for (const v of list.log) {
      if (!Number.isFinite(v)) continue;
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  };
  // The continuum rises without bound: it counts where there is nothing else.
  const lists = (which) => all.flatMap((c) => which.filter((k) => state.curves[curveNames[k]] && c.lists[k]).map((k) => c.lists[k]));
  lists([0, 1]).forEach(take);
  if (low > high) lists([2]).forEach(take);
  if (low > high) [low, high] = [-4, 0];
  const room = Math.max(0.05 * (high - low), 0.1);
  low -= room;
  high += room;
  if (high - low < 1) [low, high] = [(low + high) / 2 - 0.5, (low + high) / 2 + 0.5];
  return [low, high];
}

function verticalTicks(low, high, height) {
  const ticks = [];
  const decades = high - low;
  const step = Math.max(1, Math.ceil(decades / Math.max(3, height / 45)));
  for (let k = Math.ceil(low); k <= high; ++k) if (k % step === 0) ticks.push([k, power(k)]);
  if (decades < 3) {
    for (let k = Math.floor(low); k <= high; ++k)
      for (const digit of [2, 5]) {
        const at = k + Math.log10(digit);
        if (at >= low && at <= high) ticks.push([at, Math.abs(k) <= 3 ? String(Number((digit * 10 ** k).toPrecision(1))) : digit + "·" + power(k)]);
      }
  }
  return ticks;
}

function horizontalTicks(n, axis, width) {
  if (axis === "linear") return (width < 420 ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]).map((x) => [x, String(x)]);
  const ticks = [[0, "0"], [1, "n"]];
  if (n >= 2) ticks.push([0.5, "n/2"]);
  const decades = Math.floor(Math.log10(Math.max(n / 4, 1)));
  const step = Math.max(1, Math.ceil(decades / Math.max(1, Math.floor(width / 150))));
  for (let k = step; k <= decades; k += step) {
    ticks.push([place(10 ** k, n, axis), power(k)]);
    ticks.push([place(n - 10 ** k, n, axis), "n−" + power(k)]);
  }
  return ticks.filter(([x, label]) => label === "n/2" || label === "n" || label === "0" || (Math.min(x, 1 - x) * width > 30 && Math.abs(x - 0.5) * width > 34));
}

/** The drawing of these curves; marks what is read when `cursor` is a position of A's. */
function drawing(all, width, height, palette, cursor) {
  const svg = document.createElementNS(svgSpace, "svg");
  for (const [k, v] of Object.entries({ xmlns: svgSpace, viewBox: `0 0 ${width} ${height}`, width, height, "font-family": "system-ui, sans-serif", "font-size": 12 })) svg.setAttribute(k, v);
  element(svg, "rect", { width, height, fill: palette.back });

  // Legend, in lines as wide as there is room.
  const entries = [];
  for (const c of all)
    curveNames.forEach((name, k) => {
      if (!state.curves[name] || !c.lists[k]) return;
      const who = all.length > 1 ? `${slotNames[c.index]} ${name}` : name;
      entries.push({ c, k, label: who });
    });
  const left = 58;
  const right = width - 16;
  let legendY = 18;
  for (const c of all) {
    const title = `${all.length > 1 ? slotNames[c.index] + ": " : ""}${shown(c.valid.name, 60)}, ${c.valid.tokens.toLocaleString("en-US")} tokens`;
    element(svg, "text", { x: left, y: legendY, fill: palette.text, "font-weight": 600 }, title);
    legendY += 17;
  }
  const dashes = (c, k) => (c.index === 1 ? ["9 4", "5 3", "2 3"][k] : ["none", "none", "2 3"][k]);
  const strokes = [2.6, 1.8, 1.8];
  let legendX = left;
  for (const { c, k, label } of entries) {
    const space = 40 + 6.6 * label.length;
    if (legendX + space > right && legendX > left) [legendX, legendY] = [left, legendY + 16];
    element(svg, "line", { x1: legendX, x2: legendX + 24, y1: legendY - 4, y2: legendY - 4, stroke: palette[slotNames[c.index]][k], "stroke-width": strokes[k], "stroke-dasharray": dashes(c, k) });
    element(svg, "text", { x: legendX + 29, y: legendY, fill: palette.text }, label);
    legendX += space;
  }
  const top = legendY + 14;
  const bottom = height - 42;
  const [low, high] = verticalRange(all);
  const x = (at) => left + at * (right - left);
  const y = (log) => bottom - ((log - low) / (high - low)) * (bottom - top);

  for (const [at, label] of verticalTicks(low, high, bottom - top)) {
    element(svg, "line", { x1: left, x2: right, y1: y(at), y2: y(at), stroke: palette.grid });
    element(svg, "text", { x: left - 6, y: y(at) + 4, "text-anchor": "end", fill: palette.text }, label);
  }
  for (const [at, label] of horizontalTicks(all[0].n, state.axis, right - left)) {
    element(svg, "line", { x1: x(at), x2: x(at), y1: top, y2: bottom, stroke: palette.grid });
    element(svg, "text", { x: x(at), y: bottom + 16, "text-anchor": "middle", fill: palette.text }, label);
  }
  if (state.unit === "even" && low < 0 && high > 0) element(svg, "line", { x1: left, x2: right, y1: y(0), y2: y(0), stroke: palette.line, "stroke-dasharray": "1 3" });
  element(svg, "rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "none", stroke: palette.line });
  const several = all.some((c) => c.n !== all[0].n) ? ", ticks of A" : "";
  element(svg, "text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle", fill: palette.text }, state.axis === "linear" ? "relative position m / n (query at 1)" : `position m (query at n), logarithmic from both ends${several}`);
  element(svg, "text", { transform: `translate(13 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle", fill: palette.text }, state.unit === "even" ? "times an even share" : "share of the influence");

  const clip = "area" + (cursor === undefined ? "-file" : "");
  element(element(element(svg, "defs", {}), "clipPath", { id: clip }), "rect", { x: left - 4, y: top, width: right - left + 8, height: bottom - top });
  const inside = element(svg, "g", { "clip-path": `url(#${clip})`, fill: "none", "stroke-linejoin": "round" });
  // The continuum is dotted and may lie on the row: on top.
  for (const { c, k, label } of [1, 0, 2].flatMap((which) => entries.filter((entry) => entry.k === which))) {
    const list = c.lists[k];
    const colour = palette[slotNames[c.index]][k];
    const faint = c.stale && (k === 0 || c.valid.kind === "model") ? 0.5 : 1;
    let d = "";
    let pen = "M";
    list.log.forEach((v, i) => {
      const value = v === Infinity ? high + 1 : v; // the continuum at the first position
      if (!Number.isFinite(value)) {
        pen = "M";
        return;
      }
      d += `${pen}${x(place(list.positions[i], list.n, state.axis)).toFixed(2)} ${y(Math.min(Math.max(value, low - 9), high + 9)).toFixed(2)}`;
      pen = "L";
    });
    element(inside, "path", { d, stroke: colour, "stroke-width": strokes[k], "stroke-dasharray": dashes(c, k), opacity: faint, "data-curve": label });
    const end = list.log.length - 1;
    if (Number.isFinite(list.log[end])) element(inside, "circle", { cx: x(1), cy: y(list.log[end]), r: 3, fill: colour, opacity: faint });
  }
  if (entries.length === 0) {
    const words = curveNames.every((name) => !state.curves[name]) ? "no curve is chosen" : running ? "the prediction is being computed" : "nothing to draw";
    element(svg, "text", { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle", fill: palette.text, "font-size": 15 }, words);
  }
  if (cursor !== undefined && cursor !== null) {
    const at = place(all[0].positions[cursor], all[0].n, state.axis);
    element(svg, "line", { x1: x(at), x2: x(at), y1: top, y2: bottom, stroke: palette.text, "stroke-dasharray": "4 3", "pointer-events": "none" });
    for (const { c, k } of entries) {
      const list = c.lists[k];
      const value = list.log[nearest(list, at)];
      if (value >= low && value <= high) element(svg, "circle", { cx: x(at), cy: y(value), r: 4, fill: palette[slotNames[c.index]][k], stroke: palette.back, "stroke-width": 1.5 });
    }
  }
  svg.frame = { left, right };
  return svg;
}

/** The index of the position that stands nearest to a place of the axis. */
function nearest(list, at) {
  let low = 0;
  let high = list.positions.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (place(list.positions[middle], list.n, state.axis) <= at) low = middle;
    else high = middle;
  }
  return at - place(list.positions[low], list.n, state.axis) <= place(list.positions[high], list.n, state.axis) - at ? low : high;
}

// The page

let scheduled = false;
let cursor = null;
let drawn = [];
let frame = null;

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    guarded(draw);
  });
}

/** An engine that failed beyond an exception is made anew. */
function guarded(function_) {
  try {
    function_();
  } catch (error) {
    setAlert([shown(error.message || error)]);
    if (error instanceof WebAssembly.RuntimeError) start();
  }
}

function draw() {
  const all = [];
  for (const i of activeSlots()) {
    const slot = slots[i];
    if (!slot.valid) continue;
    const curves = curvesOf(slot, i);
    curves.index = i;
    all.push(curves);
  }
  if (all.length === 0) return;
  drawn = all;
  const plot = byId("plot");
  const width = Math.max(plot.clientWidth, 260);
  const height = Math.round(Math.min(Math.max(0.55 * width, 360), 520));
  if (cursor !== null) cursor = Math.min(cursor, all[0].positions.length - 1);
  const svg = drawing(all, width, height, dark.matches ? palettes.dark : palettes.light, cursor);
  svg.setAttribute("aria-hidden", "true");
  frame = svg.frame;
  plot.replaceChildren(svg);
  plot.setAttribute("aria-valuemax", all[0].positions.length - 1);
  read();
  numbers();
  status();
}

const six = (v) => (v === Infinity ? "∞" : Number.isFinite(v) ? (v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e7) ? scientific(v) : String(Number(v.toPrecision(6)))) : "–");
function scientific(v) {
  const [digits, exponent] = v.toExponential(4).split("e");
  return `${digits}·10${[...String(Number(exponent))].map((c) => superscripts[c]).join("")}`;
}
const whole = (v) => v.toLocaleString("en-US", { maximumFractionDigits: 0 });

function read() {
  const plot = byId("plot");
  const at = cursor ?? 0;
  const m = drawn[0].positions[at];
  const where = place(m, drawn[0].n, state.axis);
  const parts = drawn.map((c) => {
    const own = c.lists.find((l) => l);
    const index = own ? nearest({ positions: c.positions, n: c.n }, where) : 0;
    const values = curveNames
      .map((name, k) => (c.lists[k] && state.curves[name] ? `${name} ${six(10 ** c.lists[k].log[nearest(c.lists[k], where)])}` : ""))
      .filter((text) => text);
    const who = drawn.length > 1 ? slotNames[c.index] + ": " : "";
    return `${who}position ${whole(c.positions[index])} of ${whole(c.n)}, x = ${six(c.n > 0 ? c.positions[index] / c.n : 1)}: ${values.join(", ") || "not computed yet"}`;
  });
  const text = parts.join("; ");
  byId("reading").textContent = cursor === null ? "" : parts.join("\n");
  plot.setAttribute("aria-valuenow", at);
  plot.setAttribute("aria-valuetext", text);
}

const quantities = [
  ["first token", 0], ["first tenth", 1], ["middle", 2], ["last tenth", 3], ["query", 4], ["valley at position", 5, whole], ["valley", 6],
  ["valley, even shares", -1], ["valley depth, decades", 7], ["half of influence lies before", 8, whole], ["mean position", 9], ["error estimate", -2],
];

function numbers() {
  const columns = [];
  for (const c of drawn) {
    const who = drawn.length > 1 ? slotNames[c.index] + " " : "";
    if (c.prediction) columns.push({ head: who + "predicted", list: c.prediction.summary, tokens: c.prediction.tokens, error: c.prediction.error, stale: c.stale });
    if (c.summary) columns.push({ head: who + "row", list: c.summary, tokens: c.summaryTokens, stale: c.stale || c.summaryStale });
  }
  const head = document.createElement("thead");
  const titles = head.insertRow();
  for (const text of ["of the influence", ...columns.map((c) => c.head)]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    titles.append(cell);
  }
  const body = document.createElement("tbody");
  for (const [label, k, format] of quantities) {
    if (k === -2 && !columns.some((c) => c.error !== undefined)) continue;
    const line = body.insertRow();
    const cell = document.createElement("th");
    cell.scope = "row";
    cell.textContent = label;
    line.append(cell);
    for (const c of columns) {
      const value = k === -1 ? c.list[6] * c.tokens : k === -2 ? c.error : c.list[k];
      const td = line.insertCell();
      td.textContent = value === undefined ? "" : (format || six)(value);
      if (value !== undefined) td.dataset.value = value;
      td.dataset.key = `${c.head}/${label}`;
      if (c.stale) td.className = "stale";
    }
  }
  byId("numbers").replaceChildren(head, body);

  byId("alphas").replaceChildren(
    ...drawn.filter((c) => c.alphas).map((c) => {
      const p = document.createElement("p");
      p.textContent = (drawn.length > 1 ? slotNames[c.index] + ": " : "") + (c.alphas.length === 1 ? `${c.alphas[0]} in all ${c.valid.layers} layers` : c.alphas.map((a) => a.toFixed(4)).join(", "));
      return p;
    }),
  );
  const notes = [];
  for (const c of drawn) {
    if (c.valid.kind !== "model") continue;
    const who = drawn.length > 1 ? slotNames[c.index] + ": " : "";
    engine.call("notes", c.index, c.valid.tokens);
    for (const note of engine.text().split("\n")) if (note) notes.push(who + note);
  }
  byId("notes").replaceChildren(...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
}

function status() {
  let text = "";
  if (running) {
    const seconds = Math.floor((performance.now() - running.since) / 1000);
    const has = drawn.some((c) => c.prediction && c.prediction.key === running.key);
    text = `Predicting ${shown(running.valid.name, 60)} at ${whole(running.valid.tokens)} tokens${has ? ", a first approximation is shown" : ""}${seconds >= 2 ? ` (${seconds} s)` : ""} …`;
  }
  if (byId("status").textContent !== text) byId("status").textContent = text;
}
setInterval(() => running && status(), 1000);

function setAlert(lines) {
  const box = byId("alert");
  if ([...box.children].map((p) => p.textContent).join("\n") === lines.join("\n")) return;
  box.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
}

let loose = []; // what is wrong and belongs to no input: a link, a file

/** Says what is wrong. */
function report() {
  const lines = [...loose];
  for (const i of activeSlots()) {
    const slot = slots[i];
    if (slot.error) lines.push(`${slotNames[i]}: ${slot.error}${slot.valid ? `; still shown is ${shown(slot.valid.name, 60)} at ${whole(slot.valid.tokens)} tokens` : ""}`);
    else if (slot.failed && slot.valid && slot.valid.kind === "model" && slot.failed === keyOf(slot.valid)) lines.push(`${slotNames[i]}: ${shown(slot.failure)}`);
  }
  setAlert(lines);
}

/** Takes the inputs in. */
function apply() {
  guarded(() => {
    for (const i of activeSlots()) {
      const slot = slots[i];
      try {
        slot.valid = resolve(slot, i);
        slot.error = null;
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) throw error;
        slot.error = shown(error.message, 600);
        if (slot.valid && slot.valid.kind === "model" && slot.read !== slot.valid.config) {
          slot.about = readConfig(slot, i, slot.valid.config, slot.valid.name);
        }
      }
    }
    report();
    clearTimeout(debounce);
    debounce = setTimeout(() => {
      guarded(predictNext);
      schedule();
      writeLink();
    }, 180);
    schedule();
  });
}

// The link

const linkKeys = { kind: "", tokens: "n", layers: "h", alphas: "a", config: "j", name: "f" };

function linkText() {
  const link = new URLSearchParams();
  for (const i of activeSlots()) {
    const inputs = slots[i].inputs;
    const put = (key) => link.set("ab"[i] + linkKeys[key], inputs[key]);
    put("kind");
    put("tokens");
    if (inputs.kind === "own") ["layers", "alphas"].forEach(put);
    if (inputs.kind === "config") {
      if (inputs.config.length > longestInLink) return null;
      ["config", "name"].forEach(put);
    }
  }
  if (state.axis !== "linear") link.set("x", state.axis);
  if (state.unit !== "share") link.set("y", state.unit);
  const hidden = curveNames.filter((name) => !state.curves[name]);
  if (hidden.length > 0) link.set("hide", hidden.join(" "));
  return "#" + link;
}

function writeLink() {
  const text = linkText();
  const hash = text === null ? "" : text;
  if (location.hash === hash) return;
  try {
    history.replaceState(null, "", hash || location.pathname);
  } catch {
    // some browsers allow too few changes a second; the next one is written
  }
}

function readLink() {
  loose = [];
  if (location.hash.length < 2) return;
  if (location.hash.length > 20000) {
    loose.push("the link is too long to be one of this page");
    return;
  }
  const link = new URLSearchParams(location.hash.slice(1));
  const known = new Set(["x", "y", "hide"]);
  for (const i of [0, 1]) {
    const name = "ab"[i];
    for (const key of Object.values(linkKeys)) known.add(name + key);
    if (!link.has(name)) continue;
    if (i === 0 || link.has("b")) for (const [key, short] of Object.entries(linkKeys)) if (link.has(name + short)) slots[i].inputs[key] = link.get(name + short);
  }
  state.compare = link.has("b");
  const choose = (key, words, otherwise) => {
    const word = link.get(key) ?? otherwise;
    if (words.includes(word)) return word;
    loose.push(`the link's ${key}='${shown(word, 40)}' is none of ${words.join(", ")}`);
    return otherwise;
  };
  state.axis = choose("x", axes, "linear");
  state.unit = choose("y", ["share", "even"], "share");
  const hidden = (link.get("hide") ?? "").split(" ");
  for (const name of curveNames) state.curves[name] = !hidden.includes(name);
  for (const key of link.keys()) if (!known.has(key)) loose.push(`the link has '${shown(key, 40)}', which this page does not know`);
}

// Fields

function fill() {
  for (const i of [0, 1]) {
    const { inputs, fields } = slots[i];
    const { model } = fields;
    let option = model.querySelector("option[value='config']");
    if (inputs.kind === "config") {
      if (!option) model.prepend((option = new Option("", "config")));
      option.textContent = shown(inputs.name || "config.json", 40);
    }
    model.value = inputs.kind; // empty where there is no such model
    for (const key of ["tokens", "layers", "alphas"]) if (fields[key].value !== inputs[key]) fields[key].value = inputs[key];
    fields.set.querySelectorAll(".own").forEach((field) => (field.hidden = inputs.kind !== "own"));
    const tokens = parseNumber(inputs.tokens);
    if (tokens >= 1) fields.tokensSlider.value = Math.log10(tokens);
    fields.tokensSlider.setAttribute("aria-valuetext", `${inputs.tokens} tokens`);
    const alpha = parseNumber(inputs.alphas);
    if (alpha >= 0) fields.alphaSlider.value = alpha;
    fields.layers.disabled = inputs.kind === "own" && /\S[\s,;]+\S/.test(inputs.alphas);
    fields.set.hidden = i === 1 && !state.compare;
  }
  byId("compare").checked = state.compare;
  byId("axis").value = state.axis;
  byId("unit").value = state.unit;
  for (const name of curveNames) byId("curve-" + name).checked = state.curves[name];
}

function mark() {
  for (const { error, fields } of slots) {
    const about = { tokens: "the context", layers: "the number of layers", alphas: "α" };
    for (const [key, words] of Object.entries(about)) fields[key].setAttribute("aria-invalid", String(Boolean(error && error.startsWith(words))));
  }
}

function change(index, inputs) {
  Object.assign(slots[index].inputs, inputs);
  slots[index].failed = null;
  loose = [];
  apply();
  fill();
  mark();
}

/** A power of ten, rounded as people write it. */
function rounded(log) {
  const value = 10 ** log;
  if (value < 1000) return String(Math.round(value));
  return String(Math.min(Number(value.toPrecision(3)), mostTokens));
}

async function takeFile(index, file) {
  if (!file) return;
  try {
    if (file.size > mostBytes) throw new Error(`holds ${whole(file.size)} bytes: too long for a config.json`);
    const text = await file.text();
    const name = shown(file.name, 80);
    // Read before it takes the place of what is shown.
    const { context } = readConfig(slots[index], index, text, name);
    slots[index].read = null; // resolve() takes it from the inputs
    change(index, { kind: "config", config: text, name, ...(context > 0 ? { tokens: String(context) } : {}) });
  } catch (error) {
    const words = shown(error.message || error, 600);
    const name = shown(file.name, 80);
    apply();
    loose = [words.includes(name) ? words : `${name}: ${words}`];
    report();
    mark();
  }
}

function build() {
  const names = Object.keys(knownModels);
  for (const i of [0, 1]) {
    const set = document.querySelector(`fieldset[data-slot="${i}"]`);
    set.append(byId("setting").content.cloneNode(true));
    const find = (name) => set.querySelector("." + name);
    const fields = { set, model: find("model"), file: find("file"), layers: find("layers"), alphas: find("alphas"), alphaSlider: find("alpha-slider"), tokens: find("tokens"), tokensSlider: find("tokens-slider") };
    slots[i].fields = fields;
    fields.model.append(new Option("none: coefficients of your own", "own"), ...names.map((name) => new Option(name, name)));
    fields.model.addEventListener("change", () => {
      const kind = fields.model.value;
      const inputs = { kind };
      if (Object.hasOwn(knownModels, kind)) {
        const c = knownModels[kind];
        const context = c.max_position_embeddings ?? c.n_positions ?? c.seq_length ?? c.max_seq_len;
        if (context) inputs.tokens = String(context);
      }
      change(i, inputs);
    });
    fields.file.addEventListener("change", () => {
      takeFile(i, fields.file.files[0]);
      fields.file.value = "";
    });
    for (const key of ["tokens", "layers", "alphas"]) fields[key].addEventListener("input", () => change(i, { [key]: fields[key].value }));
    fields.tokensSlider.addEventListener("input", () => change(i, { tokens: rounded(Number(fields.tokensSlider.value)) }));
    fields.alphaSlider.addEventListener("input", () => change(i, { alphas: fields.alphaSlider.value }));
  }
  for (const name of curveNames) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", id: "curve-" + name });
    label.append(box, " " + name);
    byId("curves").append(label);
    box.addEventListener("change", () => {
      state.curves[name] = box.checked;
      apply();
    });
  }
  byId("settings").addEventListener("submit", (event) => event.preventDefault());
  byId("compare").addEventListener("change", (event) => {
    state.compare = event.target.checked;
    loose = [];
    apply();
    fill();
  });
  byId("axis").addEventListener("change", (event) => {
    const place_ = cursor;
    state.axis = event.target.value;
    cursor = place_ === null ? null : 0;
    apply();
  });
  byId("unit").addEventListener("change", (event) => {
    state.unit = event.target.value;
    apply();
  });
  reading();
  dropping();
  downloads();
}

function reading() {
  const plot = byId("plot");
  const point = (event) => {
    if (!frame || drawn.length === 0) return;
    const at = (event.clientX - plot.getBoundingClientRect().left - plot.clientLeft - frame.left) / (frame.right - frame.left);
    cursor = nearest({ positions: drawn[0].positions, n: drawn[0].n }, Math.min(Math.max(at, 0), 1));
    schedule();
  };
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  plot.addEventListener("keydown", (event) => {
    if (drawn.length === 0) return;
    const last = drawn[0].positions.length - 1;
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 32, PageDown: -32, Home: -last, End: last }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    cursor = Math.min(Math.max((cursor ?? 0) + step, 0), last);
    schedule();
  });
  new ResizeObserver(schedule).observe(plot);
  dark.addEventListener("change", schedule);
}

function dropping() {
  const target = (event) => (event.target.closest && event.target.closest("fieldset[data-slot='1']") ? 1 : 0);
  const light = (index) => slots.forEach(({ fields }, i) => fields.set.classList.toggle("over", i === index));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    light(target(event));
  });
  document.addEventListener("dragleave", () => light(-1));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    light(-1);
    takeFile(target(event), event.dataTransfer.files[0]);
  });
}

function csvText() {
  const cell = (v) => (v === undefined || Number.isNaN(v) ? "" : v === Infinity ? "inf" : String(v));
  const lines = drawn.map((c) => `# ${slotNames[c.index]}: ${shown(c.valid.name)}, ${c.valid.tokens} tokens${c.alphas ? `, alpha ${c.alphas.join(" ")}` : ""}`);
  lines.push("setting,position,x,predicted,row,continuum");
  for (const c of drawn) {
    const [predicted, row, continuum] = c.lists;
    // A prediction of another length stands at other positions.
    const fits = predicted && predicted.n === c.n;
    c.positions.forEach((m, i) => {
      lines.push([slotNames[c.index], m, c.n > 0 ? m / c.n : 1, fits ? cell(predicted.p[i]) : "", row ? cell(row.p[i]) : "", continuum ? cell(continuum.p[i]) : ""].join());
    });
  }
  return lines.join("\n") + "\n";
}

function save(name, type, text) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function downloads() {
  byId("csv").addEventListener("click", () => guarded(() => save("cesaro.csv", "text/csv", csvText())));
  byId("svg").addEventListener("click", () =>
    guarded(() => save("cesaro.svg", "image/svg+xml", new XMLSerializer().serializeToString(drawing(drawn, 960, 540, palettes.light)))),
  );
  byId("link").addEventListener("click", async () => {
    const text = linkText();
    if (text === null) {
      byId("status").textContent = "This config.json is too long for a link.";
      return;
    }
    writeLink();
    try {
      await navigator.clipboard.writeText(location.href.replace(/#.*$/, "") + text);
      byId("status").textContent = "The link is in the clipboard.";
    } catch {
      byId("status").textContent = "The address of this page is the link.";
    }
  });
}

async function start() {
  engine = null;
  try {
    engine = new Engine(await cesaroModule()());
  } catch (error) {
    setAlert(["WebAssembly could not be started: " + shown(error.message || error)]);
    return;
  }
  for (const slot of slots) slot.read = slot.rowKey = null;
}

(async () => {
  build();
  await start();
  if (!engine) return;
  // A link that makes no sense leaves the defaults in the plot.
  slots.forEach((slot, i) => (slot.valid = resolve(slot, i)));
  const restore = () => {
    readLink();
    apply();
    fill();
    mark();
  };
  restore();
  window.addEventListener("hashchange", restore);
  document.documentElement.dataset.ready = "true";
})();
