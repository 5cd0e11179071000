// The live queue. The socket is a doorbell: it says that something changed, and the page asks for
// the rendered part over HTTP, where permissions and escaping live.

import { announce, arm, byId, liveRoot, markChanged, meta, openForm, setStale, showWaiting, tick, write } from "./page.js";
import { holdWhileOpening } from "./opening.js";
import { sentence } from "./words.js";

const STALE_AFTER_MS = 30_000;
const POLL_MS = 10_000;
let since = Number(meta("live")?.content ?? 0);
let attempts = 0;
let heardAt = Date.now();
let socket = null;

export function selectedId() {
  return byId("detail")?.dataset.id ?? byId("full")?.dataset.id ?? null;
}

// The focus may stand on one row while another call is open: the buttons say which one they decide.
export function tellWhich() {
  const words = byId("decide-which");
  const row = document.activeElement?.closest(".row:has(:focus-visible)");
  if (words) words.hidden = !row || row.dataset.id === selectedId();
}

export function markSelected() {
  for (const link of document.querySelectorAll(".row__open")) {
    if (link.closest(".row").dataset.id === selectedId()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  tellWhich();
}

// ---- Parts of the page -----------------------------------------------------------------------

async function fetchPart(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  if (answer.status === 401 || answer.redirected) location.reload();
  if (!answer.ok || answer.redirected) return null;
  heardAt = Date.now();
  const holder = document.createElement("template");
  holder.innerHTML = (await answer.text()).trim();
  return holder.content.firstElementChild;
}

// Replaces a part where it stands and keeps the focus on the same control.
function put(old, part) {
  const box = old.querySelector(".row__pick:checked") && part.querySelector(".row__pick:not(:disabled)");
  if (box) box.checked = true;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const focusVisible = focused?.matches(":focus-visible");
  old.replaceWith(part);
  window.htmx.process(part);
  holdWhileOpening();
  markSelected();
  tick();
  if (focused) ((focused.id && byId(focused.id)) || part.querySelector("a, button, [tabindex]"))?.focus({ preventScroll: true, focusVisible });
}

// Changes wait here and are fetched one after the other: a flood costs one request at a time.
const dirty = new Set();
let working = false;

async function work() {
  if (working) return;
  working = true;
  while (dirty.size > 0) {
    const [item] = dirty;
    dirty.delete(item);
    try {
      if (item === "new") await refreshNew();
      else if (item === "rows") await refreshRows();
      else if (item === "writes") await refreshWrites();
      else if (item.startsWith("#")) await refreshPart(item.slice(1));
      else await refreshApproval(item);
    } catch {
      // The network is away: the banner says so, and the next catch-up repeats this.
    }
  }
  working = false;
}

export function ask(...items) {
  for (const item of items) dirty.add(item);
  work();
}

function withFilters(url, extra) {
  const query = new URLSearchParams(location.search);
  query.delete("selected");
  for (const [key, value] of Object.entries(extra)) query.set(key, value);
  return `${url}?${query}`;
}

async function refreshNew() {
  const bar = byId("new");
  const part = await fetchPart(withFilters(liveRoot.dataset.newUrl, { since: byId("rows")?.dataset.seq ?? since }));
  if (!part) return;
  showWaiting(Number(part.dataset.waiting));
  const pressing = byId("pressing");
  if (pressing) write(pressing, ` ${part.dataset.pressing}`);
  if (!bar) return; // a call alone on its page: the count in title, icon and rail is all there is
  const [before, count] = [Number(bar.dataset.new), Number(part.dataset.new)];
  if (before !== count) put(bar, part);
  if (count > before) announce(count === 1 ? sentence("1 new approval waits") : sentence("%(count)s new approvals wait", { count }));
  // Nothing can move under the pointer in an empty list, so the first one shows itself.
  if (count > 0 && "empty" in byId("rows").dataset) part.querySelector("a").click();
}

async function refreshWrites() {
  const shown = byId("writes");
  const part = shown && await fetchPart(liveRoot.dataset.writesUrl);
  if (!part) return;
  const more = Number(part.dataset.count) > Number(shown.dataset.count);
  put(shown, part);
  if (more) announce(sentence("An agent wants to write in your name"));
}

// Brings every row up to date where it stands; new ones stay behind the bar.
async function refreshRows() {
  const rows = document.querySelectorAll(".row:not([data-settled])");
  if (rows.length === 0) return;
  const part = await fetchPart(withFilters(liveRoot.dataset.rowsUrl, {}));
  if (!part) return;
  for (const row of rows) {
    const fresh = part.querySelector(`#${CSS.escape(row.id)}`);
    if (fresh) put(row, fresh);
    else dirty.add(row.dataset.id);
  }
}

async function refreshRow(row, id) {
  const part = await fetchPart(liveRoot.dataset.rowUrl.replace("ID", encodeURIComponent(id)));
  if (!part) return;
  const settles = "settled" in part.dataset && !("settled" in row.dataset);
  if (settles) part.style.minBlockSize = `${row.offsetHeight}px`;
  put(row, part);
  if (settles) announce(`${part.querySelector(".row__open").textContent}: ${part.querySelector(".badge--status").textContent.trim()}`);
}

// A message is no change of the call: it comes in beside whatever somebody is doing.
function takeMessages(part) {
  const [old, fresh] = [byId("messages"), part.querySelector("#messages")];
  if (!old || !fresh || old.dataset.count === fresh.dataset.count) return;
  const said = fresh.cloneNode(true);
  byId("conversation").hidden = false;
  old.replaceWith(said);
  tick();
  announce(sentence("New message from %(who)s", { who: said.lastElementChild?.querySelector("b").textContent ?? sentence("the conversation") }));
}

function writing(shown) {
  return [...shown.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue || field === document.activeElement);
}

async function refreshApproval(id) {
  const row = byId(`row-${id}`);
  if (row) await refreshRow(row, id);
  if (selectedId() !== id) return;
  const part = await fetchPart((byId("detail") ?? byId("full")).dataset.panelUrl);
  if (!part || selectedId() !== id) return;
  // What stands there now: the answer to one's own form may have come in meanwhile, and what was
  // fetched before it is no news.
  const shown = byId("detail") ?? byId("full");
  if (Number(part.dataset.version) < Number(shown.dataset.version)) return;
  takeMessages(part);
  const busy = shown.id === "full" || openForm() || document.querySelector(".aside[open]") || writing(shown);
  // Someone is reading the whole call or typing: say so, take the button away, leave the words alone.
  if (part.dataset.version !== shown.dataset.version && busy) return markChanged();
  // A claim is a courtesy and no change: it shows only where nobody is in the middle of something.
  if (part.dataset.version === shown.dataset.version && (busy || (part.dataset.claim === shown.dataset.claim && part.dataset.settling === shown.dataset.settling && part.dataset.delivery === shown.dataset.delivery))) return;
  put(shown, part);
  arm();
}

// ---- Parts that stand for themselves -----------------------------------------------------------

// Such a part says where it comes from, and of what events it tells. What rings no bell, such as
// another attempt of a delivery, is seen by looking again.
const LOOK_MS = 3_000;
const parts = () => [...document.querySelectorAll("[data-part-url]")];

function ring(type) {
  const concerned = parts().filter((node) => node.dataset.partOn.split(" ").some((start) => type.startsWith(start)));
  ask(...concerned.map((node) => `#${node.id}`));
}

function lookAgain() {
  if (!document.hidden) ask(...parts().map((node) => `#${node.id}`));
}

async function refreshPart(id) {
  const shown = byId(id);
  const part = shown && await fetchPart(shown.dataset.partUrl);
  if (!part || part.id !== id || part.dataset.state === shown.dataset.state) return;
  put(shown, part);
  if (part.dataset.says) announce(part.dataset.says);
}

// ---- The connection --------------------------------------------------------------------------

const WORDS = {
  live: sentence("Live"),
  reconnecting: sentence("The live connection broke; trying again"),
  polling: sentence("No live connection; asking every 10 seconds"),
  stale: sentence("This page may be out of date. Deciding waits until the connection is back."),
};

function setState(state) {
  const node = byId("connection");
  if (!node || node.dataset.state === state) return;
  if (state === "stale" || node.dataset.state === "stale") announce(WORDS[state]);
  node.hidden = false;
  node.dataset.state = state;
  write(node, WORDS[state]);
  setStale(state === "stale");
}

// Somebody looked: nothing on any page is different for it, and asking again would be a look too.
const LOOKS = new Set(["approval.viewed", "approval.opened_full"]);

// After these the worker reads what waits anew, and what lists show of a call may change: rows that
// are still to be read say so, and the page looks again until none does.
const REREADS = new Set(["policy.changed", "settings.changed"]);

function lookAtUnread() {
  if (!document.hidden && document.querySelector(".row[data-unread]")) ask("rows");
}

function receive(message) {
  heardAt = Date.now();
  setState("live");
  if (message.resync) {
    since = message.head;
    return catchUp();
  }
  if (message.seq <= since) return;
  since = message.seq;
  document.dispatchEvent(new CustomEvent("rang", { detail: message }));
  if (message.type) ring(message.type);
  if (message.type === "write_grant.requested") return ask("writes");
  if (REREADS.has(message.type)) return ask("rows");
  if (!message.type?.startsWith("approval.") || LOOKS.has(message.type)) return;
  if (message.type === "approval.created") ask("new");
  else ask(message.id, "new");
}

function catchUp() {
  const id = selectedId();
  if (id) ask(id);
  ask("rows", "new", "writes");
  document.dispatchEvent(new Event("caught-up"));
  lookAgain();
}

async function connect() {
  try {
    const answer = await fetch("/ws/ticket", {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-CSRFToken": meta("csrf-token").content },
    });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(`ticket refused: ${answer.status}`);
    const { ticket } = await answer.json();
    const query = new URLSearchParams({ t: ticket, since, epoch: meta("live").dataset.epoch });
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws?${query}`);
    socket.addEventListener("open", onOpen);
    socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
    socket.addEventListener("close", onClose);
  } catch {
    reconnect(30_000);
  }
}

function onOpen() {
  attempts = 0;
  heardAt = Date.now();
  setState("live");
}

function onClose(event) {
  socket = null;
  if (event.code === 4401 || event.code === 1008) location.reload();
  else reconnect(event.code === 1012 ? 5_000 : 30_000);
}

// Full jitter between half a second and a bound that doubles: a restart does not bring all back at once.
function reconnect(cap) {
  attempts += 1;
  if (attempts > 1) setState(Date.now() - heardAt > STALE_AFTER_MS ? "stale" : "reconnecting");
  const bound = Math.min(cap, 1_000 * 2 ** attempts);
  setTimeout(connect, 500 + Math.random() * (bound - 500));
}

// While the socket is away, ask over HTTP; an answer there is as fresh as an event.
// Not every browser that has no socket knows the name of the state 1, which is open.
async function poll() {
  if (socket?.readyState === 1) return;
  const before = heardAt;
  await probe();
  if (heardAt > before) {
    setState("polling");
    catchUp();
  } else if (Date.now() - heardAt > STALE_AFTER_MS) {
    setState("stale");
  }
}

async function probe() {
  const url = byId("new")
    ? withFilters(liveRoot.dataset.newUrl, { since: byId("rows").dataset.seq })
    : (byId("detail") ?? byId("full"))?.dataset.panelUrl ?? parts()[0].dataset.partUrl;
  try {
    await fetchPart(url);
  } catch {
    // Still away.
  }
}

export function start() {
  const some = parts().length > 0;
  if (!(liveRoot || some) || !meta("live")) return;
  if ("WebSocket" in window) connect();
  setInterval(poll, POLL_MS);
  if (liveRoot) setInterval(lookAtUnread, LOOK_MS);
  if (some) setInterval(lookAgain, LOOK_MS);
}
