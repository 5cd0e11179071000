// While a call is fetched: its row says so at once, and the one that is still shown cannot be decided.

import { byId } from "./page.js";
import { sentence } from "./words.js";

const QUIET_MS = 150;
// htmx's own account of the request: once a swap took away the link that was followed, it names another.
let opening = null;
let followed = null;
let timer = 0;

const calls = (ctx) => ctx.request.method === "GET" && byId("detail") && ctx.target === byId("detail");

function say() {
  const name = followed?.querySelector("bdi")?.textContent;
  const node = byId("opening");
  byId("detail")?.classList.add("is-leaving");
  if (!name || !node) return;
  node.textContent = sentence("Opening %(tool)s…", { tool: name });
  node.hidden = false;
}

// Another call may have come in while this one is fetched: it is not to be decided by mistake either.
export function holdWhileOpening() {
  if (!opening) return;
  byId("detail")?.setAttribute("aria-busy", "true");
  byId("decide")?.setAttribute("inert", "");
}

function begin(event) {
  const { ctx } = event.detail;
  if (!calls(ctx)) return;
  if (opening) {
    followed.dispatchEvent(new Event("htmx:abort"));
    end();
  }
  [opening, followed] = [ctx, ctx.sourceElement];
  followed.closest(".row")?.classList.add("is-opening");
  holdWhileOpening();
  timer = setTimeout(say, QUIET_MS);
}

function end() {
  clearTimeout(timer);
  opening = null;
  for (const row of document.querySelectorAll(".row.is-opening")) row.classList.remove("is-opening");
  byId("detail")?.removeAttribute("aria-busy");
  byId("detail")?.classList.remove("is-leaving");
  byId("decide")?.removeAttribute("inert");
  if (byId("opening")) byId("opening").hidden = true;
}

document.addEventListener("htmx:before:request", begin);
document.addEventListener("htmx:finally:request", (event) => { if (event.detail.ctx === opening) end(); });
