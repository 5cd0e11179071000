"""What is settled about a JSON text before a parser sees it: size, encoding, levels, values.

Specification: details.md, section A, rules R1 and R2.
"""

from typing import Final

from webui.approvals.call.json_faults import Limits, Unreadable, too_deep, too_many_nodes
from webui.sentences import sentence

_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def decoded(body: bytes, limits: Limits) -> str:
    """Return the text of a body (R1). Raises Unreadable."""
    if len(body) > limits.body_bytes:
        raise Unreadable(
            "too_large",
            sentence(
                "the body has %(bytes)s bytes; the most is %(most)s. "
                "Send a reference to the content and its hash.",
                bytes=len(body),
                most=limits.body_bytes,
            ),
        )
    if body.startswith(b"\xef\xbb\xbf"):
        raise Unreadable(
            "bom",
            sentence(
                "the body begins with a byte order mark. Leave out its bytes EF BB BF."
            ),
        )
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "bad_utf8",
            sentence(
                "the body is not UTF-8 from byte %(at)s on. Encode it as UTF-8.",
                at=error.start,
            ),
        ) from None


def refuse_bombs(body: bytes, limits: Limits, deepest: int) -> None:
    """Refuse too many levels or values before a parser allocates or recurses for them.

    The first test is an upper bound that nearly every body passes. Beyond it, strings are
    cut out: with escaped backslashes and then escaped quotes gone, every quote left opens
    or closes a string, so that every second piece lies outside. This agrees with the
    parser up to the first syntax error, and no parser goes further than that.
    """
    opened = body.count(b"[") + body.count(b"{")
    if opened <= deepest and opened + body.count(b",") < limits.nodes:
        return
    pieces = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    outside = b'"'.join(pieces[::2]).translate(None, b" \t\n\r")
    level = 0
    for bracket in outside.translate(None, _NOT_BRACKETS):
        level += 1 if bracket in b"[{" else -1
        if level > deepest:
            raise too_deep(deepest)
    # Each value follows a comma or the bracket that opens a list with something in it.
    nodes = 1 + sum(map(outside.count, (b",", b"[", b"{")))
    nodes -= outside.count(b"[]") + outside.count(b"{}")
    if nodes > limits.nodes:
        raise too_many_nodes(limits.nodes)
