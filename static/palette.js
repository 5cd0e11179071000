// The command palette: all that this page can do and where one can go, found by typing.

import { COMMANDS, keyOf, keysOff } from "./keys.js";
import { sentence } from "./words.js";

const dialog = document.createElement("dialog");
dialog.className = "palette";
dialog.setAttribute("aria-label", sentence("Commands"));
const field = document.createElement("input");
field.type = "text";
field.placeholder = sentence("Type what to do or where to go");
for (const [name, value] of [["role", "combobox"], ["aria-label", sentence("Command")], ["aria-expanded", "true"], ["aria-controls", "commands"], ["aria-autocomplete", "list"], ["autocomplete", "off"], ["spellcheck", "false"]]) field.setAttribute(name, value);
const list = document.createElement("ul");
list.id = "commands";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", sentence("Commands"));
dialog.append(field, list);
document.body.append(dialog);

let before = null;
let found = [];

function choices() {
  const acts = COMMANDS.filter((each) => !each.fixed && each.id !== "palette" && !each.id.startsWith("go-") && each.can?.())
    .map((each) => ({ words: each.words, key: keysOff() ? "" : keyOf(each), run: each.run }));
  const places = [...document.querySelectorAll(".nav ul a")].map((link) => ({ words: sentence("Go to %(place)s", { place: link.querySelector(".nav__word").textContent }), key: "", run: () => link.click() }));
  const views = [...document.querySelectorAll(".views a:not([aria-current])")].map((link) => ({ words: sentence("Show the view %(name)s", { name: link.textContent.trim() }), key: "", run: () => link.click() }));
  return [...acts, ...views, ...places];
}

// Each word typed begins a word, in any order.
function fits(choice, typed) {
  const words = choice.words.toLowerCase().split(/\s+/);
  return typed.toLowerCase().split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)));
}

function choose(at) {
  const options = [...list.children];
  if (found.length === 0) return field.removeAttribute("aria-activedescendant");
  const index = (at + options.length) % options.length;
  options.forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
  field.setAttribute("aria-activedescendant", options[index].id);
  options[index].scrollIntoView({ block: "nearest" });
}

const chosen = () => [...list.children].findIndex((option) => option.getAttribute("aria-selected") === "true");

function show() {
  found = choices().filter((choice) => fits(choice, field.value));
  list.replaceChildren(...found.map((choice, at) => {
    const option = document.createElement("li");
    option.id = `command-${at}`;
    option.setAttribute("role", "option");
    const words = document.createElement("span");
    words.textContent = choice.words;
    option.append(words);
    if (choice.key) {
      const key = document.createElement("kbd");
      key.textContent = choice.key;
      option.append(key);
    }
    return option;
  }));
  if (found.length === 0) {
    const none = document.createElement("li");
    none.textContent = sentence("No command fits.");
    list.append(none);
  }
  choose(0);
}

function run(at) {
  const choice = found[at];
  if (!choice) return;
  close();
  choice.run();
}

function close() {
  dialog.close();
}

export function open() {
  if (dialog.open) return;
  before = document.activeElement;
  field.value = "";
  dialog.showModal();
  show();
  field.focus();
}

field.addEventListener("input", show);
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen() + 1);
  else if (event.key === "ArrowUp") choose(chosen() - 1);
  else if (event.key === "Enter") run(chosen());
  else return;
  event.preventDefault();
});
list.addEventListener("click", (event) => run([...list.children].indexOf(event.target.closest("li"))));
dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
dialog.addEventListener("close", () => { if (before?.isConnected) before.focus({ preventScroll: true }); });
