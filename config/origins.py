"""Which hosts the studio answers to and which origins its pages have."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.environment import Environment

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to


def allowed_hosts(env: Environment) -> list[str]:
    """Host names for ALLOWED_HOSTS; never a wildcard."""
    hosts = [*LOOPBACK, *env.allowed_hosts]
    if env.host not in ANY_ADDRESS:
        hosts.append(env.host)
    if env.public_url:
        hosts.append(urlsplit(env.public_url).hostname or "")
    return list(dict.fromkeys(host for host in hosts if host))


def trusted_origins(env: Environment) -> list[str]:
    """Origins that are ours although they are not scheme://Host of the request: the proxy's."""
    if not env.public_url:
        return []
    parts = urlsplit(env.public_url)
    return [f"{parts.scheme}://{parts.netloc}"]


def is_secure(env: Environment) -> bool:
    """True when people reach the studio over TLS."""
    return env.public_url.startswith("https://")


def sub_path(env: Environment) -> str:
    """Path the studio is mounted on, without a trailing slash; empty at the root."""
    return urlsplit(env.public_url).path.rstrip("/") if env.public_url else ""
