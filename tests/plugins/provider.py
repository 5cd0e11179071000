"""A real identity provider (Canaille) in a thread, and what a test can do to its answers.

`provider` serves over HTTP on localhost; people and groups live in its memory. `tamper` is
asked for each answer that leaves it, so that a test can be the provider gone wrong.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from webui.approvals.people.standing import By
from webui.channels.addresses import AllowList
from webui.oidc import providers
from webui.oidc.providers import Wanted

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask
    from werkzeug.test import Client, TestResponse

    from tests.plugins.desk import Browser, House, Member
    from webui.store.store import Store

SECRET = "a-client-secret-of-the-provider"
CLIENT = "countersign-desk"
CALLBACK = "http://localhost:8080/sign-in/sso/callback"
OPENED = AllowList(hosts=frozenset({"localhost"}))
UNVERIFIED = "has not confirmed the address"
_MAPPING = {"EMAIL_VERIFIED": "{% if user.title %}false{% else %}true{% endif %}"}
Tamper = Callable[[str, int, Any], tuple[int, Any]]
"""Path, status and JSON body of an answer to what they become."""


@dataclass
class IdentityServer:
    """The provider and its people."""

    app: Flask
    url: str
    key: Any
    """Its private signing key."""
    people: dict[str, Any] = field(default_factory=dict)
    tamper: Tamper | None = None
    asked: list[str] = field(default_factory=list)
    """Paths that were called, by whomever."""

    def add(self, name: str, email: str, *, verified: bool = True) -> None:
        """Add a person; `name` is their subject."""
        from canaille.app import models  # noqa: PLC0415
        from canaille.backends import Backend  # noqa: PLC0415

        with self.app.app_context():
            person = models.User(
                user_name=name,
                formatted_name=name.capitalize(),
                family_name=name.capitalize(),
                emails=[email],
                password="a password of the provider",
                title=None if verified else UNVERIFIED,
            )
            Backend.instance.save(person)
        self.people[name] = person

    def put_into(self, group: str, *names: str) -> None:
        """Let exactly these people be in a group."""
        from canaille.app import models  # noqa: PLC0415
        from canaille.backends import Backend  # noqa: PLC0415

        members = [self.people[name] for name in names]
        with self.app.app_context():
            row = Backend.instance.get(models.Group, display_name=group)
            if row is None and members:
                row = models.Group(display_name=group, members=members)
                Backend.instance.save(row)
            elif row is not None and members:
                row.members = members
                Backend.instance.save(row)
            elif row is not None:
                Backend.instance.delete(row)

    def forget_all(self) -> None:
        """Forget people and groups."""
        from canaille.app import models  # noqa: PLC0415
        from canaille.backends import Backend  # noqa: PLC0415

        with self.app.app_context():
            for kind in (models.Token, models.AuthorizationCode, models.Group, models.User):
                for row in Backend.instance.query(kind):
                    Backend.instance.delete(row)
        self.people.clear()
        self.asked.clear()
        self.tamper = None

    def answer(
        self, address: str, name: str, *, factors: int = 1, ago: int = 0
    ) -> dict[str, str]:
        """Follow an address as the browser of somebody who is signed in there.

        Args:
            address: where the desk sent the browser.
            name: who is in that browser.
            factors: how many they proved it with.
            ago: seconds since then.

        Return the parameters they come back with.
        """
        with self._as(name, factors, ago):
            parts = urlsplit(address)
            answer = self._client().get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 302, answer.get_data(as_text=True)
        back = urlsplit(answer.headers["Location"])
        assert back.path == urlsplit(CALLBACK).path, answer.headers["Location"]
        return {key: values[0] for key, values in parse_qs(back.query).items()}

    def _client(self) -> Client:
        return self.app.test_client()

    @contextmanager
    def _as(self, name: str, factors: int, ago: int) -> Iterator[None]:
        from canaille.app.session import UserSession  # noqa: PLC0415
        from flask import g  # noqa: PLC0415

        now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago)
        methods = ["password", "otp"][:factors]
        person = self.people[name]

        def enter() -> None:
            g.session = UserSession(person, now, methods)

        hooks = self.app.before_request_funcs.setdefault(None, [])
        hooks.append(enter)
        try:
            yield
        finally:
            hooks.remove(enter)

    def wsgi(self, environ: WSGIEnvironment, start: StartResponse) -> Any:
        """Answer, as the test wants it."""
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if self.tamper is None:
            return self.app(environ, start)
        kept: list[Any] = []

        def keep(status: str, headers: Any, exc_info: Any = None) -> Any:
            kept.extend((status, headers))

        body = b"".join(self.app(environ, keep))
        status, found = self.tamper(path, int(kept[0][:3]), _read(body))
        text = found if isinstance(found, bytes) else json.dumps(found).encode()
        start(
            f"{status} X",
            [("Content-Type", "application/json"), ("Content-Length", str(len(text)))],
        )
        return [text]


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture(scope="session")
def _identity_server() -> Iterator[IdentityServer]:
    import os  # noqa: PLC0415

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    from canaille import create_app  # noqa: PLC0415
    from joserfc.jwk import JWKRegistry  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    served: list[IdentityServer] = []
    httpd = make_server(
        "localhost",
        0,
        lambda environ, start: served[0].wsgi(environ, start),  # noqa: PLW0108 - not there yet
        threaded=True,
    )
    key = JWKRegistry.generate_key("RSA", 2048)
    key.ensure_kid()
    app = create_app(config=_configuration(httpd.port, key))
    app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"] |= _MAPPING
    served.append(IdentityServer(app, f"http://localhost:{httpd.port}", key))
    _register(app, CALLBACK)
    _look_codes_up_exactly()
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield served[0]
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def _look_codes_up_exactly() -> None:
    """Mend Canaille's memory store, for which one of several conditions is enough.

    Asked for a code of a client it gives any code of that client, so that a stolen or used code
    would be taken for the newest one. Its other stores ask for all conditions.
    """
    from canaille.app import models  # noqa: PLC0415
    from canaille.backends import Backend  # noqa: PLC0415
    from canaille.oidc.provider import AuthorizationCodeGrant  # noqa: PLC0415

    def look_up(_grant: Any, code: str, client: Any) -> Any:
        found = Backend.instance.get(models.AuthorizationCode, code=code)
        fits = found and found.client.id == client.id and not found.is_expired()
        return found if fits else None

    AuthorizationCodeGrant.query_authorization_code = look_up


def _configuration(port: int, key: Any) -> dict[str, Any]:
    return {
        "TESTING": True,
        "ENV_FILE": None,
        "SECRET_KEY": str(uuid.uuid4()),
        "WTF_CSRF_ENABLED": False,
        "PREFERRED_URL_SCHEME": "http",
        "SERVER_NAME": f"localhost:{port}",
        "CANAILLE": {
            "DATABASE": "memory",
            "JAVASCRIPT": False,
            "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}},
            "LOGGING": {"version": 1, "disable_existing_loggers": False},
        },
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [key.as_dict(private=True)],
        },
    }


def _register(app: Flask, *callbacks: str) -> None:
    """Register the desk as a client that people trust."""
    from canaille.app import models  # noqa: PLC0415
    from canaille.backends import Backend  # noqa: PLC0415

    with app.app_context():
        client = Backend.instance.get(models.Client, client_id=CLIENT)
        if client is None:
            client = models.Client(
                client_id=CLIENT,
                client_secret=SECRET,
                client_name="Countersign",
                redirect_uris=[],
                grant_types=["authorization_code"],
                response_types=["code"],
                scope=["openid", "profile", "email", "groups"],
                token_endpoint_auth_method="client_secret_basic",
                client_uri="http://localhost:8080",
            )
            Backend.instance.save(client)
            client.audience = [client]
        client.redirect_uris = [*client.redirect_uris, *callbacks]
        Backend.instance.save(client)


def register_callback(server: IdentityServer, callback: str) -> None:
    """Let another desk's address be led back to."""
    _register(server.app, callback)


@pytest.fixture
def provider(_identity_server: IdentityServer) -> Iterator[IdentityServer]:
    """The provider, without a person."""
    _identity_server.forget_all()
    yield _identity_server
    _identity_server.tamper = None


def wanted(server: IdentityServer, **more: Any) -> Wanted:
    """Return what an admin enters about this provider."""
    fields = {
        "name": "Corp",
        "issuer": server.url,
        "client_id": CLIENT,
        "secret": SECRET,
        "scopes": "openid email profile groups",
        "roles": {"desk-reviewers": "reviewer", "desk-admins": "admin"},
    }
    return Wanted(**{**fields, **more})


@dataclass
class Desk:
    """The desk's side of a sign-in: where to begin and how to come back."""

    server: IdentityServer
    store: Store
    org_id: str
    slug: str
    provider_id: str

    @property
    def start(self) -> str:
        """Where a sign-in begins."""
        return f"/sign-in/sso/{self.slug}/{self.provider_id}"

    def leave(self, browser: Browser, path: str = "", **query: str) -> str:
        """Begin in a browser; return the address at the provider it is sent to."""
        answer = browser.get(path or self.start, query_string=query)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        address: str = answer.headers["Location"]
        assert address.startswith(self.server.url), address
        return address

    def sign_in(self, browser: Browser, name: str, **more: Any) -> TestResponse:
        """Sign somebody in, from begin to end."""
        return come_back(browser, self.server.answer(self.leave(browser), name, **more))


def come_back(browser: Browser, answer: dict[str, str]) -> TestResponse:
    """Return to the desk with a provider's answer."""
    return browser.get("/sign-in/sso/callback", query_string=answer)


@pytest.fixture
def sso(provider: IdentityServer, store: Store, house: House) -> Desk:
    """The provider, entered in Ana's org."""
    made = store.write(
        lambda tx: providers.add(tx, house.org_id, By(), wanted(provider), OPENED)
    )
    return Desk(provider, store, house.org_id, "acme", made)


def sentence(answer: TestResponse) -> str:
    """Return what the page says went wrong."""
    found = re.search(r'role="alert">(.*?)</div>\s*(?:</div>)?', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def link(store: Store, desk: Desk, member: Member, subject: str, **more: Any) -> None:
    """Link somebody with a subject, as if they had done it on their account's page."""
    from webui.store.models import Identity  # noqa: PLC0415

    def unit(tx: Any) -> None:
        tx.session.add(
            Identity(
                provider_id=desk.provider_id,
                subject=subject,
                user_id=member.id,
                created_at=tx.now,
                **{"email": member.email, **more},
            )
        )
        tx.session.flush()

    store.write(unit)
