// What the pages gain from a script: keys, the confirmation in place, copying, live changes.
// Every page and every decision works without it.

import { arm, byId, closeConfirm, focusForm, liveRoot, openConfirm, openForm, showWaiting, tick, toast } from "./page.js";
import { ask, markSelected, selectedId, start } from "./live.js";
import { keepPicked, pick } from "./pick.js";

// ---- Keys ------------------------------------------------------------------------------------

const keysOff = () => localStorage.getItem("countersign.keys") === "off";
let goPending = false;

function rowHere() {
  return document.activeElement?.closest(".row") ?? document.querySelector('.row:has([aria-current="true"])');
}

function move(step) {
  const links = [...document.querySelectorAll(".row__open")];
  if (links.length === 0) return;
  const here = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
  const from = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = links[Math.max(0, Math.min(links.length - 1, from + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function extend(step) {
  if (!document.querySelector(".row__pick")) return;
  const from = rowHere();
  if (from) pick(from, true);
  move(step);
  if (rowHere() !== from) pick(rowHere(), true);
}

function writeMessage() {
  byId("message")?.focus();
  byId("message")?.scrollIntoView({ block: "center" });
}

// `a`, `c`, `d`, `e`, `f` and `r` click what the page marks with that key; none of these decides anything.
function follow(key) {
  [...document.querySelectorAll(`[data-key="${key}"]`)].find((node) => node.checkVisibility())?.click();
}

function raw() {
  const full = document.querySelector('[data-key="f"]');
  if (full) location.assign(`${full.href}#canonical-title`);
  else follow("r");
}

function back() {
  if (!closeConfirm()) document.querySelector(".call__back a")?.click();
}

function focusSearch() {
  byId("search")?.focus();
  byId("search")?.select();
}

function goTo(word) {
  document.querySelector(`.nav a:has(use[href$="#${word}"])`)?.click();
}

const MOVES = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
const GO = { q: "queue", h: "history", a: "audit" };
const KEYS = {
  a: () => follow("a"),
  c: () => follow("c"),
  d: () => follow("d"),
  e: () => follow("e"),
  J: () => extend(1),
  K: () => extend(-1),
  m: writeMessage,
  x: () => { if (document.querySelector(".row__pick")) pick(rowHere()); },
  f: () => follow("f"),
  g: () => { goPending = true; },
  r: raw,
  "/": focusSearch,
  "?": () => goTo("help"),
  Escape: back,
};

function sendConfirmation(event) {
  const form = openForm();
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("[data-arms]");
  if (!button.disabled) form.requestSubmit(button);
}

function onKeyWhileTyping(event, field) {
  if (event.key !== "Escape") return;
  if (field.closest(".confirm")) closeConfirm();
  else field.blur();
}

function onMove(event) {
  const scrolls = event.key.startsWith("Arrow") && !event.target.closest(".row");
  if (scrolls || !document.querySelector(".row")) return;
  event.preventDefault();
  move(MOVES[event.key]);
}

function onKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendConfirmation(event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (field) return onKeyWhileTyping(event, field);
  if (keysOff() || document.querySelector(":popover-open")) return;
  if (goPending) {
    goPending = false;
    return goTo(GO[event.key]);
  }
  if (MOVES[event.key]) return onMove(event);
  if (event.repeat || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
}

// ---- Clicks and swaps ------------------------------------------------------------------------

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy || button.parentElement.querySelector("code").textContent);
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1500);
    toast("Copied");
  } catch {
    toast("The browser did not allow copying; select the text instead.");
  }
}

function onClick(event) {
  const target = event.target.closest("[data-copy], [data-opens], [data-closes]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.dataset.copy !== undefined) return copy(target);
  event.preventDefault();
  if (target.dataset.opens) openConfirm(target.dataset.opens);
  else closeConfirm();
}

// How long the call was on screen goes into the record; the server takes it as a hint only.
function onSubmit(event) {
  const seconds = event.target.elements.namedItem("seconds");
  if (seconds) seconds.value = String(Math.round((performance.now() - shownAt) / 1000));
}

function onAnswer(event) {
  if (event.detail.ctx?.response?.status === 401) location.reload();
}

let shownAt = performance.now();
let shownDetail = byId("detail");
let shownRows = byId("rows");
let shownTalk = byId("conversation");
let stoodAt = "";

// Where the focus stands; a row is itself even when a live change replaced it meanwhile.
function standing() {
  const node = document.activeElement;
  return node === document.body ? "" : node.closest(".row")?.id || node.id || node.outerHTML;
}

// Live changes replace parts too; what a swap replaces is told by how it was just before.
function beforeSwap() {
  [shownDetail, shownRows, shownTalk] = ["detail", "rows", "conversation"].map(byId);
  stoodAt = standing();
}

function focusDetail() {
  if (openForm()) focusForm(openForm());
  else byId("call-title")?.focus({ preventScroll: true });
}

function afterSwap() {
  tick();
  markSelected();
  // The conversation is answered by a form of its own: whoever wrote goes on writing.
  if (byId("conversation") !== shownTalk && byId("detail") === shownDetail) byId("message")?.focus({ preventScroll: true });
  if (byId("detail") !== shownDetail) {
    shownAt = performance.now();
    arm();
    byId("call")?.scrollTo({ top: 0 });
    // Whoever moved on between the swap and here keeps the focus.
    if (["", stoodAt].includes(standing())) focusDetail();
    if (byId("row-" + selectedId())) ask(selectedId());
  }
  if (byId("rows") !== shownRows) {
    keepPicked();
    byId("new").replaceChildren();
    byId("new").dataset.new = "0";
    ask("new");
  }
}

// ---- Start -----------------------------------------------------------------------------------

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("htmx:before:swap", beforeSwap);
document.addEventListener("htmx:after:swap", afterSwap);
document.addEventListener("htmx:after:request", onAnswer);
document.addEventListener("visibilitychange", arm);
// What unfolds may bring a button under the pointer.
document.addEventListener("toggle", (event) => { if (event.target.matches(".aside")) arm(); }, { capture: true });
window.addEventListener("focus", arm);
tick();
setInterval(tick, 1000);
arm();
showWaiting(Number(document.body.dataset.waiting));

const keysBox = byId("keys-off");
if (keysBox) {
  keysBox.checked = keysOff();
  keysBox.addEventListener("change", () => localStorage.setItem("countersign.keys", keysBox.checked ? "off" : "on"));
}

if (liveRoot?.dataset.ringUrl) import("./ring.js");
if (document.querySelector("[data-offers-url]")) import("./narrow.js");
start();
