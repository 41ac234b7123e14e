"""Who may open the websocket: our own pages with a live session, and programs with a token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http.request import validate_host
from django.utils.crypto import constant_time_compare

from accounts.models import Person
from accounts.services import person_of_token
from common.origins import is_same_origin
from common.websocket import TopicConsumer

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
PATH = "/ws/"


def websocket_application() -> Application:
    """The ASGI application of every websocket; whatever it does not know it denies."""
    consumer = TopicConsumer.as_asgi()

    async def application(scope: Scope, receive: Any, send: Any) -> None:
        identify = _identification(scope) if _is_our_path(scope) else None
        person = await database_sync_to_async(identify)() if identify else None
        if identify is None or person is None:
            await _deny(receive, send)
            return

        async def is_still_signed_in() -> bool:
            return await database_sync_to_async(identify)() == person

        extended: Any = {**scope, "person": person, "is_still_signed_in": is_still_signed_in}
        await consumer(extended, receive, send)

    return application


async def _deny(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4401})


def _is_our_path(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.removeprefix(settings.FORCE_SCRIPT_NAME or "") == PATH


def _identification(scope: Scope) -> Callable[[], Person | None] | None:
    """How to find out, now and later, who is on the other side; None denies."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    if not validate_host(_without_port(host), settings.ALLOWED_HOSTS):
        return None
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    origin = headers.get(b"origin")
    if origin is not None and not is_same_origin(
        origin, _http_scheme(scope, headers), host, settings.CSRF_TRUSTED_ORIGINS
    ):
        return None
    if scheme.lower() == "bearer":
        return lambda: person_of_token(token.strip())
    if origin is None:
        return None
    session_key = _cookie(headers.get(b"cookie", ""), settings.SESSION_COOKIE_NAME)
    return (lambda: person_of_session(session_key)) if session_key else None


def person_of_session(session_key: str) -> Person | None:
    """The person of a session that is still in the database, None otherwise."""
    engine = import_module(settings.SESSION_ENGINE)
    session = engine.SessionStore(session_key)
    if BACKEND_SESSION_KEY not in session:
        return None
    person = Person.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first()
    if person is None:
        return None
    proof = session.get(HASH_SESSION_KEY, "")
    # A changed password ends every session.
    return person if constant_time_compare(proof, person.get_session_auth_hash()) else None


def _http_scheme(scope: Scope, headers: dict[bytes, str]) -> str:
    if settings.ENVIRONMENT.behind_proxy and headers.get(b"x-forwarded-proto"):
        return headers[b"x-forwarded-proto"]
    return "https" if scope.get("scheme") == "wss" else "http"


def _without_port(host: str) -> str:
    if host.endswith("]"):
        return host
    name, separator, port = host.rpartition(":")
    return name if separator and port.isdigit() else host


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
