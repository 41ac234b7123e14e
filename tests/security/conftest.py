"""The project that all attacks are made on, with a person in every role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.services import create_project
from tests.security.routes import World


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any]) -> World:
    owner, stranger = make_person("Owner"), make_person("Stranger")
    project = create_project(owner, "Guarded")
    create_project(stranger, "Elsewhere")
    people = {role: join(project, role) for role in ("viewer", "labeler", "editor")}
    member = join(project, "viewer")
    return World(project, {**people, "owner": owner, "stranger": stranger, "member": member})
