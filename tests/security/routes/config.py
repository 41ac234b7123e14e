from __future__ import annotations

from tests.security.routes import Route

ROUTES = {"get_health": Route("nobody")}
OBJECTS = {}
