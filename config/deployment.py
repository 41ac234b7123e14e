"""Our own part of `manage.py check --deploy`: what would leave a studio open.

Some of it cannot be set wrong by settings alone; these checks then guard against a change of the
code, a plugin, or a file copied with other permissions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from common.middleware import PAGE_POLICY
from config.environment import Environment, key_weakness
from config.launcher.checks import unusable_import_roots
from config.secrets import FILE_NAME, FOR_OTHERS

GUARDS = (
    "common.middleware.RequestContextMiddleware",
    "common.middleware.SecurityHeadersMiddleware",
    "accounts.middleware.PersonMiddleware",
    "common.middleware.SafeRequestMiddleware",
)
WEAK_HASHERS = ("MD5", "SHA1", "Unsalted")
UNSAFE_SOURCES = ("'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "data:", "blob:", "*")

Check = Callable[[Environment], Iterator[CheckMessage]]
CHECKS: list[Check] = []


@register(Tags.security, deploy=True)
def check_installation(app_configs: object = None, **options: object) -> list[CheckMessage]:
    """Everything of this file."""
    del app_configs, options
    return [message for check in CHECKS for message in check(settings.ENVIRONMENT)]


def _ours(check: Check) -> Check:
    CHECKS.append(check)
    return check


@_ours
def _signing_key(_env: Environment) -> Iterator[CheckMessage]:
    if weakness := key_weakness(settings.SECRET_KEY):
        yield Error(f"The signing key can be guessed: {weakness}.", id="netloom.E001")


@_ours
def _files_for_others(env: Environment) -> Iterator[CheckMessage]:
    if _mode(env.data / FILE_NAME) & FOR_OTHERS:
        yield Error(
            f"{env.data / FILE_NAME} can be read by others.", hint="chmod 600", id="netloom.E002"
        )
    if _mode(env.data) & FOR_OTHERS:
        yield Error(
            f"The data folder {env.data} is open to others.", hint="chmod 700", id="netloom.E003"
        )


@_ours
def _hosts(_env: Environment) -> Iterator[CheckMessage]:
    wild = [host for host in settings.ALLOWED_HOSTS if host.startswith((".", "*"))]
    if wild:
        yield Error(f"Any web page whose host fits {wild[0]} is answered.", id="netloom.E004")


@_ours
def _python(env: Environment) -> Iterator[CheckMessage]:
    if env.import_python:
        yield Caution(
            "Whoever may edit a project can run code as this studio's account: it sees every file "
            "of the data folder, the signing key included.",
            hint="Leave NETLOOM_IMPORT_PYTHON off unless you trust every editor with the machine.",
            id="netloom.W006",
        )


@_ours
def _guards(_env: Environment) -> Iterator[CheckMessage]:
    places = [settings.MIDDLEWARE.index(name) for name in GUARDS if name in settings.MIDDLEWARE]
    if len(places) != len(GUARDS) or places != sorted(places):
        yield Error("The guards of requests are missing or out of order.", id="netloom.E005")


@_ours
def _scripts(_env: Environment) -> Iterator[CheckMessage]:
    policy = {part.split(" ")[0]: part.split(" ")[1:] for part in PAGE_POLICY.split("; ")}
    sources = policy.get("script-src", ["*"]) + policy.get("object-src", ["*"])
    if unsafe := [source for source in sources if source in UNSAFE_SOURCES]:
        yield Error(f"Pages may run scripts from {', '.join(unsafe)}.", id="netloom.E006")


@_ours
def _messages(_env: Environment) -> Iterator[CheckMessage]:
    from config.celery import app

    if list(app.conf.accept_content) != ["json"] or app.conf.result_backend:
        yield Error("Workers accept more than JSON, or keep results in Redis.", id="netloom.E007")


@_ours
def _redis(_env: Environment) -> Iterator[CheckMessage]:
    address = urlsplit(settings.REDIS_URL)
    if address.scheme == "unix":
        if _mode(Path(address.path).parent) & FOR_OTHERS:
            yield Error("The folder of Redis' socket is open to others.", id="netloom.E008")
    elif address.scheme and not address.password:
        yield Error("Redis has no password.", hint="redis://:PASSWORD@host", id="netloom.E009")


@_ours
def _database(env: Environment) -> Iterator[CheckMessage]:
    address = urlsplit(env.database_url)
    if address.hostname and not _is_loopback(address.hostname) and not address.password:
        yield Error("PostgreSQL is reached without a password.", id="netloom.E010")


@_ours
def _reached_in_the_clear(env: Environment) -> Iterator[CheckMessage]:
    address = urlsplit(env.public_url)
    is_plain = address.scheme == "http" and not _is_loopback(address.hostname or "")
    if is_plain or (not address.scheme and not _is_loopback(env.host)):
        yield Caution(
            "Passwords and sessions travel in the clear.",
            hint="Put a TLS proxy in front and set NETLOOM_PUBLIC_URL=https://...",
            id="netloom.W011",
        )
    if env.behind_proxy and address.scheme != "https":
        yield Error(
            "Forwarded headers are trusted, but no proxy with TLS is named.",
            hint="Set NETLOOM_PUBLIC_URL, or leave NETLOOM_BEHIND_PROXY off.",
            id="netloom.E012",
        )


@_ours
def _import_roots(env: Environment) -> Iterator[CheckMessage]:
    data = env.data.resolve()
    for root in (folder.resolve() for folder in env.import_roots):
        if data.is_relative_to(root) or root.is_relative_to(data):
            yield Error(
                f"Everyone can bring in files from {root}, where the studio's own are.",
                hint="Name folders of data alone in NETLOOM_IMPORT_ROOTS.",
                id="netloom.E013",
            )
    for sentence in unusable_import_roots(env.import_roots):
        yield Caution(sentence, id="netloom.W018")


@_ours
def _passwords(_env: Environment) -> Iterator[CheckMessage]:
    first = settings.PASSWORD_HASHERS[0].rpartition(".")[2]
    if first.startswith(WEAK_HASHERS):
        yield Error(f"Passwords are stored by {first}.", id="netloom.E014")


@_ours
def _cookies(_env: Environment) -> Iterator[CheckMessage]:
    wanted: dict[str, Any] = {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
    }
    for name, value in wanted.items():
        if getattr(settings, name) != value:
            yield Error(f"{name} has to be {value!r}.", id="netloom.E015")


@_ours
def _many_machines(env: Environment) -> Iterator[CheckMessage]:
    """Whoever shares files by a store shares them between machines."""
    if not env.s3_bucket:
        return
    for name in ("secret_key", "installation_id"):
        if not getattr(env, name):
            yield Caution(
                f"NETLOOM_{name.upper()} is not set: every machine makes one of its own, and a"
                " sign-in at one is none at another.",
                id="netloom.W016",
            )
    if not env.database_url:
        yield Caution(
            "Files are in a shared store, but the database is a file of this machine.",
            hint="Set NETLOOM_DATABASE_URL=postgresql://...",
            id="netloom.W017",
        )


def _mode(path: Path) -> int:
    """Permissions of a file, 0 when there is none."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
