// How the line that narrows the queue could go on, offered under it as it is typed.
// A combobox in the words of ARIA: the arrows move, enter or tab takes, escape closes.

import { byId } from "./page.js";

const line = document.querySelector("[data-offers-url]");
let asked = 0;

const list = () => byId("offers");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector('[aria-selected="true"]');

function close() {
  list().hidden = true;
  line.setAttribute("aria-expanded", "false");
  line.removeAttribute("aria-activedescendant");
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (option) line.setAttribute("aria-activedescendant", option.id);
  else line.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options();
  const at = all.indexOf(chosen());
  choose(all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length]);
}

function take(option) {
  line.value = option.dataset.line;
  line.focus();
  offer();
}

async function offer() {
  const mine = ++asked;
  const query = new URLSearchParams({ q: line.value, at: line.selectionStart });
  try {
    const answer = await fetch(`${line.dataset.offersUrl}?${query}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected || mine !== asked) return;
    const holder = document.createElement("template");
    holder.innerHTML = (await answer.text()).trim();
    if (mine !== asked || document.activeElement !== line) return;
    list().replaceWith(holder.content.firstElementChild);
    line.setAttribute("aria-expanded", String(!list().hidden));
    line.removeAttribute("aria-activedescendant");
  } catch {
    close(); // The network is away; the line works without offers.
  }
}

function onKey(event) {
  if (list().hidden || options().length === 0) {
    if (event.key === "ArrowDown") offer();
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else if ((event.key === "Enter" || event.key === "Tab") && chosen() && !event.shiftKey) take(chosen());
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

if (line) {
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", "offers"], ["aria-autocomplete", "list"]]) line.setAttribute(name, value);
  let timer = 0;
  line.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(offer, 120); });
  line.addEventListener("keydown", onKey);
  line.addEventListener("blur", () => { asked += 1; close(); });
  // Before the blur: a click takes what it is on.
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("#offers [role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
}
