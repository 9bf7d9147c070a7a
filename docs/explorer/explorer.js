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

/** The whole of a worker: predicts, coarsely first, or computes the rows of a heat map. */
function answerInWorker() {
  const ready = cesaroModule()();
  function predict(engine, data) {
    for (const accuracy of [1e-1, 1e-3]) {
      const values = engine.call("predict", 0, data.tokens, accuracy);
      const shares = data.positions.map((list) => engine.call("shares", 0, list, list.length));
      self.postMessage({ id: data.id, final: accuracy === 1e-3, summary: values.slice(0, 10), error: values[10], alphas: values.slice(11), shares });
    }
  }
  /** Eight rows a message; a row has its sources up to its query. */
  function rows(engine, { id, positions }) {
    for (let from = 0; from < positions.length; from += 8) {
      const part = positions.slice(from, from + 8).map((query, i) => {
        const sources = positions.slice(0, from + i + 1);
        const values = engine.call("cells", 0, query, sources, sources.length);
        return { p: values.slice(0, sources.length), log: values.slice(sources.length) };
      });
      self.postMessage({ id, from, rows: part, final: from + 8 >= positions.length });
    }
  }
  self.onmessage = async ({ data }) => {
    try {
      const engine = new Engine(await ready);
      if (data.row) {
        engine.call("row", 0, ...data.row);
        rows(engine, data);
      } else {
        engine.call("read", 0, data.config, data.name);
        predict(engine, data);
      }
    } catch (error) {
      self.postMessage({ id: data.id, failure: String(error.message || error) });
    }
  };
}

const points = 512;
const cells = 128; // of the heat map, each way
const mostTokens = 1e12;
const mostLayers = 4096;
const mostBytes = 1e6; // of a config.json
const longestInLink = 8000;
const longestLink = 20000;
const axes = ["linear", "u"];
const curveNames = ["predicted", "row", "continuum"];
const slotNames = ["A", "B"];
// Okabe and Ito's colours; B is dashed besides.
const palettes = {
  light: { back: "#ffffff", text: "#1c1e21", line: "#8a9099", grid: "#e3e5e8", A: ["#0072b2", "#d55e00", "#009e73"], B: ["#56b4e9", "#e69f00", "#cc79a7"] },
  dark: { back: "#16181b", text: "#e8e9eb", line: "#9aa0a8", grid: "#33373d", A: ["#56b4e9", "#e69f00", "#009e73"], B: ["#f0e442", "#d55e00", "#cc79a7"] },
};
/** How keys are weighed, at most one of these; the code is explorer.cpp's, the slider's ends are decimal logarithms. */
const keyings = {
  uniform: { code: 0, option: "uniform" },
  sink: { code: 1, option: "uniform, beside a sink", label: "Sink, as many tokens", what: "the sink", link: "s", slider: [-2, 6], says: (v) => `sink of ${v} tokens` },
  slope: { code: 2, option: "decaying, ALiBi’s slope", label: "Slope per token", what: "the slope", link: "d", slider: [-9, 1], says: (v) => `slope ${v}` },
  window: { code: 3, option: "within a sliding window", label: "Window, in tokens", what: "the window", link: "w", slider: [0, 6], says: (v) => `window of ${v} tokens` },
};
const otherKeys = { keys: "uniform", sink: "1", slope: "0.01", window: "256" };
const dark = matchMedia("(prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);

const state = { compare: false, axis: "linear", unit: "share", mapped: "A", curves: { predicted: true, row: true, continuum: true } };
/** inputs is what the fields say, valid the last of it that made sense. */
const slots = [
  { inputs: { kind: "gpt2", tokens: "1024", layers: "12", alphas: "0.2", ...otherKeys, config: "", name: "" } },
  { inputs: { kind: "llama-2-7b", tokens: "4096", layers: "32", alphas: "0.1", ...otherKeys, config: "", name: "" } },
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

/** The keys of coefficients of one's own. */
function keysOf(inputs) {
  const { code, what, says } = keyings[inputs.keys];
  if (code === 0) return { code, amount: 0, text: "" };
  const text = inputs[inputs.keys];
  if (inputs.keys === "window") {
    const amount = parseCount(what, text, 1, mostTokens, "10^12");
    return { code, amount, text: ", " + says(amount) };
  }
  const amount = parseNumber(text);
  if (!(amount >= 0 && amount < Infinity)) throw new Error(`${what} '${shown(text, 40)}' must be a finite number, at least 0`);
  return { code, amount, text: ", " + says(amount) };
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
    const keys = keysOf(inputs);
    return { kind: "own", name: `${layers} layers, α ${alphas.length > 1 ? "by layer" : "= " + alphas[0]}${keys.text}`, tokens: tokens(), layers, alphas, keys };
  }
  const { name, text } = configOf(inputs);
  if (slot.read !== text) {
    slot.about = readConfig(slot, index, text, name);
  }
  return { kind: "model", name, config: text, tokens: tokens(), layers: slot.about.layers, keys: keysOf(otherKeys) };
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

/** The positions of the heat map's cells, each way: increasing, both ends included, even on the axis. */
function cellPositions(tokens, axis) {
  const n = tokens - 1;
  if (tokens <= cells) return Array.from({ length: tokens }, (_, m) => m);
  const chosen = new Set([0, n]);
  for (let i = 0; i < cells; ++i) {
    const even = i / (cells - 1);
    const r = 10 ** ((2 * even - 1) * Math.log10(n + 1)); // (m + 1) / (n - m + 1)
    const m = axis === "linear" ? even * n : (r * (n + 2)) / (1 + r) - 1;
    chosen.add(Math.min(Math.max(Math.round(m), 0), n));
  }
  return [...chosen].sort((a, b) => a - b);
}

// Predictions

const predictions = new Map(); // finished ones
let worker = null;
let running = null; // { id, key, since, final }
let requestId = 0;
let debounce = 0;
let changedAt = -Infinity;

/** Answers come to `take`; of a worker that failed as a whole `fail` gets the message. */
function startWorker(take, fail) {
  const text = `"use strict";\n${cesaroModule}\n${Engine}\n(${answerInWorker})();\n`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const made = new Worker(url);
  URL.revokeObjectURL(url);
  made.onmessage = ({ data }) => take(data);
  made.onerror = (event) => {
    event.preventDefault();
    fail(shown(event.message || "the computation failed"));
  };
  return made;
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
  worker ??= startWorker(receive, (failure) => {
    const id = running ? running.id : -1;
    worker.terminate();
    worker = null;
    receive({ id, failure });
  });
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

/** Whether what took so many milliseconds, and was last done then, has to wait while something is dragged: it may take a fifth of the time. */
function waits(cost, then, least = 0) {
  const rest = Math.min(changedAt + 150, then + Math.max(5 * cost, least)) - performance.now();
  if (!(rest > 0)) return false;
  setTimeout(schedule, rest);
  return true;
}

/** Chooses a row; what is wrong with it is said. */
function tryRow(slot, index, row) {
  const before = slot.refused;
  slot.refused = null;
  try {
    engine.call("row", index, ...row);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    slot.refused = error.message;
  }
  if (slot.refused !== before) report();
  return slot.refused === null;
}

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
    const row = [valid.tokens, alphas, alphas.length, valid.layers, valid.keys.code, valid.keys.amount];
    const rowKey = row.join(" ");
    if (slot.rowKey !== rowKey && slot.last && slot.cost > 30 && waits(slot.cost, slot.rowAt)) return { ...slot.last, stale: true };
    const since = performance.now();
    if (slot.rowKey !== rowKey) {
      slot.rowKey = null;
      if (!tryRow(slot, index, row)) return slot.last ? { ...slot.last, stale: true } : result;
      slot.rowKey = rowKey;
    }
    const entriesKey = `${rowKey} ${axis}`;
    if (slot.entriesKey !== entriesKey) {
      slot.entries = engine.call("entries", index, positions, positions.length);
      slot.entriesKey = entriesKey;
      slot.rowAt = performance.now();
      slot.cost = slot.rowAt - since;
    }
    const { entries } = slot;
    // It costs more than the curve: ten a second at most, and while something is dragged none that takes a frame.
    if (slot.summaryKey !== rowKey && !waits(slot.summaryCost > 16 ? Infinity : 0, slot.summaryAt ?? -Infinity, 100)) {
      const now = performance.now();
      slot.summary = engine.call("row_summary", index);
      slot.summaryTokens = valid.tokens;
      slot.summaryKey = rowKey;
      slot.summaryAt = performance.now();
      slot.summaryCost = slot.summaryAt - now;
    }
    const size = positions.length;
    const shift = state.unit === "even" ? Math.log10(valid.tokens) : 0;
    const list = (from, p) => ({ positions, n: valid.tokens - 1, p: p.slice(0, size), log: entries.slice(from, from + size).map((v) => v + shift) });
    result.lists[1] = list(size, entries);
    if (entries.length > 2 * size) result.lists[2] = list(2 * size, entries.slice(2 * size).map((v) => 10 ** v));
    result.row = row;
    result.rowKey = rowKey;
    result.summary = slot.summary;
    result.summaryTokens = slot.summaryTokens;
    result.summaryStale = slot.summaryKey !== rowKey;
  }
  result.alphas = alphas;
  slot.last = result;
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
    // In two lines where it is too long for one.
    const cut = title.length * 7 > right - left ? title.lastIndexOf(", ", title.length / 2 + 8) + 1 : 0;
    for (const line of cut > 0 ? [title.slice(0, cut), title.slice(cut + 1)] : [title]) {
      element(svg, "text", { x: left, y: legendY, fill: palette.text, "font-weight": 600 }, line);
      legendY += 17;
    }
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
  element(svg, "text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle", fill: palette.text }, state.axis === "linear" ? "relative position m / n (query at 1)" : `position m${width < 420 ? "" : " (query at n)"}, logarithmic from both ends${several}`);
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
  mapSoon();
}

// The heat map: exact entries of many queries, computed aside after a pause

const map = { key: null, rows: [], positions: [], final: false };
let mapWorker = null;
let mapTimer = 0;

/** Starts the map of what is drawn when that has not changed for a while. */
function mapSoon() {
  const c = drawn.find(({ index }) => slotNames[index] === state.mapped) ?? drawn[0];
  const key = c.row && `${c.rowKey} ${state.axis}`;
  if (key === map.key) {
    drawMap();
    return;
  }
  map.key = key;
  if (map.running && mapWorker) {
    mapWorker.terminate();
    mapWorker = null;
  }
  map.running = false;
  map.failure = null;
  map.stale = true;
  drawMap();
  clearTimeout(mapTimer);
  if (key) mapTimer = setTimeout(() => guarded(() => startMap(c)), 300);
}

function startMap(c) {
  const id = ++requestId;
  const { axis } = state;
  const positions = cellPositions(c.valid.tokens, axis);
  const title = `${drawn.length > 1 ? slotNames[c.index] + ": " : ""}${shown(c.valid.name, 60)}, ${whole(c.valid.tokens)} tokens`;
  map.running = true;
  const fail = (failure) => {
    mapWorker.terminate(); // its memory may be spent
    mapWorker = null;
    map.running = false;
    map.failure = shown(failure);
    drawMap();
  };
  mapWorker ??= startWorker((data) => {
    if (!map.running || data.id !== map.id) return;
    if (data.failure !== undefined) {
      fail(data.failure);
      return;
    }
    if (data.from === 0) Object.assign(map, { ...map.next, rows: [], stale: false });
    map.rows.push(...data.rows);
    map.final = data.final;
    map.running = !data.final;
    drawMap();
  }, fail);
  map.id = id;
  map.next = { positions, title, axis, n: c.valid.tokens - 1 };
  mapWorker.postMessage({ id, row: c.row, positions });
}

// Matplotlib's viridis, at every tenth.
const viridis = ["440154", "482475", "414487", "355f8d", "2a788e", "21918c", "22a884", "44bf70", "7ad151", "bddf26", "fde725"].map((hex) => [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16)));
function colourAt(t) {
  const at = Math.min(Math.max(t, 0), 1) * (viridis.length - 1);
  const k = Math.min(Math.floor(at), viridis.length - 2);
  return `rgb(${viridis[k].map((c, i) => Math.round(c + (at - k) * (viridis[k + 1][i] - c))).join()})`;
}
const mostDecades = 16; // of the colours: what is less is drawn as the least

/** Of a cell, the decimal logarithm in the unit that is drawn. */
const cellLog = (i, j) => map.rows[i].log[j] + (state.unit === "even" ? Math.log10(map.positions[i] + 1) : 0);

function drawMap() {
  const canvas = byId("map");
  const palette = dark.matches ? palettes.dark : palettes.light;
  const width = Math.max(canvas.parentElement.clientWidth, 240);
  const { rows, positions, n, axis } = map;
  canvas.classList.toggle("pale", Boolean(map.stale));
  const words = map.failure ?? (rows.length === 0 ? "The map is being computed …" : map.stale || !map.final ? "Computing …" : "");
  if (byId("map-status").textContent !== words) byId("map-status").textContent = words;
  byId("map-csv").disabled = rows.length === 0;
  const looks = [map.id, rows.length, state.unit, width, devicePixelRatio, dark.matches, map.cursor].join();
  if (map.looks === looks) return;
  map.looks = looks;
  const [left, right, top] = [axis === "u" ? 72 : 52, width - 74, 26];
  const side = right - left;
  const height = top + side + 44;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = "12px system-ui, sans-serif";
  const write = (text, x, y, align = "left") => {
    pen.fillStyle = palette.text;
    pen.textAlign = align;
    pen.fillText(text, x, y);
  };
  pen.clearRect(0, 0, width, height);
  pen.strokeStyle = palette.line;
  if (rows.length > 0) {
    let [low, high] = [Infinity, -Infinity];
    rows.forEach(({ log }, i) => log.forEach((_, j) => {
      const value = cellLog(i, j);
      if (!Number.isFinite(value)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }));
    if (low > high) [low, high] = [-1, 0];
    low = Math.max(low, high - mostDecades);
    if (high - low < 1e-9) low = high - 1;
    // A cell reaches half way to its neighbours.
    const places = positions.map((m) => place(m, n, axis));
    const last = places.length - 1;
    const edges = places.map((at, i) => (i === 0 ? at - (last > 0 ? (places[1] - at) / 2 : 0.5) : (places[i - 1] + at) / 2));
    edges.push(places[last] + (last > 0 ? (places[last] - places[last - 1]) / 2 : 0.5));
    const [start, end] = [edges[0], edges[last + 1]];
    const along = (at) => ((at - start) / (end - start)) * side;
    const pixels = edges.map((at) => Math.round(along(at) * scale) / scale);
    rows.forEach(({ log }, i) => log.forEach((_, j) => {
      const value = cellLog(i, j);
      pen.fillStyle = value === -Infinity ? palette.grid : colourAt((value - low) / (high - low));
      pen.fillRect(left + pixels[j], top + pixels[i], pixels[j + 1] - pixels[j], pixels[i + 1] - pixels[i]);
    }));
    const ticks = n < 10 ? positions.map((m, i) => [places[i], whole(m)]) : horizontalTicks(n, axis, side);
    for (const [at, label] of ticks) {
      if (at < start || at > end) continue;
      write(label, left + along(at), top + side + 16, "center");
      write(label, left - 6, top + along(at) + 4, "right");
    }
    for (let y = 0; y < side; ++y) {
      pen.fillStyle = colourAt(1 - y / side);
      pen.fillRect(right + 12, top + y, 12, 1.5);
    }
    for (const [at, label] of verticalTicks(low, high, side)) write(label, right + 28, top + ((high - at) / (high - low)) * side + 4);
    pen.strokeRect(right + 12, top, 12, side);
    if (map.cursor && map.cursor[0] < rows.length) {
      const [i, j] = map.cursor;
      // Seen on every colour.
      for (const [colour, thick] of [["#ffffff", 4], ["#000000", 1.5]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = thick;
        pen.strokeRect(left + pixels[j] - 2, top + pixels[i] - 2, pixels[j + 1] - pixels[j] + 4, pixels[i + 1] - pixels[i] + 4);
      }
      pen.strokeStyle = palette.line;
      pen.lineWidth = 1;
    }
    map.frame = { left, top, edges, start, end, side };
    describeMap(low, high);
  }
  pen.strokeRect(left, top, side, side);
  const along_axis = (what, letter) => (axis === "u" ? `${what} ${letter}, logarithmic from both ends` : n < 10 ? `${what} ${letter}` : `${what} ${letter} / n`);
  write(along_axis("source", "m"), left + side / 2, height - 8, "center");
  write(state.unit === "even" ? "even shares" : "share", width - 4, 14, "right");
  pen.save();
  pen.translate(13, top + side / 2);
  pen.rotate(-Math.PI / 2);
  write(along_axis("query", "q"), 0, 0, "center");
  pen.restore();
  readMap();
}

function readMap() {
  if (!map.cursor || map.cursor[0] >= map.rows.length) {
    byId("map-reading").textContent = "";
    return;
  }
  const [i, j] = map.cursor;
  const unit = state.unit === "even" ? "even shares" : "of its influence";
  byId("map-reading").textContent = `query ${whole(map.positions[i])}, source ${whole(map.positions[j])}: ${six(10 ** cellLog(i, j))} ${unit}`;
}

/** What the map shows, in words and as a small table. */
function describeMap(low, high) {
  const size = map.rows.length;
  byId("map").setAttribute("aria-label", `Heat map of ${map.title}: influence of ${size} sources on ${size} queries, of all to the last, from ${six(10 ** low)} or less to ${six(10 ** high)}. The table has some of it; arrow keys read cells.`);
  const some = [...new Set([0, 1, 2, 3, 4, 5, 6].map((k) => Math.round((k * (size - 1)) / 6)))];
  const line = (parent, cells_) => {
    const made = parent.insertRow();
    cells_.forEach(({ text, scope, value }) => {
      const cell = made.appendChild(document.createElement(scope ? "th" : "td"));
      cell.textContent = text;
      if (scope) cell.scope = scope;
      if (value !== undefined) cell.dataset.value = value;
    });
  };
  const head = document.createElement("thead");
  line(head, [{ text: "query \\ source", scope: "col" }, ...some.map((j) => ({ text: whole(map.positions[j]), scope: "col" }))]);
  const body = document.createElement("tbody");
  for (const i of some)
    line(body, [{ text: whole(map.positions[i]), scope: "row" }, ...some.map((j) => (j > i ? { text: "" } : { text: six(10 ** cellLog(i, j), 3), value: map.rows[i].p[j] }))]);
  byId("map-table").replaceChildren(head, body);
}

function readingMap() {
  const canvas = byId("map");
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  function point(event) {
    if (!map.frame) return;
    const { left, top, edges, start, end, side } = map.frame;
    const box = canvas.getBoundingClientRect();
    const cell = (pixel) => {
      const at = start + (pixel / side) * (end - start);
      return at < start || at > end ? -1 : Math.min(Math.max(edges.findIndex((edge) => edge > at) - 1, 0), edges.length - 2);
    };
    const [i, j] = [cell(event.clientY - box.top - top), cell(event.clientX - box.left - left)];
    map.cursor = i >= 0 && j >= 0 && j <= i && i < map.rows.length ? [i, j] : null;
    drawMap();
  }
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-16, 0], PageDown: [16, 0], Home: [0, -cells], End: [0, cells] }[event.key];
    if (step === undefined || map.rows.length === 0) return;
    event.preventDefault();
    const last = map.rows.length - 1;
    const [i, j] = map.cursor ?? [last, 0];
    const query = Math.min(Math.max(i + step[0], 0), last);
    map.cursor = [query, Math.min(Math.max(j + step[1], 0), query)];
    drawMap();
  });
  new ResizeObserver(drawMap).observe(canvas.parentElement);
}

const six = (v, most = 6) => (v === Infinity ? "∞" : Number.isFinite(v) ? (v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e7) ? scientific(v, most) : String(Number(v.toPrecision(most)))) : "–");
function scientific(v, most) {
  const [digits, exponent] = v.toExponential(Math.min(most - 1, 4)).split("e");
  return `${digits}·10${[...String(Number(exponent))].map((c) => superscripts[c]).join("")}`;
}
const whole = (v) => (Number.isNaN(v) ? "–" : v.toLocaleString("en-US", { maximumFractionDigits: 0 }));

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
  ["valley, even shares", -1], ["valley depth, decades", 7], ["half of influence lies before", 8, whole], ["mean position", 9], ["taken by the sink", 10],
  ["error estimate", -2],
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
    if (k === 10 && !columns.some((c) => c.list[k] > 0)) continue;
    if (label.startsWith("valley") && columns.length > 0 && columns.every((c) => Number.isNaN(c.list[6]))) continue;
    const line = body.insertRow();
    const cell = document.createElement("th");
    cell.scope = "row";
    cell.textContent = label;
    line.append(cell);
    for (const c of columns) {
      const value = k === -1 ? c.list[6] * c.tokens : k === -2 ? c.error : c.list[k];
      const td = line.insertCell();
      td.textContent = value === undefined ? "" : format ? format(value) : six(value);
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
    const who = drawn.length > 1 ? slotNames[c.index] + ": " : "";
    if (c.valid.keys.code === keyings.sink.code) notes.push(who + "the continuum limit is that without a sink, which weighs nothing beside many tokens");
    if (c.valid.keys.code === keyings.window.code) notes.push(who + "under a window the row has no continuum limit");
    if (c.valid.kind !== "model") continue;
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
    else if (slot.refused) lines.push(`${slotNames[i]}: ${shown(slot.refused)}`);
    else if (slot.failed && slot.valid && slot.valid.kind === "model" && slot.failed === keyOf(slot.valid)) lines.push(`${slotNames[i]}: ${shown(slot.failure)}`);
  }
  setAlert(lines);
}

/** Takes the inputs in. */
function apply() {
  guarded(() => {
    changedAt = performance.now();
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

const linkKeys = { kind: "", tokens: "n", layers: "h", alphas: "a", sink: "s", slope: "d", window: "w", config: "j", name: "f" };

function linkText() {
  const link = new URLSearchParams();
  for (const i of activeSlots()) {
    const inputs = slots[i].inputs;
    const put = (key) => link.set("ab"[i] + linkKeys[key], inputs[key]);
    put("kind");
    put("tokens");
    if (inputs.kind === "own") ["layers", "alphas", ...(inputs.keys === "uniform" ? [] : [inputs.keys])].forEach(put);
    if (inputs.kind === "config") {
      if (inputs.config.length > longestInLink) return null;
      ["config", "name"].forEach(put);
    }
  }
  if (state.axis !== "linear") link.set("x", state.axis);
  if (state.unit !== "share") link.set("y", state.unit);
  if (state.compare && state.mapped !== "A") link.set("m", state.mapped);
  const hidden = curveNames.filter((name) => !state.curves[name]);
  if (hidden.length > 0) link.set("hide", hidden.join(" "));
  const text = "#" + link;
  return text.length > longestLink ? null : text;
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
  if (location.hash.length > longestLink) {
    loose.push("the link is too long to be one of this page");
    return;
  }
  const link = new URLSearchParams(location.hash.slice(1));
  const known = new Set(["x", "y", "m", "hide"]);
  for (const i of [0, 1]) {
    const name = "ab"[i];
    for (const key of Object.values(linkKeys)) known.add(name + key);
    if (!link.has(name)) continue;
    if (i === 0 || link.has("b")) for (const [key, short] of Object.entries(linkKeys)) if (link.has(name + short)) slots[i].inputs[key] = link.get(name + short);
    const weighed = ["sink", "slope", "window"].filter((key) => link.has(name + linkKeys[key]));
    slots[i].inputs.keys = weighed[0] ?? "uniform";
    if (weighed.length > 1) loose.push(`${slotNames[i]}: ${weighed.join(" and ")} cannot be combined: the ${weighed[0]} is taken`);
    if (weighed.length > 0 && slots[i].inputs.kind !== "own") loose.push(`${slotNames[i]}: a ${weighed[0]} goes with coefficients of your own, not with a model`);
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
  state.mapped = choose("m", slotNames, "A");
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
    const own = inputs.kind === "own";
    fields.keys.disabled = !own;
    fields.keys.value = own ? inputs.keys : "uniform";
    fields.keysHint.hidden = own;
    const { label, slider } = keyings[fields.keys.value];
    fields.keyed.hidden = label === undefined;
    if (label !== undefined) {
      fields.amountLabel.textContent = label;
      const text = inputs[inputs.keys];
      if (fields.amount.value !== text) fields.amount.value = text;
      [fields.amountSlider.min, fields.amountSlider.max] = slider;
      const amount = parseNumber(text);
      if (amount >= 0) fields.amountSlider.value = Math.log10(amount);
      fields.amountSlider.setAttribute("aria-label", label + ", logarithmic");
      fields.amountSlider.setAttribute("aria-valuetext", text);
    }
    fields.set.hidden = i === 1 && !state.compare;
  }
  byId("compare").checked = state.compare;
  byId("axis").value = state.axis;
  byId("unit").value = state.unit;
  for (const name of curveNames) byId("curve-" + name).checked = state.curves[name];
  byId("curve-continuum").disabled = activeSlots().every((i) => slots[i].inputs.kind === "own" && slots[i].inputs.keys === "window");
  byId("mapped").value = state.mapped;
  byId("mapped-choice").hidden = !state.compare;
}

function mark() {
  for (const { error, fields } of slots) {
    const about = { tokens: ["the context"], layers: ["the number of layers"], alphas: ["α"], amount: ["the sink", "the slope", "the window"] };
    for (const [key, words] of Object.entries(about)) fields[key].setAttribute("aria-invalid", String(Boolean(error && words.some((word) => error.startsWith(word)))));
  }
}

function change(index, inputs) {
  Object.assign(slots[index].inputs, inputs);
  slots[index].refused = null;
  slots[index].failed = null;
  loose = [];
  apply();
  fill();
  mark();
}

/** A power of ten, rounded as people write it, to a whole number but for magnitudes. */
function rounded(log, magnitude = false) {
  const value = 10 ** log;
  if (magnitude) return String(Number(value.toPrecision(3)));
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
    const fields = { set, model: find("model"), file: find("file"), layers: find("layers"), alphas: find("alphas"), alphaSlider: find("alpha-slider"), tokens: find("tokens"), tokensSlider: find("tokens-slider"), keys: find("keys"), keysHint: find("keys-hint"), keyed: find("keyed"), amountLabel: find("amount-label"), amount: find("amount"), amountSlider: find("amount-slider") };
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
    set.querySelector(".take").addEventListener("click", () => {
      const prediction = predictionOf(slots[i]);
      if (prediction) change(i, { kind: "own", layers: String(prediction.alphas.length), alphas: prediction.alphas.join(" ") });
    });
    fields.keys.append(...Object.entries(keyings).map(([key, { option }]) => new Option(option, key)));
    fields.keys.addEventListener("change", () => change(i, { keys: fields.keys.value }));
    fields.amount.addEventListener("input", () => change(i, { [slots[i].inputs.keys]: fields.amount.value }));
    fields.amountSlider.addEventListener("input", () => {
      const { keys } = slots[i].inputs;
      change(i, { [keys]: rounded(Number(fields.amountSlider.value), keys !== "window") });
    });
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
  byId("mapped").append(...slotNames.map((name) => new Option(name, name)));
  byId("mapped").addEventListener("change", (event) => {
    state.mapped = event.target.value;
    apply();
  });
  reading();
  readingMap();
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

function mapCsv() {
  const lines = [`# ${shown(map.title)}`, "query,source,influence,log10_influence"];
  map.rows.forEach(({ p, log }, i) => p.forEach((value, j) => lines.push([map.positions[i], map.positions[j], value, log[j] === -Infinity ? "-inf" : log[j]].join())));
  return lines.join("\n") + "\n";
}

function downloads() {
  byId("csv").addEventListener("click", () => guarded(() => save("cesaro.csv", "text/csv", csvText())));
  byId("svg").addEventListener("click", () =>
    guarded(() => save("cesaro.svg", "image/svg+xml", new XMLSerializer().serializeToString(drawing(drawn, 960, 540, palettes.light)))),
  );
  byId("map-csv").addEventListener("click", () => guarded(() => save("cesaro-map.csv", "text/csv", mapCsv())));
  byId("link").addEventListener("click", async () => {
    const text = linkText();
    if (text === null) {
      byId("status").textContent = "These settings are too long for a link.";
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
