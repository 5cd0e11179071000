"""What must hold of a page that shows an agent's text, asked of a real browser."""

import re
import sys
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Dialog, Page

from tests.hostile.values import Hostile

_CATEGORIES: Final = {"Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs"}
_LISTED: Final = "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 2000-200F 2028-202F 205F-206F 2800 3164 FE00-FE0F FFA0 FFFC-FFFD E0000-E0FFF"  # fmt: skip
_SURROGATES: Final = range(0xD800, 0xE000)
WITHOUT_LIMITS: Final = {
    "COUNTERSIGN_RATE_LIMIT": "0",
    "COUNTERSIGN_MAX_PENDING": "0",
}
# A yes as a form made by hand sends it: with the seal, and without the proof of the full view.
UNPROVED: Final = """
async ([id, seal]) => {
  const body = new URLSearchParams({ csrf_token: document.querySelector("meta[name=csrf-token]").content, verdict: "approve", seal, version: "1" });
  return (await fetch(`/approvals/${id}/decide`, { method: "POST", body })).status;
}
"""

# Before any script of the page: what it reports is kept, whatever it does later.
WATCH: Final = """
window.reports = [];
document.addEventListener("securitypolicyviolation", (e) => window.reports.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => { window.owned = 1; };
"""
LOOK: Final = r"""
([forbidden, canaries]) => {
  const hidden = new RegExp(forbidden, "u");
  const found = { owned: window.owned ?? null, title: document.title, reports: window.reports, hidden: [], foreign: [] };
  const say = (list, words) => { if (list.length < 5) list.push(words); };
  const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode())
    if (hidden.test(node.data) && !["SCRIPT", "STYLE"].includes(node.parentNode.nodeName)) say(found.hidden, node.data.slice(0, 80));
  const ours = new Set("DIV SPAN P B I BDI DETAILS SUMMARY SVG USE BUTTON DL DT DD H3 FIGURE FIGCAPTION OL LI CODE INS DEL TABLE CAPTION THEAD TBODY TR TH TD SECTION H2 A TIME LABEL TEXTAREA INPUT SELECT OPTION FORM UL STRONG BLOCKQUOTE KBD".split(" "));
  const TYPED = "#search, input[type=hidden], .filters input, .form input";
  const attributes = new Set("class dir id title open aria-hidden focusable href type form name value tabindex aria-label aria-labelledby aria-describedby hx-ignore".split(" "));
  for (const zone of document.querySelectorAll("#preview, #place .args, .canonical, .args, .said, .reading, .row__line, #messages"))
    for (const node of zone.querySelectorAll("*")) {
      if (!ours.has(node.nodeName.toUpperCase())) say(found.foreign, node.outerHTML.slice(0, 120));
      for (const { name } of node.attributes) if (!attributes.has(name) && !name.startsWith("data-at") && name !== "datetime") say(found.foreign, `${node.nodeName} ${name}`);
    }
  for (const node of document.body.querySelectorAll("*")) {
    for (const { name, value } of node.attributes) {
      if (name === "value" && node.matches(TYPED)) continue; // what the reader typed, as they typed it
      if (name.startsWith("on") || name === "style" && !node.closest(".row, .code") || name === "srcdoc" || /^\s*(javascript|data):/i.test(value)) say(found.foreign, `${node.nodeName} ${name}=${value}`.slice(0, 120));
      if (hidden.test(value) && !name.startsWith("data-")) say(found.hidden, `${name}=${value}`.slice(0, 80));
    }
    if (["IFRAME", "OBJECT", "EMBED", "IMG", "BASE", "LINK", "META", "STYLE", "VIDEO"].includes(node.nodeName)) say(found.foreign, node.outerHTML.slice(0, 120));
    if (node.nodeName === "SCRIPT" && !node.src.startsWith(location.origin)) say(found.foreign, node.outerHTML.slice(0, 120));
    if (node.nodeName === "TEXTAREA" && hidden.test(node.value)) say(found.hidden, node.value.slice(0, 80));
  }
  const preview = document.querySelector("#preview");
  // The browser's own selection: `innerText` leaves out what is not laid out yet, far down a long page.
  const selection = getSelection();
  if (preview) selection.selectAllChildren(preview);
  const shown = preview ? selection.toString() : "";
  selection.removeAllRanges();
  const masked = new Set([...document.querySelectorAll("#preview .mask")].map((mask) =>
    mask.closest(".tree__leaf, .arg")?.querySelector(".tree__name, .arg__name")?.textContent ?? ""));
  found.missing = canaries.filter(([name, canary]) => !shown.includes(canary) && !masked.has(name)).map(([, canary]) => canary);
  found.approvable = Boolean(document.querySelector("[data-opens=confirm-approve], #confirm-approve, #confirm-edit"));
  found.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return found;
}
"""


@cache
def forbidden() -> str:
    """Return a JavaScript pattern of what P2 of the specification forbids to show."""
    listed = [part.partition("-") for part in _LISTED.split()]
    codes = {
        code
        for first, _, last in listed
        for code in range(int(first, 16), int(last or first, 16) + 1)
    }
    codes |= {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in _CATEGORIES
    }
    runs: list[list[int]] = []
    for code in sorted(codes - {0x20, 0x0A} - set(_SURROGATES)):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "[" + "".join(f"\\u{{{a:x}}}-\\u{{{b:x}}}" for a, b in runs) + "]"


@dataclass
class Judge:
    """Watches one page from its first moment on, and looks at whatever it shows."""

    page: Page
    pages: int = 0
    ended: int = 0
    """Canaries that were looked for."""
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda said: self._console(said.type, said.text))
        self.page.on("request", lambda asked: self._leaves(asked.url))

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if re.search(r"Content.Security.Policy|violat|Refused", text):
            self.faults.append(f"console {kind}: {text}")

    def _leaves(self, url: str) -> None:
        if (urlsplit(url).hostname or "").endswith("evil.example"):
            self.faults.append(f"asked for {url}")

    def look(self, values: list[Hostile] | None = None, *, whole: bool = True) -> Any:
        """Judge the page as it stands.

        With `whole` the end of each value is there; else it is, or nothing can be approved here.
        """
        wanted = [[each.name, each.canary] for each in values or []]
        found = self.page.evaluate(LOOK, [forbidden(), wanted])
        self.pages += 1
        self.ended += len(wanted)
        where = self.page.url
        if found["owned"] is not None or found["title"].startswith("owned"):
            self.faults.append(f"{where}: a script ran")
        for kind in ("reports", "hidden", "foreign"):
            self.faults += [f"{where}: {kind}: {words!r}" for words in found[kind]]
        if found["missing"] and (whole or found["approvable"]):
            self.faults.append(f"{where}: not to be seen: {found['missing'][:5]}")
        if found["wide"] > 0:
            self.faults.append(f"{where}: {found['wide']} px wider than the window")
        return found
