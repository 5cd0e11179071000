// The scripts' texts: English here, and in the page's language where texts.js brought them.

const texts = globalThis.COUNTERSIGN_TEXTS ?? {};

export function sentence(message, values = {}) {
  return (texts[message] ?? message).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}
