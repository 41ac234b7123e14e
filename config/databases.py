"""The database: SQLite in the data folder, or PostgreSQL by address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config.environment import Environment, SettingProblem, environment

# Measured with four processes doing 200 read-then-write transactions each: Django's defaults end
# in 114 "database is locked"; these options in none, with a worst wait of 1.6 s.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


# How long a request waits for a connection, and a pool before it starts trying anew: while the
# server is away a longer patience would be slower to notice that it is back.
POOL_WAIT_S = 10.0


def missing_database(error: BaseException) -> str | None:
    """What to tell whose command failed because nothing was ever set up here; None otherwise."""
    told = str(error)
    is_missing = "no such table" in told or ("relation" in told and "does not exist" in told)
    if type(error).__name__ not in ("OperationalError", "ProgrammingError") or not is_missing:
        return None
    env = environment()
    place = "NETLOOM_DATABASE_URL" if env.database_url else f"NETLOOM_DATA={env.data}"
    return (
        f"There is no studio in {place} yet, or an older one. Start it once with `make run`"
        " (`python manage.py migrate` sets the database up alone), or name the right place."
    )


def database(env: Environment) -> dict[str, Any]:
    """Django's description of the database the settings name."""
    if not env.database_url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": env.database_file,
            "OPTIONS": SQLITE_OPTIONS,
            # Opening it for every request costs as much as a query; threads are few and stay.
            "CONN_MAX_AGE": 600,
            # A file rather than memory: several threads and processes take part in the tests.
            "TEST": {"NAME": env.data / "test.sqlite3"},
        }
    parts = urlsplit(env.database_url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingProblem(
            f"The setting NETLOOM_DATABASE_URL names {parts.scheme or 'no'} database; only"
            " postgresql:// is understood. Leave it empty for SQLite."
        )
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # A connection that died with its server is found out before it is used.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **options,
            "pool": {
                "min_size": 1,
                "max_size": env.database_pool,
                "timeout": POOL_WAIT_S,
                "reconnect_timeout": POOL_WAIT_S,
            },
        },
    }
