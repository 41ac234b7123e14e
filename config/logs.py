"""Logging: one line an event on standard error, with the request's id."""

from __future__ import annotations

from typing import Any

from config.environment import Environment


def logging_config(env: Environment) -> dict[str, Any]:
    """Django's LOGGING. Headers, cookies and bodies are never logged."""
    level = env.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "common.logs.RequestIdFilter"}},
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request_id"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # 4xx answers are the caller's business, not an operator's warning.
            "django.request": {"level": "ERROR"},
            "daphne": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
        },
    }
