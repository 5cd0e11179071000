"""A program that an agent runs in a page of a browser: what in it reaches out of the page."""

import re
from typing import Final

from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.member_names import CODE
from webui.preview.renderers.saying import said, whole
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.sentences import number, sentence

_CODE: Final = (*CODE, "js")
_RULES: Final = (
    ("reads", sentence("reads what keeps somebody logged in"), (
        r"\.cookie", r"localStorage", r"sessionStorage", r"indexedDB", r"\.credentials",
        r"storageState", r"\.cookies\s{0,20}\(", r"""\[\s{0,20}["'`]cookie""",
    )),
    ("sends", sentence("can send something to another place"), (
        r"fetch\s{0,20}\(", r"XMLHttpRequest", r"sendBeacon", r"WebSocket", r"EventSource",
        r"new\s{1,20}Image", r"\.src\s{0,20}=", r"\.action\s{0,20}=", r"postMessage\s{0,20}\(",
        r"RTCPeerConnection", r"axios",
    )),
    ("moves", sentence("leads the page to another place"), (
        r"location\s{0,20}[.=]", r"window\s{0,20}\.\s{0,20}open", r"\.goto\s{0,20}\(",
    )),
    ("submits", sentence("submits or clicks something by itself"), (
        r"\.submit\s{0,20}\(", r"requestSubmit", r"\.click\s{0,20}\(",
    )),
    ("makes", sentence("runs a text as a program"), (
        r"eval\s{0,20}\(", r"Function\s{0,20}\(", r"atob\s{0,20}\(", r"import\s{0,20}\(",
        r"fromCharCode", r"""setTimeout\s{0,20}\(\s{0,20}["'`]""", r"document\s{0,20}\.\s{0,20}write",
        r"""\[\s{0,20}["'`](?:ev|constr)""",
    )),
    ("leaves", sentence("reaches out of the browser"), (
        r"child_process", r"require\s{0,20}\(", r"process\s{0,20}\.", r"execSync", r"spawn\s{0,20}\(",
    )),
    ("passwords", sentence("reads what is typed as a password"), (r"""type\s{0,20}=\s{0,20}\\?["']?password""",)),
)  # fmt: skip
_COMPILED: Final = tuple(
    (kind, words, tuple(map(re.compile, patterns))) for kind, words, patterns in _RULES
)


def look_at_code(found: Findings, arguments: Arguments, sheets: Sheets) -> None:
    """Show each program of the call, and say what it does by its words."""
    for key in _CODE:
        text = arguments.text(key)
        if text is None:
            continue
        sheet = sheets.start(sentence("The program"))
        add_lines(sheet, whole(text))
        sheets.keep(sheet)
        found.note(
            "runs",
            sentence("It runs with all that the page and whoever is logged in may do."),
        )
        for kind, does, patterns in _COMPILED:
            matches = [match for each in patterns if (match := each.search(text.plain))]
            if not matches:
                continue
            match = min(matches, key=lambda match: match.start())
            line = text.plain.count("\n", 0, match.start()) + 1
            shown = said(whole(text)._replace(begin=match.start(), end=match.end()))
            words = sentence(
                "Line %(line)s %(does)s: %(shown)s.",
                line=number(line),
                does=does,
                shown=shown,
            )
            found.danger(kind, words, line)
        if text.hides(0, len(text.plain)):
            found.danger(
                "secret-code",
                sentence("A part of the program is masked: it may do anything."),
            )
