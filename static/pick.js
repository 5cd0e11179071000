// Selecting calls to be decided together: `x`, shift with `j` or `k`, or the boxes themselves.
// What is selected is decided on a page of its own, which lists it all once more.

import { announce, toast, write } from "./page.js";
import { sentence } from "./words.js";

const picked = new Set();
const boxes = () => [...document.querySelectorAll(".row__pick")];

function show() {
  const count = boxes().filter((box) => box.checked).length;
  const words = count === 1 ? sentence("1 call selected") : sentence("%(count)s calls selected", { count });
  for (const node of document.querySelectorAll("[data-picked]")) write(node, words);
  return words;
}

// Rows that were drawn anew are selected as they were.
export function keepPicked() {
  for (const box of boxes()) box.checked = picked.has(box.value) && !box.disabled;
  show();
}

function set(box, wanted) {
  box.checked = wanted;
  if (wanted) picked.add(box.value);
  else picked.delete(box.value);
  announce(show());
}

export function pick(row, wanted) {
  const box = row?.querySelector(".row__pick");
  if (!box || box.disabled) return toast(box?.title || sentence("This call cannot be selected."));
  set(box, wanted ?? !box.checked);
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".row__pick")) set(event.target, event.target.checked);
});
document.addEventListener("reset", (event) => {
  if (event.target.id !== "bulk") return;
  picked.clear();
  setTimeout(keepPicked);
});
// A browser that came back to the page may have kept what was selected.
for (const box of boxes()) if (box.checked) picked.add(box.value);
show();
