"""What an agent does in a browser: where it goes, what it types, which program it runs there."""

import re
from collections.abc import Iterator
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.addresses_of_web import address_of, concerns, host_fact
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.browser_code import look_at_code
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.member_names import FILE_LISTS, FILES
from webui.preview.renderers.rendering import Fact, Rendering, Token
from webui.preview.renderers.saying import (
    fact,
    facts_of,
    leaf,
    name_said,
    pieces_of,
    said,
    says_yes,
    whole,
)
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.preview.renderers.tool_names import globs, squeezed
from webui.sentences import number, sentence, sentence_in

TOOLS: Final = globs("browser, playwright, puppeteer, selenium, chrome devtools")

_READS: Final = re.compile(
    r"(?:snapshot|screenshot|consolemessages|networkrequests|resize|close|waitfor|back|list\w*)$"
)
_TITLES: Final = (
    ("navigate", sentence("Page opened in a browser")),
    ("goto", sentence("Page opened in a browser")),
    ("evaluate", sentence("Program run in a page")),
    ("runcode", sentence("Program run in a browser")),
    ("fillform", sentence("Form filled in a browser")),
    ("fill", sentence("Text typed into a page")),
    ("type", sentence("Text typed into a page")),
    ("presskey", sentence("Key pressed in a page")),
    ("click", sentence("Click in a page")),
    ("select", sentence("Choice in a page")),
    ("upload", sentence("Files given to a page")),
    ("dialog", sentence("Answer to a dialog of a page")),
    ("drag", sentence("Something dragged in a page")),
    ("hover", sentence("Pointer moved in a page")),
    ("install", sentence("Browser installed")),
    ("tab", sentence("Tab of a browser")),
)
_ACTION: Final = sentence("Action in a browser")
_FACTS: Final = (
    (sentence("The agent calls it"), ("element", "description", "startElement")),
    (
        sentence("Element"),
        ("selector", "ref", "target", "uid", "startRef", "locator", "xpath"),
    ),
    (sentence("Onto"), ("endElement", "endRef")),
    (sentence_in("of a keyboard", "Key"), ("key",)),
    (sentence("Button"), ("button",)),
    (sentence("Action"), ("action",)),
    (sentence("Accepts the dialog"), ("accept",)),
    (sentence("Submits"), ("submit",)),
    (sentence("Double click"), ("doubleClick", "double_click")),
)
_TYPED: Final = ("text", "value", "promptText", "input_text")
_WEIGHTY: Final = re.compile(
    r"delet|remov|pay\b|buy|purchas|order|checkout|transfer|confirm|submit|send|publish|approve|accept"
    r"|agree|sign|grant|allow|authori[sz]e|cancel|unsubscribe|deactivat|merge|deploy|reset|withdraw",
    re.IGNORECASE,
)
_WEAK: Final = re.compile(
    r"--no-sandbox|--disable-web-security|--allow-file-access|--load-extension|--proxy-server"
    r"|--remote-debugging|ignoreHTTPSErrors|--ignore-certificate-errors|--user-data-dir",
    re.IGNORECASE,
)
_MOST_FIELDS: Final = 2_000


def fits(_: Arguments) -> bool:
    """Return no: no shape alone says that a call is of a browser: the tool has to."""
    return False


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what is done in a browser."""
    name = squeezed(tool)
    if _READS.search(name):
        return None
    title = next((title for word, title in _TITLES if word in name), _ACTION)
    found, sheets = Findings(), Sheets()
    facts: list[Fact] = []
    url = leaf(arguments, "url", "uri")
    if url is not None:
        facts += _look_at_address(found, url)
    facts += facts_of(arguments, _FACTS)
    _typed(found, arguments, sheets)
    _fields(found, arguments, sheets)
    look_at_code(found, arguments, sheets)
    facts += _files(found, arguments)
    _look_at_element(found, arguments, name)
    _look_at_options(found, arguments)
    if not facts and not sheets.blocks():
        return None
    return Rendering("browser", title, tuple(facts), sheets.blocks(), found.sentences())


def _look_at_address(found: Findings, url: Text) -> Iterator[Fact]:
    address = address_of(url)
    for severity, words in concerns(url, address):
        (found.danger if severity == "danger" else found.note)(words, words)
    if address.host:
        yield host_fact(url, address)
    yield fact(sentence("Address"), url)


def _typed(found: Findings, arguments: Arguments, sheets: Sheets) -> None:
    for key in _TYPED:
        text = leaf(arguments, key)
        if text is None:
            continue
        sheet = sheets.start(sentence("What is typed"))
        add_lines(sheet, whole(text), first=None)
        sheets.keep(sheet)
        if text.hides(0, len(text.plain)):
            found.danger(
                "secret",
                sentence("A secret is typed into the page; the mask stands for it."),
            )
    if says_yes(leaf(arguments, "submit")):
        found.danger("submit", sentence("Enter is pressed afterwards: the form is sent."))


def _fields(found: Findings, arguments: Arguments, sheets: Sheets) -> None:
    value = arguments.value("fields", "values", "formData", "form_data", "elements")
    if value is None or value.kind not in {"array", "object"}:
        return
    sheet = sheets.start(sentence("The fields of the form"))
    for child in value.children[:_MOST_FIELDS]:
        label, text = _field(child)
        if text is not None and text.hides(0, len(text.plain)):
            found.danger(
                "secret",
                sentence("A secret is typed into the page; the mask stands for it."),
            )
        tokens = [Token("name", label), Token("operator", (Piece("text", " := "),))]
        tokens.append(Token("string", pieces_of(whole(text)) if text is not None else ()))
        sheet.write(tuple(tokens))
    if (rest := len(value.children) - _MOST_FIELDS) > 0:
        sheet.hidden += rest
        found.danger(
            "fields", sentence("The last %(rest)s fields were not read.", rest=number(rest))
        )
    sheets.keep(sheet)


def _field(child: Value) -> tuple[tuple[Piece, ...], Text | None]:
    if child.kind == "object":
        inner = Arguments(child.children)
        name = leaf(inner, "name", "element", "selector", "ref", "target", "uid")
        label = (
            pieces_of(whole(name), 100)
            if name is not None
            else (Piece("text", sentence("a field without a name")),)
        )
        return label, leaf(inner, "value", "text")
    label = (Piece("text", name_said(child.name)),)
    return label, None if child.kind == "array" else text_of(child)


def _files(found: Findings, arguments: Arguments) -> list[Fact]:
    facts = []
    paths = list(arguments.texts(*FILE_LISTS) or ())
    one = arguments.text(*FILES)
    for path in [*([one] if one is not None else []), *paths][:100]:
        facts.append(fact(sentence("File"), path))
        look_at_path(found, whole(path), in_a_tree=False)
    if facts:
        found.note(
            "upload", sentence("Files of the agent's machine are given to the page.")
        )
    if len(paths) > 100:  # noqa: PLR2004
        found.danger(
            "files",
            sentence(
                "It gives %(count)s files; the first 100 were looked at.",
                count=number(len(paths)),
            ),
        )
    return facts[:20]


def _look_at_element(found: Findings, arguments: Arguments, name: str) -> None:
    words = arguments.text("element", "selector", "target", "locator")
    if words is None or not any(
        each in name for each in ("click", "type", "press", "select", "fill")
    ):
        return
    if match := _WEIGHTY.search(words.plain[:2000]):
        found.note(
            "weighty",
            sentence(
                "By its name, %(name)s, it may do something that stays (“%(word)s”).",
                name=said(words),
                word=match[0],
            ),
        )


def _look_at_options(found: Findings, arguments: Arguments) -> None:
    if says_yes(leaf(arguments, "allowDangerous", "allow_dangerous")):
        found.danger("weak", sentence("It asks for dangerous options of the browser."))
    value = arguments.value("launchOptions", "launch_options", "args", "options")
    if value is None:
        return
    waiting = [value]
    while waiting and not found.has("weak"):
        each = waiting.pop()
        waiting += each.children
        if each.kind == "string" and (
            match := _WEAK.search("".join(part.text for part in each.segments)[:500])
        ):
            found.danger(
                "weak",
                sentence(
                    "An option takes a protection of the browser away: %(option)s.",
                    option=match[0],
                ),
            )
        elif _WEAK.fullmatch(each.name[:60]):
            found.danger(
                "weak",
                sentence(
                    "An option takes a protection of the browser away: %(option)s.",
                    option=each.name[:60],
                ),
            )
