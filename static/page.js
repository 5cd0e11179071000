// What is shared by the scripts of a page: time, words to the reader, and the decide form.

import { sentence } from "./words.js";

export const meta = (name) => document.querySelector(`meta[name="${name}"]`);
export const byId = (id) => document.getElementById(id);
export const liveRoot = document.querySelector("[data-live]");

// ---- Time ------------------------------------------------------------------------------------

const clockOffset = Number(meta("server-now")?.content ?? Date.now()) - Date.now();
const serverNow = () => Date.now() + clockOffset;
const language = document.documentElement.lang;
// In English the short form ends with a word; elsewhere it may end with a dot, as sentences do.
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: language === "en" ? "short" : "long" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

function ago(at) {
  const seconds = Math.round((at - serverNow()) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 5 ? sentence("just now") : relative.format(seconds, "second");
}

const SOON_MS = 120_000;

function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const pad = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

// A row says "Soon" in place of "left", so that it needs no more room; a call's own page says
// what happens at the end, too.
function left(node, until) {
  const seconds = Math.max(0, Math.ceil((until - serverNow()) / 1000));
  if (seconds === 0) return sentence("time is over");
  const time = clock(seconds);
  const soon = until - serverNow() <= SOON_MS;
  if (node.dataset.then === "run") return soon ? sentence("Soon: %(time)s left, then it does not run", { time }) : sentence("%(time)s left, then it does not run", { time });
  if (node.dataset.then === "answer") return soon ? sentence("Soon: %(time)s left, then it gets no answer", { time }) : sentence("%(time)s left, then it gets no answer", { time });
  return soon && node.closest(".row") ? sentence("Soon: %(time)s", { time }) : sentence("%(time)s left", { time });
}

export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function settling(at) {
  const seconds = Math.ceil((at - serverNow()) / 1000);
  return seconds > 0 ? sentence("settles in %(seconds)s s", { seconds }) : sentence("settles now");
}

export function tick() {
  for (const node of document.querySelectorAll("time[data-settles]")) write(node, settling(Number(node.dataset.settles)));
  for (const node of document.querySelectorAll("time[data-at]")) write(node, ago(Number(node.dataset.at)));
  for (const node of document.querySelectorAll("time[data-until]")) {
    const until = Number(node.dataset.until);
    write(node, left(node, until));
    node.classList.toggle("is-over", until <= serverNow());
    node.classList.toggle("is-soon", until > serverNow() && until - serverNow() <= SOON_MS);
  }
}

// ---- Telling ---------------------------------------------------------------------------------

let toastTimer = 0;

export function announce(text) {
  byId("announce").textContent = text;
}

export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 2500);
  announce(text);
}

export function showWaiting(count) {
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count > 0 ? `(${count}) ${title}` : title;
  const icon = byId("favicon");
  icon.dataset.plain ??= icon.getAttribute("href");
  icon.setAttribute("href", count > 0 ? icon.dataset.waiting : icon.dataset.plain);
  for (const badge of document.querySelectorAll("[data-waiting-count]")) {
    write(badge, String(count));
    badge.hidden = count === 0 && badge.id === "waiting";
  }
}

// ---- Deciding --------------------------------------------------------------------------------
// A confirm button works only after it stood still, in a visible and focused window, for ARMING_MS:
// a click meant for something else cannot land on it.

const ARMING_MS = 700;
let armedAt = Infinity;
let armTimer = 0;
let stale = false;

function refreshButtons() {
  const armed = performance.now() >= armedAt && document.visibilityState === "visible";
  const changed = byId("changed")?.hidden === false;
  for (const button of document.querySelectorAll("[data-arms]")) button.disabled = stale || changed || !armed;
}

export function arm() {
  armedAt = performance.now() + ARMING_MS;
  clearTimeout(armTimer);
  armTimer = setTimeout(refreshButtons, ARMING_MS + 20);
  refreshButtons();
}

export function setStale(value) {
  if (stale && !value) arm();
  stale = value;
  refreshButtons();
}

export function markChanged() {
  byId("changed").hidden = false;
  announce(sentence("This approval changed."));
  refreshButtons();
}

export function openForm() {
  return document.querySelector(".confirm:not([hidden])");
}

function opened(verdict) {
  const bar = byId("decide");
  bar.className = verdict ? `decide decide--open decide--${verdict}` : "decide";
  byId("decide-bar").hidden = verdict !== null;
}

export function focusForm(form) {
  const field = form.querySelector("[aria-invalid]") ?? form.querySelector("textarea, select, input:not([type=hidden], [readonly])");
  field?.focus({ preventScroll: true });
  const panel = byId("decide");
  // What sticks to the edge is in sight as it is, and the call behind it stays where it was.
  if (getComputedStyle(panel).position !== "sticky") return form.scrollIntoView({ block: "nearest" });
  panel.scrollTop = field?.matches("[aria-invalid]") ? field.offsetTop - panel.clientHeight / 3 : 0;
}

export function openConfirm(id) {
  const form = byId(id);
  for (const other of document.querySelectorAll(".confirm")) other.hidden = other !== form;
  opened(form.dataset.verdict);
  focusForm(form);
  arm();
}

// A chosen reason stands in the field, where it can be read and changed before it is sent.
document.addEventListener("change", (event) => {
  const field = event.target.dataset.fills && byId(event.target.dataset.fills);
  if (!field || !event.target.value) return;
  field.value = event.target.value;
  event.target.value = "";
  field.focus({ preventScroll: true });
});

export function closeConfirm() {
  const form = openForm();
  if (!form) return false;
  form.hidden = true;
  opened(null);
  document.querySelector(`[data-opens="${form.id}"]`)?.focus({ preventScroll: true });
  return true;
}
