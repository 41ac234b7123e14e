"""Is a request from one of our own pages? Exact scheme, host and port."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin(origin: str, scheme: str, host: str, trusted: Collection[str]) -> bool:
    """Compare an Origin header with where the request went.

    Args:
        origin: The header as sent, for example "http://127.0.0.1:8780".
        scheme: "http" or "https" of the request.
        host: Its Host header, with the port when it is not the default one.
        trusted: Origins that are ours behind a proxy.
    """
    claimed = _parts(origin)
    if claimed is None:
        return False
    ours = [f"{scheme}://{host}", *trusted]
    return any(claimed == _parts(candidate) for candidate in ours)


def _parts(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path or parts.query:
        return None
    return parts.scheme, parts.hostname.lower(), port or _DEFAULT_PORTS[parts.scheme]
