"""Addresses that answers name, complete with the path the studio is mounted on."""

from __future__ import annotations

from django.conf import settings


def api_address(path: str) -> str:
    """Address below `/api`, for a page to link to; `path` begins with a slash."""
    return f"{settings.FORCE_SCRIPT_NAME or ''}/api{path}"
