"""Calling every operation of the API, found in its own description."""

from __future__ import annotations

import re
from typing import Any

from config.api import api
from tests.client import ApiClient
from tests.security.routes import World, all_objects, all_routes

SCHEMA: dict[str, Any] = api.get_openapi_schema()
# Operation id to (method, path template).
OPERATIONS: dict[str, tuple[str, str]] = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}
_ID = re.compile("[0-9a-z]{12}")
ID_OF_NOTHING = "a" * 12
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
UNSAFE = sorted(name for name, (method, _) in OPERATIONS.items() if method not in SAFE_METHODS)
SAFE = sorted(name for name, (method, _) in OPERATIONS.items() if method in SAFE_METHODS)


def address_of(world: World, operation_id: str, *, is_missing: bool = False) -> str:
    """Address of an operation over objects that are made in `world`, or that do not exist."""
    route, objects = all_routes()[operation_id], all_objects()

    def made(match: re.Match[str]) -> str:
        found = (objects.get(f"{operation_id}.{match[1]}") or objects[match[1]])(world)
        return ID_OF_NOTHING if is_missing and _ID.fullmatch(found) else found

    path = re.sub(r"\{(\w+)\}", made, OPERATIONS[operation_id][1])
    query = route.query(world) if callable(route.query) else route.query
    return f"{path}?{query}" if query else path


def body_of(world: World, operation_id: str) -> Any:
    """The body of the operation's row: JSON, bytes, or None."""
    body = all_routes()[operation_id].body
    return body(world) if callable(body) else body


def call(client: ApiClient, world: World, operation_id: str, **headers: str) -> Any:
    """Call an operation the way its row says."""
    address, body = address_of(world, operation_id), body_of(world, operation_id)
    return send(client, operation_id, address, body, **headers)


def send(client: ApiClient, operation_id: str, address: str, body: Any, **headers: str) -> Any:
    """Send a request of an operation; bytes go as they are."""
    if isinstance(body, bytes):
        return client.put_bytes(address, body, **headers)
    return client.request(OPERATIONS[operation_id][0], address, body, **headers)


def code_of(answer: Any) -> str:
    """The code of a problem, empty for every other answer."""
    if "problem+json" not in answer.headers.get("Content-Type", ""):
        return ""
    return answer.json()["code"]
