"""The language of a request: which one it is, and how templates speak it.

In a template a text stands in `{% trans %}` or in `_("...")`; sentences of the rules
(`webui/sentences.py`) are told in the reader's language wherever they are put out.
"""

import json
import re
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.people import speaking
from webui.languages import NAMES, Language, chosen, language
from webui.sentences import Sentence, told
from webui.web.access import me
from webui.web.context import house
from webui.web.doors import public

blueprint = Blueprint("speaking", __name__)
BROWSER = "browser"
"""The choice to follow the browser, as the form sends it."""
_MEANS_SOMETHING: Final = re.compile("[&<>'\"]").search
"""In HTML: `escape` writes no other sign than it stands."""


def spoken() -> Language:
    """Return the language of this request: the person's, else the browser's, else English."""
    kept = g._get_current_object()  # noqa: SLF001 - flask's own; a page asks hundreds of times
    known: Language | None = kept.get("language")
    if known is None:
        own = current_user.signed.language if current_user.is_authenticated else None
        known = g.language = chosen(own, list(request.accept_languages.values()))
    return known


def of_browser() -> Language:
    """Return the language that the browser asks for: no database is asked for a person's own."""
    return chosen(None, list(request.accept_languages.values()))


def tell(value: object) -> object:
    """Return a sentence in the reader's language, and anything else as it is."""
    return value.told(spoken()) if isinstance(value, Sentence) else value


def put(value: object) -> str:
    """Return a value as it stands in a page: told in the reader's language, and escaped."""
    if type(value) is str:  # not what is to be told: that is of a kind of its own
        return value if _MEANS_SOMETHING(value) is None else escape(value)
    if type(value) is Markup:
        return value
    return str(value) if type(value) is int else escape(tell(value))


@blueprint.post("/account/language")
def choose() -> BaseResponse:
    """Choose the language of one's pages."""
    person, asked = me(), request.form.get("language", "")
    code = None if asked == BROWSER else asked
    house().store.write(
        lambda tx: speaking.set_language(tx, person.org_id, person.signed.user_id, code)
    )
    return redirect(url_for("account.page"), 303)


@blueprint.get("/texts/<version>/<code>.js")
@public
def texts(version: str, code: str) -> Response:
    """Give the scripts of a page their texts; a page in English needs none."""
    known = language(code) if code in NAMES else chosen(None)
    answer = Response(
        f"window.COUNTERSIGN_TEXTS = {json.dumps(known.of_scripts, sort_keys=True)};\n",
        content_type="text/javascript; charset=utf-8",
    )
    fresh = version == known.version
    answer.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if fresh else "no-cache"
    )
    return answer


def register(app: Flask) -> None:
    """Let the templates speak the language of the request."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    environment.globals.update(
        gettext=_gettext, ngettext=_ngettext, pgettext=_pgettext, _=_gettext
    )
    environment.globals["spoken"] = spoken
    environment.finalize = tell
    app.add_template_filter(tell, "told")
    app.add_template_filter(lambda value: spoken().number(value), "number")
    app.add_template_filter(lambda share: spoken().percent(share), "percent")

    @app.after_request
    def say_which(answer: Response) -> Response:
        if answer.mimetype == "text/html":
            answer.headers.setdefault("Content-Language", spoken().code)
        return answer


@pass_eval_context
def _gettext(context: EvalContext, message: str, /, **values: object) -> str:
    speaker = spoken()
    if not values and context.autoescape:
        return _as_markup(speaker, message)
    return _filled(context, speaker, speaker.gettext(message), values)


@lru_cache(maxsize=4096)
def _as_markup(speaker: Language, message: str) -> Markup:
    """Return a text without values: the heads of a table stand in each of its rows."""
    return Markup(speaker.gettext(message) % {})  # noqa: S704 - our text


@pass_eval_context
def _ngettext(
    context: EvalContext, one: str, many: str, number: int, /, **values: object
) -> str:
    values.setdefault("num", number)
    speaker = spoken()
    return _filled(context, speaker, speaker.ngettext(one, many, number), values)


@pass_eval_context
def _pgettext(context: EvalContext, about: str, message: str, /, **values: object) -> str:
    speaker = spoken()
    return _filled(context, speaker, speaker.pgettext(about, message), values)


def _filled(
    context: EvalContext, speaker: Language, text: str, values: dict[str, Any]
) -> str:
    """Put values into a translation: escaped, as the translation itself is markup of ours."""
    if not context.autoescape:
        return text % {name: told(value, speaker) for name, value in values.items()}
    escaped = {name: put(value) for name, value in values.items()}
    return Markup(text % escaped)  # noqa: S704 - our text
