// The policy's pages: the editor and what is found in its text, and a word before what was typed
// is left behind. Without it there are the buttons.

import { Code } from "./code.js";

const text = document.getElementById("text");
const announce = document.getElementById("announce");
const code = text && new Code(text, document.getElementById("text-place"));

// Of each line that something is said of: whether it is wrong, and from which column on.
function findings() {
  const lines = new Map();
  for (const link of document.querySelectorAll("#findings [data-line]")) {
    const [at, isWrong] = [Number(link.dataset.line), link.closest(".findings--faults") !== null];
    const before = lines.get(at);
    if (!before || (isWrong && !before.isWrong)) lines.set(at, { isWrong, column: Number(link.dataset.column ?? 1) });
  }
  return lines;
}

function onClick(event) {
  const link = event.target.closest("[data-line]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  code.go(Number(link.dataset.line));
}

function afterSwap() {
  code.mark(findings());
  const sum = document.getElementById("findings-sum")?.textContent.trim() ?? "";
  if (announce.textContent !== sum) announce.textContent = sum;
}

// A draft travels in a form; whoever goes elsewhere would leave it behind.
const carrier = document.querySelector("[data-changed]");
let leaving = false;

function isUnsaved() {
  return carrier.dataset.changed === "1" || (text !== null && text.value !== text.defaultValue);
}

if (carrier) {
  carrier.addEventListener("submit", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isUnsaved()) event.preventDefault();
  });
}

if (code) {
  code.mark(findings());
  text.form.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", afterSwap);
  // What was refused is mended where it is wrong.
  const { refusedLine, refusedColumn } = text.dataset;
  if (refusedLine) code.go(Number(refusedLine), Number(refusedColumn));
}
