"""Reading the fields of a policy: each by its kind, every fault with its place."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from webui.approvals.call.json_faults import step
from webui.approvals.errors import Fault
from webui.approvals.policy.faults import MOST_FAULTS, BadValueError, kind_of, meant
from webui.approvals.policy.notation import read_duration
from webui.approvals.policy.yaml_text import Source
from webui.sentences import joined, sentence

MOST_TEXT: Final = 2_000
MOST_NAME: Final = 200
MOST_NAMES: Final = 2_000


class Fields:
    """One mapping of the text. What is null counts as not written."""

    def __init__(
        self, source: Source, faults: list[Fault], value: Any, pointer: str, noun: str
    ) -> None:
        """Take the value at `pointer`, which is called `noun` in sentences."""
        self.source = source
        self.faults = faults
        self.pointer = pointer
        self.noun = noun
        if value is not None and not isinstance(value, Mapping):
            self.wrong(
                "",
                sentence(
                    "%(noun)s must be a mapping, not %(kind)s.",
                    noun=noun,
                    kind=kind_of(value),
                ),
            )
            value = None
        self.values: Mapping[str, Any] = value or {}

    def wrong(self, key: str, said: str) -> None:
        """Note a fault of the field `key`, or of the whole."""
        self.faults.append(Fault(self.place(key), said))

    @property
    def full(self) -> bool:
        """Say whether so much is wrong that more is not told."""
        return len(self.faults) >= MOST_FAULTS

    def place(self, key: str) -> str:
        """Return the JSON Pointer of a field."""
        return self.pointer + (step(key) if key else "")

    def below(self, key: str, noun: str) -> "Fields":
        """Return the mapping in a field."""
        return Fields(self.source, self.faults, self.get(key), self.place(key), noun)

    def inside(self, key: str, index: int, value: Any, noun: str) -> "Fields":
        """Return the mapping that is one item of the list in a field."""
        return Fields(self.source, self.faults, value, f"{self.place(key)}/{index}", noun)

    def get(self, key: str) -> Any:
        """Return what a field holds, of any kind."""
        return self.values.get(key)

    def has(self, key: str) -> bool:
        """Say whether a field is written."""
        return self.values.get(key) is not None

    def only(self, known: Iterable[str]) -> None:
        """Refuse the fields that are not among `known`."""
        names = tuple(known)
        for key in self.values:
            if key not in names and not self.full:
                guess = meant(key, names)
                known = sentence(" It has %(names)s.", names=", ".join(names))
                listed = "" if guess != "." else known
                self.wrong(
                    key,
                    sentence(
                        '%(noun)s has no "%(key)s"%(guess)s%(listed)s',
                        noun=self.noun,
                        key=key[:40],
                        guess=guess,
                        listed=listed,
                    ),
                )

    def text(self, key: str, longest: int = MOST_TEXT) -> str | None:
        """Return text as it is spelt, so that a name may be 404 or true."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, list | Mapping):
            self.wrong(
                key,
                sentence(
                    "%(key)s must be text, not %(kind)s.", key=key, kind=kind_of(value)
                ),
            )
            return None
        raw = self.source.places[self.place(key)].raw
        text = value if isinstance(value, str) else str(raw)
        if len(text) > longest:
            self.wrong(
                key,
                sentence(
                    "%(key)s is longer than %(most)s characters. Shorten it.",
                    key=key,
                    most=longest,
                ),
            )
            return None
        return text

    def name(self, key: str) -> str | None:
        """Return text that stands on one line and is not blank."""
        text = self.text(key, MOST_NAME)
        if text is None:
            return None
        if not text.strip() or not text.isprintable():
            self.wrong(key, sentence("%(key)s must be on one line and not blank.", key=key))
            return None
        return text

    def word(self, key: str, words: Iterable[str]) -> str | None:
        """Return one of some words."""
        text = self.text(key)
        known = [str(word) for word in words]
        if text is None or text in known:
            return text
        self.wrong(
            key,
            sentence(
                '%(key)s must be %(words)s, not "%(text)s"%(guess)s',
                key=key,
                words=_either(known),
                text=text[:40],
                guess=meant(text, known),
            ),
        )
        return None

    def flag(self, key: str) -> bool:
        """Return true or false; false if it is not written."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        hint = ""
        if isinstance(value, str) and value.lower() in {"yes", "no", "on", "off"}:
            near = "true" if value.lower() in {"yes", "on"} else "false"
            hint = sentence("; did you mean %(word)s?", word=near)
        self.wrong(
            key,
            sentence(
                "%(key)s must be true or false, not %(kind)s%(guess)s",
                key=key,
                kind=kind_of(value),
                guess=hint or ".",
            ),
        )
        return False

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self.get(key)
        if value is None:
            return default
        if type(value) is not int or not least <= value <= most:
            what = value if isinstance(value, int) else kind_of(value)
            self.wrong(
                key,
                sentence(
                    "%(key)s must be a whole number from %(least)s to %(most)s, not "
                    "%(what)s.",
                    key=key,
                    least=least,
                    most=most,
                    what=what,
                ),
            )
            return default
        return value

    def duration(self, key: str) -> int | None:
        """Return a length of time in milliseconds."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return read_duration(text)
        except BadValueError as error:
            self.wrong(key, joined(" ", (key, error.sentence)))
            return None

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of names, or the only one."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            name = self.name(key)
            return () if name is None else (name,)
        if not isinstance(value, list):
            self.wrong(
                key,
                sentence(
                    "%(key)s must be a list of names, not %(kind)s.",
                    key=key,
                    kind=kind_of(value),
                ),
            )
            return ()
        found: dict[str, None] = {}
        for index, item in enumerate(value):
            at = f"{self.place(key)}/{index}"
            name = self._name_at(at, item)
            if name is None:
                continue
            if name in found:
                said = sentence(
                    '"%(name)s" stands in the list twice. Remove one.', name=name[:40]
                )
                self.faults.append(Fault(at, said))
            found[name] = None
        if len(found) > MOST_NAMES:
            self.wrong(
                key,
                sentence(
                    "%(key)s has more than %(most)s names. Use globs, or fewer.",
                    key=key,
                    most=MOST_NAMES,
                ),
            )
            return ()
        return tuple(found)

    def items(self, key: str) -> list[Any]:
        """Return a list of anything."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong(
                key,
                sentence(
                    "%(key)s must be a list, not %(kind)s.", key=key, kind=kind_of(value)
                ),
            )
            return []
        return value

    def _name_at(self, at: str, item: Any) -> str | None:
        """Return one name of a list."""
        if isinstance(item, list | Mapping) or item is None:
            self.faults.append(
                Fault(at, sentence("it must be a name, not %(kind)s.", kind=kind_of(item)))
            )
            return None
        name = item if isinstance(item, str) else str(self.source.places[at].raw)
        if not name.strip() or not name.isprintable() or len(name) > MOST_NAME:
            said = sentence(
                "it must be a name on one line, not blank. Fill it in or remove it."
            )
            self.faults.append(Fault(at, said))
            return None
        return name


def _either(words: list[str]) -> str:
    *before, last = words
    return sentence("%(words)s or %(last)s", words=", ".join(before), last=last)
