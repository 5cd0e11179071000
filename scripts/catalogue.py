"""Brings the catalogue in step with the source: `make catalogue`.

Finds every text for people in `webui/`, `templates/` and `static/`, adds the new ones to each
language's file, drops those that are gone, and names what is not translated yet.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from webui.languages import FOLDER, NAMES, SOURCE, catalogue

ROOT = Path(__file__).parents[1]
KEYWORDS: dict[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "sentence": None,
    "plural": (1, 2),
    "forms": (1, 2),
    "sentence_in": ((1, "c"), 2),
}
METHODS = {
    "webui": [("**.py", "python")],
    "templates": [("**.html", "jinja2")],
    "static": [("vendor/**", "ignore"), ("**.js", "javascript")],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
}


def texts() -> Catalog:
    """Return every text of the source, without translations."""
    found = Catalog(fuzzy=False)
    for folder, methods in METHODS.items():
        for path, _, message, _, context in extract_from_dir(
            str(ROOT / folder), methods, OPTIONS, KEYWORDS
        ):
            found.add(message, locations=[(f"{folder}/{path}", 0)], context=context)
    return found


def brought_up_to_date(code: str, source: Catalog) -> Catalog:
    """Return a language's catalogue with exactly the texts of the source."""
    known = catalogue(code) if (FOLDER / f"{code}.po").exists() else Catalog(code)
    fresh = Catalog(
        code, header_comment=f"# The texts of Countersign in {NAMES[code]}.", fuzzy=False
    )
    for message in source:
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        if old and isinstance(old.string, tuple) != isinstance(message.id, tuple):
            old = None  # it was one sentence and is two now, or the other way round
        fresh.add(
            message.id,
            old.string if old else None,
            sorted({(path, 0) for path, _ in message.locations}),
            context=message.context,
        )
    return fresh


def written(known: Catalog) -> bytes:
    """Return a catalogue as its file."""
    file = BytesIO()
    write_po(
        file, known, width=96, sort_output=True, include_lineno=False, omit_header=True
    )
    head = known.header_comment + '\nmsgid ""\nmsgstr ""\n'
    head += f'"Language: {known.locale_identifier}\\n"\n'
    head += '"Content-Type: text/plain; charset=utf-8\\n"\n'
    head += f'"Plural-Forms: {known.plural_forms}\\n"\n\n'
    return head.encode() + file.getvalue()


def untranslated(known: Catalog) -> Iterator[str]:
    """Name the texts that are not translated yet."""
    for message in known:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(strings):
            yield str(message.id)


def main() -> None:
    """Write the files; print what is missing."""
    source = texts()
    for code in NAMES:
        if code == SOURCE:
            continue
        known = brought_up_to_date(code, source)
        (FOLDER / f"{code}.po").write_bytes(written(known))
        missing = list(untranslated(known))
        print(f"{code}: {len(known)} texts, {len(missing)} not translated")
        for text in missing:
            print(f"  {text}")


if __name__ == "__main__":
    main()
