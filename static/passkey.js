// Passkeys: a form marked `data-passkey` asks the server what to ask the browser, puts the browser's
// answer into its hidden field, and is then sent like any form. Without script it stays hidden.

import { meta } from "./page.js";
import { sentence } from "./words.js";

const known = window.PublicKeyCredential?.parseCreationOptionsFromJSON && window.isSecureContext;

async function options(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": meta("csrf-token").content, "HX-Request": "true" },
  });
  if (answer.ok) return answer.json();
  if (answer.status === 403 && form.dataset.passkey === "create") {
    // Confirm first: sent without an answer, the form is led there.
    form.submit();
    return null;
  }
  throw new Error(answer.status === 429 ? sentence("Too many attempts; wait a minute and try again.") : sentence("This page is too old; load it anew and try again."));
}

async function credential(kind, asked) {
  if (kind === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
}

function words(error) {
  if (error.name === "NotAllowedError") return sentence("It was cancelled, or took too long. Nothing was changed.");
  if (error.name === "InvalidStateError") return sentence("This device has a passkey for you already.");
  return error.message;
}

async function onSubmit(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  const note = form.querySelector("[data-passkey-error]");
  note.hidden = true;
  button.disabled = true;
  try {
    const asked = await options(form);
    if (asked === null) return;
    const answer = await credential(form.dataset.passkey, asked);
    form.elements.namedItem("credential").value = JSON.stringify(answer.toJSON());
    form.submit();
  } catch (error) {
    note.textContent = words(error);
    note.hidden = false;
    button.disabled = false;
  }
}

if (known) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", onSubmit);
  }
  for (const note of document.querySelectorAll("[data-passkey-none]")) note.hidden = true;
}
