"""One catalogue: every text for people is in it, and every language has it whole."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from jinja2 import Environment, nodes

from scripts import catalogue as sources
from webui.languages import NAMES, SOURCE, catalogue

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
LANGUAGES = [code for code in NAMES if code != SOURCE]
_PLACES = re.compile(r"%\(\w+\)s|%%|<[^>]+>")
EXACT = {"code", "pre", "kbd", "script", "style", "svg", "samp"}
"""Elements whose text is the same in every language; so is what has translate="no"."""
_ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
READ_ALOUD = {"aria-label", "title", "placeholder", "alt", "data-label", "aria-description"}


@pytest.fixture(scope="module")
def source() -> Catalog:
    return sources.texts()


def _strings(message: Message) -> tuple[str, ...]:
    return (
        message.string
        if isinstance(message.string, tuple)
        else (str(message.string or ""),)
    )


def _ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_file_of_a_language_is_what_make_catalogue_writes(
    code: str, source: Catalog
) -> None:
    fresh = sources.written(sources.brought_up_to_date(code, source))
    kept = (ROOT / "webui" / "translations" / f"{code}.po").read_bytes()
    assert kept == fresh, "bring it in step with: make catalogue"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_has_its_translation(code: str) -> None:
    missing = list(sources.untranslated(catalogue(code)))
    assert missing == [], "write them into webui/translations"


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_translation_has_the_values_and_the_marks_of_its_text(code: str) -> None:
    wrong = [
        message.id
        for message in catalogue(code)
        for text in _strings(message)
        if message.id and text
        if sorted(set(_PLACES.findall(text)))
        not in [sorted(set(_PLACES.findall(each))) for each in _ids(message)]
    ]
    assert wrong == []


def _bare(path: Path) -> Iterator[str]:
    """Yield what a template shows without the catalogue."""
    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 - only parsed
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    tree = environment.parse(path.read_text())
    reader = _Reader()
    reader.feed("".join(_html(tree)))
    reader.close()
    yield from reader.found


def _html(node: nodes.Node) -> Iterator[str]:
    """Yield what stands in a template as it is, and a sign for what is put out."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif (
        isinstance(node, nodes.CallBlock)
        and getattr(node.call.node, "name", "") == "sample"
    ):
        yield "\0"  # code to paste
    else:
        for child in node.iter_child_nodes():
            if isinstance(node, nodes.Output) and not isinstance(child, nodes.TemplateData):
                yield "\0"
            yield from _html(child)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._exact: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._exact and tag == self._exact[0]:
            self._exact.append(tag)
        elif not self._exact and (tag in EXACT or given.get("translate") == "no"):
            self._exact = [tag]
        if not self._exact:
            for name in READ_ALOUD & given.keys():
                self._note(given[name] or "")

    def handle_endtag(self, tag: str) -> None:
        if self._exact and tag == self._exact[0]:
            self._exact.pop()

    def handle_data(self, data: str) -> None:
        if not self._exact:
            self._note(data)

    def _note(self, text: str) -> None:
        text = _ATTRIBUTE.sub("", text)  # of a macro that gives attributes
        text = " ".join(text.replace("\0", " ").split())
        if re.search(r"[A-Za-z]{2}", text.replace("Countersign", "")) and text != "UTC":
            self.found.append(text)


@pytest.mark.parametrize(
    "path",
    sorted(TEMPLATES.rglob("*.html")),
    ids=lambda path: str(path.relative_to(TEMPLATES)),
)
def test_a_template_says_nothing_past_the_catalogue(path: Path) -> None:
    assert list(_bare(path)) == [], 'put it into {% trans %}, or mark it translate="no"'


@pytest.mark.parametrize(
    "path",
    sorted(TEMPLATES.rglob("*.html")),
    ids=lambda path: str(path.relative_to(TEMPLATES)),
)
def test_a_template_asks_the_catalogue_for_constant_texts_only(path: Path) -> None:
    """What is not constant would be taken for markup of ours: it is told with `| told`."""
    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 - only parsed
    asked = [
        call.args[0]
        for call in environment.parse(path.read_text()).find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
        and call.node.name in {"_", "gettext", "ngettext", "pgettext"}
    ]
    assert all(isinstance(text, nodes.Const | nodes.TemplateData) for text in asked)
