// Notifications of the browser, by choice. What is told, and whether now, the server says by the
// reader's own wishes; this only asks, shows and leads to the call. Of all tabs one tells.

import { announce, liveRoot, meta, openForm, write } from "./page.js";
import { sentence } from "./words.js";

const GATHER_MS = 300;
const LEAST_MS = 2_000;
const TELLING = new Set(["approval.created", "approval.resumed", "approval.escalated", "write_grant.requested"]);
const TOLD = "countersign.told";
let telling = false;
let asking = false;
let again = false;
let timer = 0;
let heard = 0;
let notBefore = 0;

// ---- An open page that tells -----------------------------------------------------------------

// How far was told, and when, is kept for all tabs of this browser: none tells what another told
// before it, and together they ask no more often than the server answers.
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(TOLD));
    return found.epoch === meta("live").dataset.epoch ? found : {};
  } catch {
    return {};
  }
}

function keepTold(seq) {
  try {
    localStorage.setItem(TOLD, JSON.stringify({ epoch: meta("live").dataset.epoch, seq, at: Date.now() }));
  } catch {
    // A browser that keeps nothing: a notification of the same call takes the old one's place.
  }
}

function toldUpTo() {
  return Math.max(Number(meta("live").content), kept().seq ?? 0);
}

function onRing({ detail }) {
  if (!TELLING.has(detail.type)) return;
  heard = Math.max(heard, detail.seq);
  soon();
}

// What rings meanwhile is told by the same look: the server answers one in so many seconds.
function soon() {
  const asked = Math.min(kept().at ?? 0, Date.now()) + LEAST_MS;
  timer ||= setTimeout(tell, Math.max(GATHER_MS, Math.max(asked, notBefore) - Date.now()));
}

// One question at a time: what happens meanwhile is asked for after it.
async function tell() {
  timer = 0;
  again = asking;
  if (!telling || asking) return;
  asking = true;
  try {
    await look();
  } catch {
    // The network is away; the page says so itself, and the next look tells of this too.
  }
  asking = false;
  if (again) soon();
}

async function look() {
  const query = new URLSearchParams({ since: toldUpTo(), heard });
  const answer = await fetch(`${liveRoot.dataset.ringUrl}?${query}`, { credentials: "same-origin" });
  again ||= answer.status === 429;
  notBefore = Date.now() + Math.max(LEAST_MS, 1_000 * Number(answer.headers.get("Retry-After")));
  if (!answer.ok || answer.redirected) return;
  const { notices, sound, seq } = await answer.json();
  keepTold(seq);
  notices.forEach(show);
  if (sound) await beep();
}

function show({ tag, title, url }) {
  if (Notification.permission !== "granted") return;
  const shown = new Notification(title, { tag });
  shown.addEventListener("click", () => {
    shown.close();
    window.focus();
    // Whoever is in the middle of a verdict keeps what they wrote.
    if (openForm()) window.open(url, "_blank", "noopener");
    else location.assign(url);
  });
}

async function beep() {
  const context = new AudioContext();
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.08, context.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.4);
  tone.connect(volume).connect(context.destination);
  tone.addEventListener("ended", () => context.close());
  tone.start();
  tone.stop(context.currentTime + 0.4);
}

// The lock is held as long as the page is open; then the next tab gets it.
function waitForTurn() {
  navigator.locks.request("countersign.ring", () => {
    telling = true;
    document.documentElement.dataset.tells = "";
    soon(); // what the tab before did not come to
    return new Promise(() => {});
  });
}

// ---- The page on which one allows it ---------------------------------------------------------

const LEAVE = {
  granted: sentence("This browser may show them. A page of the queue, or of a call, has to be open."),
  denied: sentence("This browser refuses them for this desk; allow them in its settings for this address."),
  default: sentence("This browser was not asked yet."),
};

function showLeave(place) {
  const [button, words] = [place.querySelector("[data-ask-leave]"), place.querySelector("[data-leave]")];
  const leave = "Notification" in window ? Notification.permission : null;
  write(words, LEAVE[leave] ?? sentence("This browser cannot show notifications here; it needs https or localhost."));
  button.hidden = leave !== "default";
}

function askOn(place) {
  showLeave(place);
  place.querySelector("[data-ask-leave]").addEventListener("click", async () => {
    await Notification.requestPermission();
    showLeave(place);
    announce(place.querySelector("[data-leave]").textContent);
  });
}

document.querySelectorAll("[data-ring]").forEach(askOn);
if (liveRoot?.dataset.ringUrl && "Notification" in window && "locks" in navigator) {
  document.addEventListener("rang", onRing);
  document.addEventListener("caught-up", soon);
  waitForTurn();
}

const zone = document.querySelector("#zone");
if (zone?.value === "UTC") zone.placeholder = Intl.DateTimeFormat().resolvedOptions().timeZone;
