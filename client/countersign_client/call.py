"""A Python call as JSON arguments, and back: what was approved is what the function receives."""

import hashlib
import hmac
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from countersign_client.errors import BadAnswer, NotSent
from countersign_client.json_only import dump, require_json

Kind = inspect.Parameter
P = TypeVar("P", list[Any], dict[str, Any])
WITHHELD = "withheld:hmac-sha256:"


class Unrunnable(BadAnswer, NotSent):
    """The effective arguments do not fit the function, so it was not called."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the receiver (self or cls) if any, what is shown, and what was withheld from it."""

    receiver: tuple[Any, ...]
    arguments: dict[str, Any]
    withheld: dict[str, Any]

    def revealed(self, name: str, effective: Any) -> Any:
        """What to run for `effective`: the withheld value, unless a reviewer replaced it."""
        if name in self.withheld and effective == self.arguments[name]:
            return self.withheld[name]
        return effective


class Signature:
    """The parameters of a gated function."""

    def __init__(self, function: Callable[..., Any], redact: Collection[str]) -> None:
        """TypeError when `redact` names no parameter, or names could collide."""
        self.name = getattr(function, "__qualname__", repr(function))
        self._signature = inspect.signature(function)
        names = list(self._signature.parameters)
        self._has_receiver = bool(names) and names[0] in {"self", "cls"}
        if unknown := sorted(set(redact) - set(names)):
            raise TypeError(
                f"redact names {', '.join(unknown)}, no parameter of {self.name}"
            )
        self._redact = frozenset(redact)

    def read(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], secret: bytes) -> Call:
        """The call as arguments, defaults included; TypeError says which one is not JSON.

        Withheld arguments are shown as an HMAC under `secret`: equal values look equal, a changed
        one is another call, and nobody who reads the desk can guess them.
        """
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = dict(bound.arguments)
        receiver = (values.pop(next(iter(values))),) if self._has_receiver else ()
        shown: dict[str, Any] = {}
        withheld: dict[str, Any] = {}
        for name, value in values.items():
            kind = self._signature.parameters[name].kind
            plain = list(value) if kind is Kind.VAR_POSITIONAL else value
            require_json(plain, f"argument {name!r} of {self.name}")
            if name in self._redact:
                shown[name] = (
                    WITHHELD + hmac.new(secret, dump(plain), hashlib.sha256).hexdigest()
                )
                withheld[name] = plain
            else:
                shown[name] = plain
        return Call(receiver, shown, withheld)

    def bind(
        self, call: Call, effective: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments that are exactly `effective`, withheld ones put back.

        Raises Unrunnable when a parameter is missing or one is unknown: a default slipping in
        would run something nobody approved.
        """
        if effective.keys() != call.arguments.keys():
            odd = ", ".join(sorted(effective.keys() ^ call.arguments.keys()))
            raise Unrunnable(f"the effective arguments do not fit {self.name}: {odd}")
        values = {name: call.revealed(name, shown) for name, shown in effective.items()}
        args: list[Any] = list(call.receiver)
        kwargs: dict[str, Any] = {}
        for name, parameter in self._signature.parameters.items():
            if name not in values:  # the receiver
                continue
            if parameter.kind is Kind.VAR_POSITIONAL:
                args.extend(self._part(name, values[name], list))
            elif parameter.kind is Kind.VAR_KEYWORD:
                extra = self._part(name, values[name], dict)
                if clash := sorted(kwargs.keys() & extra.keys()):
                    raise Unrunnable(
                        f"{', '.join(clash)} of {self.name} would be set twice"
                    )
                kwargs |= extra
            elif parameter.kind is Kind.KEYWORD_ONLY:
                kwargs[name] = values[name]
            else:
                args.append(values[name])
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise Unrunnable(
                f"the effective arguments do not fit {self.name}: {error}"
            ) from error
        return tuple(args), kwargs

    def _part(self, name: str, value: object, kind: type[P]) -> P:
        if not isinstance(value, kind):
            raise Unrunnable(f"{name!r} of {self.name} became a {type(value).__name__}")
        return value
