"""Every route as everyone: anonymous, stranger, viewer, labeler, editor, owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.access import ROLE_ACTIONS
from accounts.services import create_project
from config.api import api
from tests.client import ApiClient
from tests.security.routes import Route, World, all_objects, all_routes

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "stranger", "viewer", "labeler", "editor", "owner")
SCHEMA = api.get_openapi_schema()
OPERATIONS: dict[str, tuple[str, str]] = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any]) -> World:
    owner = make_person("Owner")
    project = create_project(owner, "Guarded")
    people = {role: join(project, role) for role in ("viewer", "labeler", "editor")}
    stranger = make_person("Stranger")
    create_project(stranger, "Elsewhere")
    member = join(project, "viewer")
    return World(project, {**people, "owner": owner, "stranger": stranger, "member": member})


def test_every_route_has_a_row():
    assert set(OPERATIONS) == set(all_routes())


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_only_those_who_may(world: World, operation_id: str, clean_files: None):
    route = all_routes().get(operation_id)
    if route is None:
        pytest.fail(f"{operation_id} has no row in tests/security/routes")
    refused = {role: _call(world, route, operation_id, role) for role in ROLES}
    allowed = {role for role in ROLES if _is_allowed(route, role)}
    for role, (status, body) in refused.items():
        if role in allowed:
            assert status < 500, (role, status, body)
            if not route.may_be_missing:
                assert (status, body.get("code")) != (404, "not_found"), (role, body)
            assert body.get("code") != "signin_required", (role, body)
        else:
            expected = (401, "signin_required") if role == "anonymous" else (404, "not_found")
            assert (status, body.get("code")) == expected, (role, body)


def test_an_id_that_does_not_exist_looks_like_one_that_is_not_shared(world: World):
    stranger = ApiClient(world.people["stranger"])
    hidden = stranger.get(f"/api/projects/{world.project.id}")
    missing = stranger.get("/api/projects/aaaaaaaaaaaa")
    assert hidden.json() == missing.json()


def _is_allowed(route: Route, role: str) -> bool:
    if route.needs == "nobody":
        return True
    if role == "anonymous":
        return False
    if route.needs == "person":
        return True
    if route.needs == "mine":
        return role == "owner"
    return route.needs in ROLE_ACTIONS.get(role, frozenset())


def _call(world: World, route: Route, operation_id: str, role: str) -> tuple[int, dict[str, Any]]:
    """Call as `role`; whatever it did is undone."""
    method, template = OPERATIONS[operation_id]
    world.role = role
    world.made.clear()
    with transaction.atomic():
        objects = all_objects()

        def made(match: re.Match[str]) -> str:
            special = objects.get(f"{operation_id}.{match[1]}")
            return (special or objects[match[1]])(world)

        path = re.sub(r"\{(\w+)\}", made, template)
        query = route.query(world) if callable(route.query) else route.query
        body = route.body(world) if callable(route.body) else route.body
        client = ApiClient(None if role == "anonymous" else world.people[role])
        address = f"{path}?{query}" if query else path
        if isinstance(body, bytes):
            answer = client.put_bytes(address, body)
        else:
            answer = client.request(method, address, body)
        transaction.set_rollback(True)
    is_json = "json" in answer.headers.get("Content-Type", "")
    told = {} if answer.status_code == 204 or not is_json else answer.json()
    return answer.status_code, told if isinstance(told, dict) else {}
