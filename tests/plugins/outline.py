"""A page as a screen reader is told of it: its tree, its names, and what is wrong with them.

Read from the HTML that the desk sends, so that no browser is needed and every page is looked at.
What only a browser can tell (contrast, focus, sizes) is in tests/e2e/test_access.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "link", "meta", "hr", "br", "img", "source", "path", "rect", "use", "line"}
FIELDS = {"input", "select", "textarea"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
REFERENCES = (
    "for",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "popovertarget",
)


@dataclass(eq=False)
class Node:
    """An element."""

    tag: str
    attrs: dict[str, str]
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this element and all below it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def above(self) -> Iterator[Node]:
        """Yield all elements around this one, the nearest first."""
        found = self.parent
        while found is not None:
            yield found
            found = found.parent

    def find(self, *tags: str) -> list[Node]:
        """Return the elements below of these kinds."""
        return [each for each in self.walk() if each.tag in tags]

    def text(self) -> str:
        """Return what is read out of it."""
        if self.attrs.get("aria-hidden") == "true" or self.tag in {"script", "style"}:
            return ""
        parts = [each.text() if isinstance(each, Node) else each for each in self.children]
        return " ".join(" ".join(parts).split())

    def __str__(self) -> str:
        shown = " ".join(
            f'{name}="{self.attrs[name]}"'
            for name in ("id", "name", "class", "href")
            if name in self.attrs
        )
        return f"<{self.tag} {shown}>"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.top = self._open = Node("#document", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(node)
        if tag not in VOID:
            self._open = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open.tag == tag, f"</{tag}> closes {self._open}"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)


def outline(html: str) -> Node:
    """Return the tree of a page; what is not closed where it should be is refused."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.top.tag == "#document", reader.top
    return reader.top


def faults_of(page: Node) -> Iterator[str]:
    """Yield in words what a person who cannot see the page, or uses no mouse, would stumble over."""
    ids = {each.attrs["id"]: each for each in page.walk() if "id" in each.attrs}
    yield from _frame(page)
    yield from _headings(page)
    yield from _ids(page, ids)
    for each in page.walk():
        if _needs_a_name(each) and not name_of(each, page, ids):
            yield f"{each} has no name"
        is_told = each.attrs.get("role") == "img" and name_of(each, page, ids)
        if each.tag == "svg" and each.attrs.get("aria-hidden") != "true" and not is_told:
            yield f"{each} is neither hidden nor told"
        if each.attrs.get("tabindex", "0") not in {"0", "-1"}:
            yield f"{each} changes the order of the keyboard"
    for table in page.find("table"):
        yield from _table(table, page, ids)


def name_of(node: Node, page: Node, ids: dict[str, Node]) -> str:
    """Return what a control, a landmark or a table is called."""
    if "aria-labelledby" in node.attrs:
        there = node.attrs["aria-labelledby"].split()
        return " ".join(ids[each].text() for each in there if each in ids)
    if node.attrs.get("aria-label"):
        return node.attrs["aria-label"]
    if node.tag in FIELDS:
        around = [each for each in node.above() if each.tag == "label"]
        labels = [
            each
            for each in page.find("label")
            if "id" in node.attrs and each.attrs.get("for") == node.attrs["id"]
        ]
        return " ".join(each.text() for each in labels + around).strip()
    if node.tag == "table":
        return " ".join(each.text() for each in node.find("caption"))
    return "" if node.tag in {"nav", "section", "dialog"} else node.text()


def _needs_a_name(node: Node) -> bool:
    if node.attrs.get("aria-hidden") == "true":
        return False
    if node.tag in FIELDS:
        return node.attrs.get("type") != "hidden"
    if node.tag == "a":
        return "href" in node.attrs
    kinds = {"button", "summary", "nav", "dialog", "h1", "h2", "h3", "label"}
    return node.tag in kinds or node.attrs.get("role") in {"search", "region", "dialog"}


def _frame(page: Node) -> Iterator[str]:
    (html,) = page.find("html")
    if not html.attrs.get("lang"):
        yield "the page says no language"
    titles = [each.text() for each in page.find("title") if each.parent]
    if not titles or not titles[0].endswith("Countersign"):
        yield f"the title is {titles}"
    mains = page.find("main")
    if len(mains) != 1:
        yield f"there are {len(mains)} main parts"
    stops = [
        each for each in page.find("a", "button", "input") if "hidden" not in each.attrs
    ]
    if page.find("nav") and stops[0].attrs.get("href") != "#main":
        yield f"the first stop of the keyboard is {stops[0]}, which skips nothing"


def _headings(page: Node) -> Iterator[str]:
    found = page.find(*HEADINGS)
    if sum(each.tag == "h1" for each in found) != 1:
        yield f"there is not one first heading, but {[str(h) for h in found if h.tag == 'h1']}"
    level = 0
    for each in found:
        at = HEADINGS.index(each.tag) + 1
        if at > level + 1:
            yield f"{each} stands {at - level} levels below the heading before it"
        level = at


def _ids(page: Node, ids: dict[str, Node]) -> Iterator[str]:
    counted = Counter(each.attrs["id"] for each in page.walk() if "id" in each.attrs)
    yield from (
        f"#{name} is there {times} times" for name, times in counted.items() if times > 1
    )
    for each in page.walk():
        for reference in REFERENCES:
            for name in each.attrs.get(reference, "").split():
                if name not in ids:
                    yield f"{each} speaks of #{name}, which is not there"


def _table(table: Node, page: Node, ids: dict[str, Node]) -> Iterator[str]:
    heads = [each for each in table.find("th") if each.attrs.get("scope") in {"col", "row"}]
    if len(heads) != len(table.find("th")) or not heads:
        yield f"{table} in {table.parent} has a heading that says not whether it is a column's"
    named = [table, *(each for each in table.above() if each.tag == "section")]
    if not any(name_of(each, page, ids) for each in named):
        yield f"{table} in {table.parent} has no name"
    for row in table.find("tr"):
        cells = [each for each in row.find("td") if next(_rows_of(each)) is row]
        if "table" in table.attrs.get("class", "").split():
            yield from (
                f"{each} in {row} has no data-label"
                for each in cells
                if "data-label" not in each.attrs
            )
    names = Counter(
        name_of(each, page, ids) for row in table.find("tr") for each in row.find("button")
    )
    yield from (
        f"{times} buttons of one table are called {name!r}"
        for name, times in names.items()
        if times > 1
    )


def _rows_of(cell: Node) -> Iterator[Node]:
    return (each for each in cell.above() if each.tag == "tr")
