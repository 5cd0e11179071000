// What an edit changes, told while it is typed: was and is, above the button that approves it.
// Without a script the value asked for stands beside each field.

import { byId } from "./page.js";
import { sentence } from "./words.js";

const AROUND = 40;

// Of two texts the place where they differ, with a little around it.
function differing(was, is) {
  const most = Math.min(was.length, is.length);
  let begin = 0;
  while (begin < most && was[begin] === is[begin]) begin += 1;
  let end = 0;
  while (end < most - begin && was.at(-1 - end) === is.at(-1 - end)) end += 1;
  const from = begin > AROUND ? begin - AROUND : 0;
  const cut = (text) => {
    const to = end > AROUND ? text.length - end + AROUND : text.length;
    return `${from ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
  };
  return [cut(was), cut(is)];
}

function piece(name, text, kind = "") {
  const node = document.createElement(name);
  node.textContent = text;
  node.className = kind;
  return node;
}

function told(field) {
  const control = field.querySelector("textarea, input:not([readonly]), select");
  const was = field.querySelector(".editor__was bdi")?.textContent ?? control?.defaultValue;
  if (!control || was === undefined || control.value === was) return null;
  const [before, after] = differing(was, control.value);
  const line = document.createElement("li");
  line.append(
    piece("bdi", field.querySelector("label bdi").textContent, "mono"), " ", piece("span", sentence("was")), " ", piece("del", before, "iso"), " ",
    piece("span", sentence("is")), " ", piece("ins", after, "iso"),
  );
  return line;
}

export function tellEdits() {
  const list = byId("edits");
  if (!list) return;
  const lines = [...document.querySelectorAll(".editor__field")].map(told).filter(Boolean);
  list.replaceChildren(...(lines.length > 0 ? lines : [piece("li", sentence("Nothing is changed yet."))]));
  list.hidden = false;
  byId("confirm-edit").classList.add("is-told");
}

document.addEventListener("input", (event) => { if (event.target.closest(".editor__field")) tellEdits(); });
