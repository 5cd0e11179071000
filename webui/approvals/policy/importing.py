"""Bringing in a file of an MCP policy gateway: nothing changes but what it leaves implied.

The gateways allow what no rule names; here an unset default asks. So `default: allow` is
written out, and every other byte stays as it is.
"""

import re
from dataclasses import dataclass
from typing import Final

from webui.approvals.call.json_faults import step
from webui.approvals.policy.document import EVERY_TOOL, Policy
from webui.approvals.policy.faults import PolicyError, PolicyFault
from webui.approvals.policy.reading import read_policy
from webui.approvals.policy.rulebook import is_glob
from webui.approvals.policy.yaml_text import Source, read_yaml
from webui.sentences import sentence

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Imported:
    """The text to keep, its policy, and the line that was written into it."""

    text: str
    policy: Policy
    added_line: int | None
    """None: nothing was implied."""


def import_policy(text: str) -> Imported:
    """Return a gateway's file as a policy of ours; PolicyError says what is wrong with it."""
    policy = read_policy(text)
    source, _ = read_yaml(text)
    literal = _literal_names(source, policy)
    if literal:
        raise PolicyError(literal)
    if policy.default_written:
        return Imported(text, policy, None)
    line, written = _with_default(text, source)
    if read_yaml(written)[0].value != {**source.value, "default": "allow"}:
        said = sentence(
            "there is no plain place to write it. Add default: allow below version."
        )
        raise PolicyError([source.fault("/default", said)])
    return Imported(written, read_policy(written), line)


def _literal_names(source: Source, policy: Policy) -> list[PolicyFault]:
    """Return the names that would mean more here than in a gateway, which knows no globs."""
    places = [("/hide/" + str(index), name) for index, name in enumerate(policy.hide)]
    places += [("/tools" + step(tool.name), tool.name) for tool in policy.tools]
    return [
        source.fault(
            place,
            sentence(
                '"%(name)s" is a plain name in the gateway and would be a glob here, so it '
                "would mean more. Name the tools, or remove it and add it after the import.",
                name=name,
            ),
        )
        for place, name in places
        if is_glob(name) and name != EVERY_TOOL
    ]


def _with_default(text: str, source: Source) -> tuple[int, str]:
    """Return the text with its default, and the line that it stands on."""
    root, version = source.place(""), source.place("/version")
    starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    first = starts[root.line - 1] + root.column - 1
    if text[first : first + 1] == "{":
        return root.line, f'{text[: first + 1]}"default": "allow", {text[first + 1 :]}'
    indent = " " * (version.column - 1)
    end = _LINE_END.search(text, starts[version.line - 1])
    if end is None:
        return version.line + 1, f"{text}\n{indent}default: allow"
    added = f"{indent}default: allow{end[0]}"
    return version.line + 1, text[: end.end()] + added + text[end.end() :]
