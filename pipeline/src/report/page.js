"use strict";
// Draws a timeline for each source, when it comes into view.
// On <html> it leaves data-drawn (timelines drawn), data-ready-ms (when the first were), data-error.

const root = document.documentElement;
addEventListener("error", (event) => {
  root.dataset.error = event.message;
  const told = document.createElement("p");
  told.className = "error";
  told.textContent = `The script of this page failed: ${event.message}`;
  document.body.prepend(told);
});

const data = JSON.parse(document.getElementById("data").textContent);
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGIT = new Uint8Array(128);
[...DIGITS].forEach((letter, value) => { DIGIT[letter.charCodeAt(0)] = value; });
const HIGHEST = 4000, NONE = 4095;
const STATUS = { p: "present", s: "silent", f: "frozen", h: "partial", g: "gap", a: "absent" };
const PAGE = 60; // Sources that are added to the list at a time.

/** The numbers that a text of two letters each stands for; NaN where there is none. */
function numbers(text) {
  const values = new Float32Array(text.length / 2);
  for (let i = 0; i < values.length; i += 1) {
    const value = DIGIT[text.charCodeAt(2 * i)] * 64 + DIGIT[text.charCodeAt(2 * i + 1)];
    values[i] = value === NONE ? NaN : value / HIGHEST;
  }
  return values;
}

const unheard = (letter) => letter === "s" || letter === "g" || letter === "a";

/** What the list is sorted by, of the present network. */
function figures(source, network) {
  let seconds = 0, scored = 0, belonging = 0, silent = 0, broken = 0;
  for (const piece of source.pieces) {
    const scores = numbers(piece.scores[network]);
    seconds += scores.length;
    for (let i = 0; i < scores.length; i += 1) {
      const audio = piece.audio[i], video = piece.video[i];
      silent += audio === "s";
      broken += audio === "g" || video === "g";
      if (unheard(audio) || Number.isNaN(scores[i])) continue;
      scored += 1;
      belonging += scores[i] >= 0.5;
    }
  }
  return { seconds, scored, silent, broken, share: scored ? belonging / scored : NaN };
}

const byNumber = (of) => (a, b) => {
  const [x, y] = [of(a), of(b)];
  return (Number.isNaN(x) - Number.isNaN(y)) || x - y || a.id.localeCompare(b.id);
};
const ORDERS = {
  name: (a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }),
  long: byNumber((s) => -s.figures.seconds),
  doubt: byNumber((s) => s.figures.share),
  sure: byNumber((s) => -s.figures.share),
  quiet: byNumber((s) => -s.figures.silent / s.figures.seconds),
  broken: byNumber((s) => -s.figures.broken / s.figures.seconds),
};

const clock = (second) => {
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** First second, and the one behind the last. */
function span(source) {
  const last = source.pieces[source.pieces.length - 1];
  return [source.pieces[0].at, last.at + last.audio.length];
}

// Drawing.

const HEIGHT = 104, SCORES = [4, 48], LOUDNESS = [54, 72], AUDIO = 77, VIDEO = 83, STRIP = 4, TEXT = 101;

function colours() {
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    ["good", "two", "soft", "grid", "present", "silent", "frozen", "partial", "gap", "absent"]
      .map((name) => [name, of(name)]));
}

function draw(canvas, source, network) {
  const width = canvas.clientWidth, scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(HEIGHT * scale);
  const paper = canvas.getContext("2d"), colour = colours();
  paper.scale(scale, scale);
  const [from, to] = span(source), perSecond = width / (to - from);
  const middle = (SCORES[0] + SCORES[1]) / 2;
  paper.fillStyle = colour.grid;
  paper.fillRect(0, middle, width, 1);
  paper.fillRect(0, SCORES[1], width, 1);
  for (const piece of source.pieces) {
    const left = (piece.at - from) * perSecond;
    drawPiece(paper, piece, network, left, perSecond, colour);
  }
  drawTimes(paper, from, to, width, colour);
  if (!canvas.dataset.drawn) {
    canvas.dataset.drawn = "yes";
    root.dataset.drawn = Number(root.dataset.drawn || 0) + 1;
    root.dataset.readyMs ||= Math.round(performance.now());
  }
}

/** A bar a second; where a second is narrower than a pixel, one a pixel, for all of its seconds. */
function drawPiece(paper, piece, network, left, perSecond, colour) {
  const scores = numbers(piece.scores[network]), loudness = numbers(piece.loudness);
  const step = Math.max(1, Math.floor(1 / perSecond));
  const gap = perSecond >= 4 ? 1 : 0;
  for (let i = 0; i < scores.length; i += step) {
    const end = Math.min(i + step, scores.length);
    const x = left + i * perSecond, wide = Math.max(1, (end - i) * perSecond - gap);
    const heard = mean(scores, i, end, (k) => !unheard(piece.audio[k]));
    const any = Number.isNaN(heard) ? mean(scores, i, end, () => true) : heard;
    if (!Number.isNaN(any)) {
      const high = Math.max(1.5, any * (SCORES[1] - SCORES[0]));
      paper.fillStyle = Number.isNaN(heard) ? colour.silent : heard >= 0.5 ? colour.good : colour.two;
      paper.fillRect(x, SCORES[1] - high, wide, high);
    }
    const loud = mean(loudness, i, end, () => true);
    if (!Number.isNaN(loud)) {
      const high = Math.max(1, loud * (LOUDNESS[1] - LOUDNESS[0]));
      paper.fillStyle = colour.soft;
      paper.fillRect(x, LOUDNESS[1] - high, wide, high);
    }
    for (const [letters, y] of [[piece.audio, AUDIO], [piece.video, VIDEO]]) {
      paper.fillStyle = colour[STATUS[worst(letters, i, end)]];
      paper.fillRect(x, y, wide + gap, STRIP);
    }
  }
}

function mean(values, from, to, counts) {
  let sum = 0, number = 0;
  for (let i = from; i < to; i += 1) {
    if (counts(i) && !Number.isNaN(values[i])) { sum += values[i]; number += 1; }
  }
  return number ? sum / number : NaN;
}

/** Of some seconds the status that one wants to know of. */
function worst(letters, from, to) {
  const some = letters.slice(from, to);
  return [..."ghfs"].find((letter) => some.includes(letter)) || some[0];
}

function drawTimes(paper, from, to, width, colour) {
  paper.fillStyle = colour.soft;
  paper.font = "11px system-ui, sans-serif";
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400];
  const wanted = (to - from) / Math.max(2, width / 110);
  const step = steps.find((s) => s >= wanted) || 86400 * Math.ceil(wanted / 86400);
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    const x = ((at - from) / (to - from)) * width;
    const text = clock(at);
    if (x + paper.measureText(text).width < width) paper.fillText(text, x, TEXT);
  }
}

// The list.

const list = document.getElementById("list"), more = document.getElementById("more");
const search = document.getElementById("search"), sort = document.getElementById("sort");
const chosen = document.getElementById("network"), count = document.getElementById("count");
const sourceOf = new WeakMap();
let found = [], shown = 0;

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    draw(target, sourceOf.get(target), Number(chosen.value));
  }
}, { rootMargin: "300px" });

function entry(source) {
  const { seconds, scored, share } = source.figures;
  const element = document.createElement("div");
  element.className = "source";
  const header = document.createElement("header"), name = document.createElement("b");
  name.textContent = source.id;
  const told = document.createElement("span");
  const parts = [clock(seconds), scored ? `belongs ${Math.round(100 * share)} %` : "nothing scored"];
  if (source.began) parts.push(source.began);
  told.textContent = parts.join(" · ");
  header.append(name, told);
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Timeline of ${source.id}`);
  sourceOf.set(canvas, source);
  element.append(header, canvas);
  return element;
}

function extend() {
  const next = found.slice(shown, shown + PAGE);
  shown += next.length;
  const entries = next.map(entry);
  list.append(...entries);
  const canvases = entries.map((element) => element.querySelector("canvas"));
  // What is in view is drawn at once, so that nobody sees it empty.
  const isInView = (canvas) => canvas.getBoundingClientRect().top < innerHeight;
  const behind = canvases.findIndex((canvas) => !isInView(canvas));
  const inView = behind < 0 ? canvases : canvases.slice(0, behind);
  inView.forEach((canvas) => draw(canvas, sourceOf.get(canvas), Number(chosen.value)));
  canvases.slice(inView.length).forEach((canvas) => seen.observe(canvas));
}

function refresh() {
  const text = search.value.trim().toLowerCase();
  found = data.sources.filter((s) => s.pieces.length && s.id.toLowerCase().includes(text));
  found.sort(ORDERS[sort.value]);
  count.textContent = `${found.length} of ${data.sources.length}`;
  shown = 0;
  seen.disconnect();
  list.replaceChildren();
  extend();
}

function measure() {
  for (const source of data.sources) source.figures = figures(source, Number(chosen.value));
  refresh();
}

function redraw() {
  for (const canvas of list.querySelectorAll("canvas[data-drawn]")) {
    draw(canvas, sourceOf.get(canvas), Number(chosen.value));
  }
}

data.networks.forEach((name, place) => chosen.append(new Option(name, place)));
chosen.parentElement.hidden = data.networks.length < 2;
chosen.addEventListener("change", measure);
search.addEventListener("input", refresh);
sort.addEventListener("change", refresh);
addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting) && shown < found.length) extend();
}, { rootMargin: "800px" }).observe(more);

// A second that is shown with its picture leads to its source.
addEventListener("click", (event) => {
  const shot = event.target.closest("button.shot");
  if (!shot) return;
  search.value = shot.dataset.source;
  refresh();
  const exact = found.findIndex((source) => source.id === shot.dataset.source);
  const target = list.children[exact];
  target?.classList.add("found");
  (target || list).scrollIntoView({ block: "center" });
});

// Numbers of the second that is pointed at.
const tip = document.getElementById("tip");
list.addEventListener("mousemove", (event) => {
  const source = event.target.tagName === "CANVAS" && sourceOf.get(event.target);
  tip.hidden = !source;
  if (!source) return;
  const box = event.target.getBoundingClientRect(), [from, to] = span(source);
  const second = from + Math.floor(((event.clientX - box.left) / box.width) * (to - from));
  tip.textContent = told(source, Math.min(Math.max(second, from), to - 1));
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${event.clientY + 16}px`;
});
list.addEventListener("mouseleave", () => { tip.hidden = true; });

function told(source, second) {
  const piece = source.pieces.find((p) => second >= p.at && second < p.at + p.audio.length);
  if (!piece) return `${clock(second)}\nno row`;
  const i = second - piece.at, loud = numbers(piece.loudness)[i];
  const level = Number.isNaN(loud) ? "" : `, ${(loud * 130 - 120).toFixed(0)} dBFS`;
  const lines = [clock(second), `sound ${STATUS[piece.audio[i]]}${level}`, `picture ${STATUS[piece.video[i]]}`];
  data.networks.forEach((name, place) => {
    const score = numbers(piece.scores[place])[i];
    lines.push(`${name}: ${Number.isNaN(score) ? "nothing" : score.toFixed(2)}`);
  });
  return lines.join("\n");
}

measure();
