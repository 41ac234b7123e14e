"""Who may use each route: one row an operation, one file an app.

To add a route, add its row to the app's file. A path parameter that is new needs an entry in the
file's OBJECTS: a function that makes such an object in `world.project` and returns its id.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Needs = Literal["nobody", "person", "view", "label", "edit", "own", "mine"]
APPS = ("accounts", "storage", "jobs", "designer", "datasets", "training", "inspection", "config")


@dataclass
class World:
    """What the objects are made in.

    Attributes:
        project: The project whose members have one role each.
        people: Person by role; "stranger" owns another project.
        role: The role of the request that is being made.
    """

    project: Any
    people: dict[str, Any]
    role: str = "owner"
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make something the first time it is asked for."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


@dataclass(frozen=True)
class Route:
    """How to call an operation, and what one must be to have it done.

    Attributes:
        needs: "nobody" is public, "person" anyone signed in, an action is checked in the
            project, "mine" belongs to the person alone.
        body: JSON, or a function of the world; bytes are sent as they are.
        query: Part after the question mark, may be a function of the world.
        may_be_missing: 404 is also an honest answer to those who may ask.
    """

    needs: Needs
    body: Any = None
    query: str | Callable[[World], str] = ""
    may_be_missing: bool = False


def all_routes() -> dict[str, Route]:
    """Rows of all apps by operation id."""
    rows: dict[str, Route] = {}
    for app in APPS:
        rows.update(_file_of(app).ROUTES)
    return rows


def all_objects() -> dict[str, Callable[[World], str]]:
    """Functions that make the object a path parameter names.

    A key `operation_id.parameter` wins over `parameter`, for operations that need another state.
    """
    made: dict[str, Callable[[World], str]] = {}
    for app in APPS:
        made.update(_file_of(app).OBJECTS)
    return made


def _file_of(app: str) -> Any:
    return importlib.import_module(f"tests.security.routes.{app}")
