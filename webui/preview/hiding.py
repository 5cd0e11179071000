"""The arguments with what is masked taken out, for whoever may ask about them and not see them.

A question about a masked value would tell the secret bit by bit. In its place stands HIDDEN, of
which nothing can be told but that something is there, which the mask shows too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from webui.approvals.call.canonical import Unreadable
from webui.approvals.policy.paths import walk
from webui.preview.masked import masked_arguments, plain_arguments
from webui.preview.names import is_opaque
from webui.preview.options import may_hold_secrets
from webui.preview.reading import in_order
from webui.preview.redaction import Profile, Redactor

_LARGE: Final = 10**12
"""From here on a number could be that of a card."""


class Hidden:
    """Something that is masked; not None, which is a value of JSON."""

    __slots__ = ()


HIDDEN: Final = Hidden()


class Hider:
    """Takes out of many calls what is masked, as far as certain places are asked about.

    The places are looked at first, without reading the whole call; only where one of them may
    hold something masked is the call read as a page reads it, so that both always agree.
    """

    def __init__(self, profile: Profile, places: Iterable[Sequence[str]]) -> None:
        self._profile = profile
        self._places = [tuple(place) for place in places]
        names = " ".join(name for place in self._places for name in place)
        redactor = Redactor(profile, names)
        self._always = bool(profile.schemas) or any(
            _may_hide(name, redactor) for place in self._places for name in place
        )

    def with_schema(self, schema: str | None) -> "Hider":
        """Return what also hides what a call's own schema calls secret."""
        profile = self._profile.with_schema(schema)
        return self if profile is self._profile else Hider(profile, self._places)

    def hide(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return arguments with HIDDEN in the place of each value that a page masks, in part too.

        Where nothing that is asked about can be masked, these are the arguments themselves.
        """
        if not self._always and not any(
            _may_be_masked(walk(arguments, place), self._profile)
            or _stands_in_list_of_words(arguments, place)
            for place in self._places
        ):
            return arguments
        return without_secrets(arguments, self._profile)


def without_secrets(arguments: Mapping[str, Any], profile: Profile) -> Mapping[str, Any]:
    """Return arguments with HIDDEN in the place of each value that a page masks, in part too."""
    try:
        shown = masked_arguments(arguments, profile)
    except Unreadable:
        return dict.fromkeys(arguments, HIDDEN)
    return _members(arguments, shown)


def _may_be_masked(value: Any, profile: Profile) -> bool:
    kind = type(value)
    if kind is str:
        return Redactor(profile, value).finds(value)
    if kind is int or kind is float:
        return bool(value >= _LARGE)
    if kind is dict or kind is list:
        return _holds(value, Redactor(profile, ""), profile)
    return False


def _stands_in_list_of_words(arguments: Mapping[str, Any], place: Sequence[str]) -> bool:
    """Say whether a place is an item of a list in which an option may say what it is."""
    lists = (
        walk(arguments, tuple(place[:at]))
        for at, step in enumerate(place)
        if step.isdigit()
    )
    return any(type(found) is list and may_hold_secrets(found) for found in lists)


def _holds(value: Any, redactor: Redactor, profile: Profile) -> bool:
    """Say whether there is anything in a value that may be masked; in doubt, yes."""
    if type(value) is dict:
        return any(
            _may_hide(name, redactor)
            or _may_be_masked(name, profile)
            or _holds(each, redactor, profile)
            for name, each in value.items()
        )
    if type(value) is list:
        return may_hold_secrets(value) or any(
            _holds(each, redactor, profile) for each in value
        )
    return _may_be_masked(value, profile)


def _may_hide(name: str, redactor: Redactor) -> bool:
    """Say whether what stands under a name may be masked for it, or for a name beside it."""
    named = name == "value" or redactor.names_secret(name) or is_opaque(name)
    return named or redactor.finds(name)


def _members(original: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    names = in_order(original)
    if len(names) != len(shown):  # two names whose masks look alike
        return dict.fromkeys(names, HIDDEN)
    return {
        name: _shown(original[name], shown[label])
        for name, label in zip(names, shown, strict=True)
        if label == plain_arguments(name)  # a name that is masked itself leads nowhere
    }


def _shown(original: Any, shown: Any) -> Any:
    if isinstance(original, dict) and isinstance(shown, dict):
        return _members(original, shown)
    if isinstance(original, list) and isinstance(shown, list):
        return [_shown(*pair) for pair in zip(original, shown, strict=True)]
    return original if shown == plain_arguments(original) else HIDDEN
