from __future__ import annotations

from collections.abc import Callable

from tests.security.routes import Route, World

ROUTES: dict[str, Route] = {}
OBJECTS: dict[str, Callable[[World], str]] = {}
