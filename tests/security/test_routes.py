"""Every route as everyone: nobody, stranger, viewer, labeler, editor, owner, and proof that ended.

`tests/security/routes` says who may use what; a route without a row there fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts import services
from accounts.access import ROLE_ACTIONS
from tests.client import ApiClient
from tests.security.calls import OPERATIONS, SAFE, address_of, body_of, call, code_of, send
from tests.security.routes import Route, World, all_routes

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "stranger", "viewer", "labeler", "editor", "owner")
# All that answers without proof of who asks. Whoever makes another route public writes it here.
PUBLIC = {
    "get_health",
    "get_session",
    "sign_in_by_link",
    "sign_in_by_password",
    "sign_out",
    "look_at_invitation",
    "accept_invitation",
}
# Addresses that are no operation of the API: its description, and the page that holds the app.
WITH_IDS = {
    name
    for name, (_, path) in OPERATIONS.items()
    if "{" in path and name in all_routes() and all_routes()[name].needs in ROLE_ACTIONS["owner"]
}
PUBLIC_ADDRESSES = {"api/", "api/openapi.json", r"^(?!api/|ws/|assets/).*$"}


def test_every_route_has_a_row() -> None:
    assert set(OPERATIONS) == set(all_routes())


def test_the_public_routes_are_these() -> None:
    assert {name for name, route in all_routes().items() if route.needs == "nobody"} == PUBLIC


def test_no_address_beside_the_api_answers() -> None:
    described = {path.removeprefix("/") for _, path in OPERATIONS.values()}
    known = {path.replace("{", "<").replace("}", ">") for path in described}
    assert set(_addresses(get_resolver())) - known == PUBLIC_ADDRESSES


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_only_those_who_may(world: World, operation_id: str, clean_files: None) -> None:
    route = all_routes().get(operation_id)
    if route is None:
        pytest.fail(f"{operation_id} has no row in tests/security/routes")
    for role in ROLES:
        answer = _call_as(world, operation_id, role)
        told = (answer.status_code, code_of(answer))
        if _is_allowed(route, role):
            assert answer.status_code < 500, (role, answer.content)
            if not route.may_be_missing:
                assert told != (404, "not_found"), (role, answer.content)
            assert told[1] != "signin_required", (role, answer.content)
        else:
            expected = (401, "signin_required") if role == "anonymous" else (404, "not_found")
            assert told == expected, (role, answer.content)


def _expired_session(person: Any) -> tuple[ApiClient, dict[str, str]]:
    client = ApiClient(person)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    return client, {}


def _ended_session(person: Any) -> tuple[ApiClient, dict[str, str]]:
    """The cookie of before signing out, kept by a thief."""
    client = ApiClient(person)
    kept = dict(client.client.cookies)
    assert client.delete("/api/session").status_code == 204
    client.client.cookies.update(kept)
    return client, {}


def _changed_password(person: Any) -> tuple[ApiClient, dict[str, str]]:
    client = ApiClient(person)
    services.change_password(person, None, "a long enough secret")
    return client, {}


def _closed_account(person: Any) -> tuple[ApiClient, dict[str, str]]:
    client = ApiClient(person)
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    return client, {}


def _revoked_token(person: Any) -> tuple[ApiClient, dict[str, str]]:
    made, token = services.create_token(person, "laptop")
    services.delete_token(person, made.id)
    return ApiClient(person), {"Authorization": f"Bearer {token}"}


def _token_of_a_closed_account(person: Any) -> tuple[ApiClient, dict[str, str]]:
    _, token = services.create_token(person, "laptop")
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    return ApiClient(), {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "proof",
    [
        _expired_session,
        _ended_session,
        _changed_password,
        _closed_account,
        _revoked_token,
        _token_of_a_closed_account,
    ],
)
def test_proof_that_ended_opens_nothing(
    world: World, proof: Callable[[Any], tuple[ApiClient, dict[str, str]]], clean_files: None
) -> None:
    for operation_id in sorted(OPERATIONS):  # made while the owner's proof still counts
        _ = call(ApiClient(), world, operation_id)
    client, headers = proof(world.people["owner"])
    for operation_id in sorted(OPERATIONS):
        answer = call(client, world, operation_id, **headers)
        if headers or operation_id not in PUBLIC:
            told = (answer.status_code, code_of(answer))
            assert told == (401, "signin_required"), (operation_id, answer.content)
    assert headers or client.get("/api/session").json()["person"] is None


def test_reading_writes_nothing(world: World, clean_files: None) -> None:
    """A page of another site can make a browser send any GET, cookie and all."""
    client = ApiClient(world.people["owner"])
    for operation_id in SAFE:
        address = address_of(world, operation_id)
        with CaptureQueriesContext(connection) as asked:
            send(client, operation_id, address, None)
        written = [query["sql"] for query in asked if _writes(query["sql"])]
        assert not written, (operation_id, written)


@pytest.mark.parametrize("operation_id", sorted(WITH_IDS))
def test_an_id_that_does_not_exist_looks_like_one_that_is_not_shared(
    world: World, operation_id: str, clean_files: None
) -> None:
    world.role = "stranger"
    body = body_of(world, operation_id)
    stranger = ApiClient(world.people["stranger"])
    hidden, missing = (
        send(stranger, operation_id, address_of(world, operation_id, is_missing=which), body)
        for which in (False, True)
    )
    assert hidden.status_code == missing.status_code
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


def _call_as(world: World, operation_id: str, role: str) -> Any:
    """Call as `role`; whatever it did is undone."""
    world.role = role
    world.made.clear()
    with transaction.atomic():
        client = ApiClient(None if role == "anonymous" else world.people[role])
        answer = call(client, world, operation_id)
        transaction.set_rollback(True)
    return answer


def _addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield address
        else:
            yield from _addresses(entry, address)


def _writes(sql: str) -> bool:
    return sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
