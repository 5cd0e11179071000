// What the keyboard does: one table for the keys, the palette and the page where keys are changed.
// No command decides anything; the most it does is to open a confirmation.

import { byId, closeConfirm, openForm } from "./page.js";
import { pick } from "./pick.js";
import { sentence } from "./words.js";

const OFF = "countersign.keys";
const OWN = "countersign.keymap";

export const keysOff = () => localStorage.getItem(OFF) === "off";
export const switchKeys = (on) => localStorage.setItem(OFF, on ? "on" : "off");

// ---- The list --------------------------------------------------------------------------------

const links = () => [...document.querySelectorAll(".row__open")];

function rowHere() {
  return document.activeElement?.closest(".row") ?? document.querySelector('.row:has([aria-current="true"])');
}

function move(step) {
  const all = links();
  if (all.length === 0) return;
  const here = all.findIndex((link) => link.closest(".row").contains(document.activeElement));
  const from = here >= 0 ? here : all.findIndex((link) => link.hasAttribute("aria-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, from + step))];
  // Safari takes what a script focuses after a click for clicked: no outline, and no word of which call is decided.
  next.focus({ focusVisible: true });
  next.scrollIntoView({ block: "nearest" });
}

function extend(step) {
  if (!document.querySelector(".row__pick")) return;
  const from = rowHere();
  if (from) pick(from, true);
  move(step);
  if (rowHere() !== from) pick(rowHere(), true);
}

// ---- The call --------------------------------------------------------------------------------

// What the page marks with a key is clicked; none of these decides anything.
const marked = (key) => [...document.querySelectorAll(`[data-key="${key}"]`)].find((node) => node.checkVisibility() && !node.closest("[inert]"));
const follows = (key) => ({ can: () => marked(key), run: () => marked(key)?.click() });

function raw() {
  const full = marked("f");
  if (full) location.assign(`${full.href}#canonical-title`);
  else marked("r")?.click();
}

function writeMessage() {
  const fold = byId("message")?.closest("details");
  if (fold) fold.open = true;
  byId("message")?.focus();
  byId("message")?.scrollIntoView({ block: "center" });
}

function back() {
  if (!closeConfirm()) document.querySelector(".call__back a")?.click();
}

// ---- Going elsewhere -------------------------------------------------------------------------

const nav = (word) => document.querySelector(`.nav a:has(use[href$="#${word}"])`);
const goes = (word) => ({ can: () => nav(word), run: () => nav(word)?.click() });

function focusSearch() {
  byId("search")?.focus();
  byId("search")?.select();
}

const inList = () => links().length > 0;
const picks = () => document.querySelector(".row__pick");

export const COMMANDS = [
  { id: "next", key: "j", words: sentence("Next approval"), can: inList, run: () => move(1) },
  { id: "before", key: "k", words: sentence("Approval before"), can: inList, run: () => move(-1) },
  { id: "select", key: "x", words: sentence("Select it"), can: picks, run: () => { if (picks()) pick(rowHere()); } },
  { id: "select-next", key: "J", words: sentence("Select it and the next"), can: picks, run: () => extend(1) },
  { id: "select-before", key: "K", words: sentence("Select it and the one before"), can: picks, run: () => extend(-1) },
  { id: "approve", key: "a", words: sentence("Approve…"), ...follows("a") },
  { id: "deny", key: "d", words: sentence("Deny…"), ...follows("d") },
  { id: "edit", key: "e", words: sentence("Edit the arguments…"), ...follows("e") },
  { id: "message", key: "m", words: sentence("Write to the agent"), can: () => byId("message"), run: writeMessage },
  { id: "claim", key: "c", words: sentence("Claim it, take it over, or let it go"), ...follows("c") },
  { id: "full", key: "f", words: sentence("Full arguments"), ...follows("f") },
  { id: "raw", key: "r", words: sentence("Raw canonical JSON"), can: () => marked("f") || marked("r"), run: raw },
  { id: "search", key: "/", words: sentence("Search"), can: () => byId("search"), run: focusSearch },
  { id: "go-queue", key: "g q", words: sentence("Go to the queue"), ...goes("queue") },
  { id: "go-history", key: "g h", words: sentence("Go to the history"), ...goes("history") },
  { id: "go-audit", key: "g a", words: sentence("Go to the audit log"), ...goes("audit") },
  { id: "palette", key: ".", words: sentence("Command palette"), run: openPalette },
  { id: "help", key: "?", words: sentence("Help"), ...goes("help") },
  { id: "back", key: "Escape", words: sentence("Back, or close"), fixed: true, run: back },
];

async function openPalette() {
  const { open } = await import("./palette.js");
  open();
}

// ---- Own keys --------------------------------------------------------------------------------

function own() {
  try {
    const kept = JSON.parse(localStorage.getItem(OWN) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

export const keyOf = (command) => (command.fixed ? command.key : own()[command.id] ?? command.key);

export function forgetOwnKeys() {
  localStorage.removeItem(OWN);
}

// One sign, or `g` and one sign. Returns why not, or nothing once it is kept.
export function setKey(command, key) {
  if (!/^(g )?[!-~]$/.test(key) || key === "g") return sentence("A key is one sign, or g and one sign, such as g q; g alone begins those.");
  const taken = COMMANDS.find((other) => other !== command && keyOf(other) === key);
  if (taken) return sentence("%(key)s is used for “%(command)s”; change that one first.", { key, command: taken.words });
  localStorage.setItem(OWN, JSON.stringify({ ...own(), [command.id]: key }));
  return "";
}

// ---- Pressing --------------------------------------------------------------------------------

const ARROWS = { ArrowDown: 1, ArrowUp: -1 };
let goPending = false;

function sendConfirmation(event) {
  const form = openForm();
  if (!form || form.closest("[inert]")) return;
  event.preventDefault();
  const button = form.querySelector("[data-arms]");
  if (!button.disabled) form.requestSubmit(button);
}

function onKeyWhileTyping(event, field) {
  if (event.key !== "Escape") return;
  if (field.closest(".confirm")) closeConfirm();
  else field.blur();
}

function onArrow(event) {
  if (!event.target.closest(".row")) return; // elsewhere the arrows scroll
  event.preventDefault();
  move(ARROWS[event.key]);
}

export function onKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return sendConfirmation(event);
  if (event.key === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const field = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (field) return onKeyWhileTyping(event, field);
  if (keysOff() || document.querySelector(":popover-open")) return;
  if (ARROWS[event.key]) return onArrow(event);
  const pressed = goPending ? `g ${event.key}` : event.key;
  goPending = pressed === "g";
  const command = COMMANDS.find((each) => keyOf(each) === pressed);
  const repeats = command && ["next", "before"].includes(command.id);
  if (!command || (event.repeat && !repeats)) return;
  if (command.can && !command.can()) return;
  event.preventDefault();
  command.run();
}
