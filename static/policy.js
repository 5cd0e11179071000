// The policy's editor: numbers beside the lines, a jump to the line of a finding, and a word
// before what was typed is left behind. Without it there are the buttons.

const text = document.getElementById("text");
const numbers = document.createElement("div");
const announce = document.getElementById("announce");
let shown = 0;

function findings() {
  const lines = new Map();
  for (const link of document.querySelectorAll("#findings [data-line]")) {
    const bad = link.closest(".findings--faults") !== null;
    lines.set(Number(link.dataset.line), bad || lines.get(Number(link.dataset.line)) === true);
  }
  return lines;
}

function number() {
  const count = text.value.split("\n").length;
  while (shown < count) {
    const line = document.createElement("span");
    shown += 1;
    line.textContent = String(shown);
    numbers.append(line);
  }
  while (shown > count) {
    numbers.lastChild.remove();
    shown -= 1;
  }
  scroll();
}

function mark() {
  for (const line of numbers.querySelectorAll("[class]")) line.removeAttribute("class");
  for (const [at, bad] of findings()) {
    numbers.children[at - 1]?.setAttribute("class", bad ? "is-wrong" : "is-odd");
  }
}

function scroll() {
  numbers.scrollTop = text.scrollTop;
}

function jump(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = text.scrollHeight / lines.length;
  text.scrollTop = Math.max(0, (line - 4) * height);
  text.scrollLeft = 0;
}

function onClick(event) {
  const link = event.target.closest("[data-line]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  jump(Number(link.dataset.line));
}

function afterSwap() {
  mark();
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

if (text) {
  numbers.className = "code__numbers";
  numbers.setAttribute("aria-hidden", "true");
  text.before(numbers);
  number();
  mark();
  text.addEventListener("input", number);
  text.addEventListener("scroll", scroll, { passive: true });
  text.form.addEventListener("click", onClick);
  document.addEventListener("htmx:after:swap", afterSwap);
  window.addEventListener("pageshow", number);
}
