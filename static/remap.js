// The keys of this browser: switched off, or other ones (Account, "Keyboard").

import { COMMANDS, forgetOwnKeys, keyOf, keysOff, setKey, switchKeys } from "./keys.js";
import { announce, byId } from "./page.js";
import { sentence } from "./words.js";

const box = byId("keys-off");
box.checked = keysOff();
box.addEventListener("change", () => switchKeys(!box.checked));

function line(command) {
  const row = document.createElement("div");
  row.className = "field";
  const label = document.createElement("label");
  const field = document.createElement("input");
  const fault = document.createElement("p");
  field.id = `key-${command.id}`;
  label.htmlFor = field.id;
  label.textContent = command.words;
  field.value = keyOf(command);
  field.maxLength = 3;
  field.autocomplete = "off";
  field.spellcheck = false;
  field.className = "mono";
  fault.id = `${field.id}-fault`;
  fault.className = "field__error";
  fault.hidden = true;
  field.addEventListener("change", () => {
    const why = setKey(command, field.value.trim());
    fault.textContent = why;
    fault.hidden = !why;
    field.toggleAttribute("aria-invalid", Boolean(why));
    if (why) field.setAttribute("aria-describedby", fault.id);
    announce(why || `${command.words}: ${field.value.trim()}`);
  });
  row.append(label, field, fault);
  return row;
}

function draw() {
  byId("own-keys").replaceChildren(...COMMANDS.filter((command) => !command.fixed).map(line));
}

byId("keys-reset").addEventListener("click", () => {
  forgetOwnKeys();
  draw();
  announce(sentence("All keys are as they were."));
});
draw();
byId("own-keys-box").hidden = false;
