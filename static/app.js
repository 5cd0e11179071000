// What the pages gain from a script: keys, the confirmation in place, copying, live changes.
// Every page and every decision works without it.

import { arm, byId, closeConfirm, focusForm, liveRoot, openConfirm, openForm, showWaiting, tick, toast } from "./page.js";
import { ask, markSelected, selectedId, start, tellWhich } from "./live.js";
import { onKey } from "./keys.js";
import { keepPicked } from "./pick.js";
import { holdWhileOpening } from "./opening.js";
import { tellEdits } from "./editing.js";
import { sentence } from "./words.js";

// ---- Clicks and swaps ------------------------------------------------------------------------

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy || button.parentElement.querySelector("code").textContent);
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1500);
    toast(sentence("Copied"));
  } catch {
    toast(sentence("The browser did not allow copying; select the text instead."));
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
  tellEdits();
  holdWhileOpening();
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
document.addEventListener("focusin", tellWhich);
document.addEventListener("focusout", () => setTimeout(tellWhich));
document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("htmx:before:swap", beforeSwap);
document.addEventListener("htmx:after:swap", afterSwap);
document.addEventListener("htmx:after:request", onAnswer);
document.addEventListener("visibilitychange", arm);
// What unfolds may bring a button under the pointer.
document.addEventListener("toggle", (event) => { if (event.target.matches(".aside")) arm(); }, { capture: true });
window.addEventListener("focus", arm);
tick();
tellEdits();
setInterval(tick, 1000);
arm();
showWaiting(Number(document.body.dataset.waiting));

if (byId("own-keys")) import("./remap.js");
if (liveRoot?.dataset.ringUrl) import("./ring.js");
if (document.querySelector("[data-offers-url]")) import("./narrow.js");
start();
