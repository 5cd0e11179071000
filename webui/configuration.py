"""From environment and TOML file to `Settings`, with every problem told at once."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from webui.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

PREFIX = "COUNTERSIGN_"
CONFIG_NAME = "countersign.toml"
# Read by the agents' client and the command line, often set in the same shell as the server.
CLIENT_VARIABLES = frozenset({"CONFIG", "URL", "KEY", "TOKEN"})
SECRET_WORDS = ("key", "secret", "token", "password", "url", "dsn")
MASK = "********"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration: where, the (masked) value, and the mend."""

    name: str
    value: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name} = {self.value}: {self.mend}"


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the configuration has {len(problems)} problem(s):\n{lines}")


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody set, and the name under which it was set."""

    name: str
    value: Any


def is_secret(field: FieldInfo) -> bool:
    """Whether values of this field must never be shown."""
    return "SecretStr" in str(field.annotation)


def load_settings(
    environ: Mapping[str, str] | None = None, **overrides: object
) -> Settings:
    """Read settings from `environ` (default: the process's) and the TOML file it leads to.

    `overrides` are command-line options and win over both. Raises ConfigurationError.
    """
    environ = os.environ if environ is None else environ
    problems: list[Problem] = []
    given = _from_environment(environ, problems)
    instance = given.get("instance", Given("", "instance")).value
    chosen = environ.get(f"{PREFIX}CONFIG")
    path = Path(chosen) if chosen else Path(instance) / CONFIG_NAME
    given = _from_file(path, problems, required=bool(chosen)) | given
    given |= {
        name: Given(f"--{name.replace('_', '-')}", value)
        for name, value in overrides.items()
        if value is not None
    }
    settings = _validated(given, problems)
    if problems or settings is None:
        raise ConfigurationError(problems)
    return settings


def _from_environment(
    environ: Mapping[str, str], problems: list[Problem]
) -> dict[str, Given]:
    given: dict[str, Given] = {}
    if environ.get("DATABASE_URL"):
        given["database_url"] = Given("DATABASE_URL", environ["DATABASE_URL"])
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        short = variable.removeprefix(PREFIX)
        name = short.lower()
        secret = name.removesuffix("_file")
        if name in Settings.model_fields and name.upper() == short:
            given[name] = Given(variable, environ[variable])
        elif secret in Settings.model_fields and is_secret(Settings.model_fields[secret]):
            _read_secret(variable, secret, environ, given, problems)
        elif short not in CLIENT_VARIABLES:
            problems.append(_unknown(variable, environ[variable], name, PREFIX))
    return given


def _read_secret(
    variable: str,
    name: str,
    environ: Mapping[str, str],
    given: dict[str, Given],
    problems: list[Problem],
) -> None:
    """Take a secret from the file that `variable` names, unless it is also set directly."""
    if f"{PREFIX}{name.upper()}" in environ:
        mend = f"set either this or {PREFIX}{name.upper()}, not both"
        problems.append(Problem(variable, environ[variable], mend))
        return
    try:
        text = Path(environ[variable]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        mend = f"the file cannot be read ({error}); name a readable file holding the secret"
        problems.append(Problem(variable, environ[variable], mend))
    else:
        given[name] = Given(variable, text)


def _from_file(path: Path, problems: list[Problem], *, required: bool) -> dict[str, Given]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            mend = "there is no such file; create it or unset the variable"
            problems.append(Problem(f"{PREFIX}CONFIG", str(path), mend))
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(
            Problem(str(path), "(the file)", f"cannot be read as TOML: {error}")
        )
        return {}
    given: dict[str, Given] = {}
    for key, value in table.items():
        if key in Settings.model_fields:
            given[key] = Given(f"{path}: {key}", value)
        else:
            problems.append(_unknown(f"{path}: {key}", value, key))
    return given


def _unknown(shown: str, value: object, name: str, prefix: str = "") -> Problem:
    """A name nobody knows: suggest the nearest, and hide what may be a mistyped secret's value."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed when something is wrong

    near = get_close_matches(name, Settings.model_fields, n=1)
    guess = f"{prefix}{near[0].upper()}" if near and prefix else "".join(near)
    hint = f"did you mean {guess}?" if guess else "remove it; docs/settings.md lists all"
    hidden = any(word in name.lower() for word in SECRET_WORDS)
    return Problem(shown, MASK if hidden else str(value), f"no such setting; {hint}")


def _validated(given: dict[str, Given], problems: list[Problem]) -> Settings | None:
    try:
        return Settings.model_validate({name: item.value for name, item in given.items()})
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_context=False, include_input=False)
    problems.extend(_problem(flaw["loc"], flaw["msg"], given) for flaw in flaws)
    wrong = {flaw["loc"][0] for flaw in flaws if flaw["loc"]}
    if wrong:
        # Settings are compared with each other only once each is right alone: try the rest.
        _validated(
            {name: item for name, item in given.items() if name not in wrong}, problems
        )
    return None


def _problem(
    location: tuple[int | str, ...], message: str, given: dict[str, Given]
) -> Problem:
    mend = message.removeprefix("Value error, ")
    field = str(location[0]) if location else ""
    item = given.get(field)
    if item is None:
        return Problem("settings", "(together)", mend)
    hidden = is_secret(Settings.model_fields[field])
    return Problem(item.name, MASK if hidden else str(item.value), mend)


def describe() -> list[tuple[str, str, str, str]]:
    """Rows (setting, environment variable, default with unit, meaning) of the reference."""
    rows = []
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        unit = f" {extra['unit']}" if isinstance(extra, dict) else ""
        default = _shown(field.default)
        shown = f"`{default}`{unit}" if default else "unset"
        variable = f"`{PREFIX}{name.upper()}`"
        if is_secret(field):
            variable += f", `{PREFIX}{name.upper()}_FILE`"
        rows.append((f"`{name}`", variable, shown, field.description or ""))
    return rows


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, SecretStr) or default is None or default == ():
        return ""
    return str(default)


def reference() -> str:
    """The text of `docs/settings.md`."""
    head = (
        "# Settings\n\n"
        "This page is generated by `python -m webui.configuration`; a test compares it.\n\n"
        f"Environment variables win over the TOML file (`{PREFIX}CONFIG`, else\n"
        f"`<instance>/{CONFIG_NAME}`, keys as in the first column), and the file over the "
        "defaults.\nLists are separated by commas in the environment and are arrays in TOML.\n"
        "An unknown or wrong setting stops the start.\n\n"
        "| setting | environment | default | meaning |\n|---|---|---|---|\n"
    )
    return head + "".join(f"| {' | '.join(row)} |\n" for row in describe())


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is the page
