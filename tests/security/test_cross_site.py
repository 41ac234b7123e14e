"""What pages of other sites try: every unsafe route, hosts, redirects, sessions made elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from accounts import invitations, services
from accounts.models import Person
from accounts.throttle import MAX_PER_ADDRESS
from tests.client import ApiClient
from tests.security.calls import OPERATIONS, UNSAFE, address_of, body_of, code_of
from tests.security.routes import World

OWN = "http://testserver"
PASSWORD = "a long enough secret"
FOREIGN_ORIGINS = (
    "http://evil.example",
    "https://testserver",
    "http://testserver:8781",
    "http://testserver.evil.example",
    "http://sub.testserver",
    "http://testserver@evil.example",
    "file://",
    "null",
    "",
)
FORM_TYPES = (
    "text/plain",
    "text/plain; charset=application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/csp-report",
    "text/json",
    "",
)


@pytest.fixture
def page(world: World) -> Client:
    return _page(world)


def _page(world: World) -> Client:
    """The owner's browser, with the guard that Django's test client otherwise leaves out."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["owner"])
    return client


def _send(page: Client, world: World, operation_id: str, **changes: Any) -> Any:
    """The request of an own page, changed in one point."""
    body = body_of(world, operation_id)
    is_bytes = isinstance(body, bytes)
    data = body if is_bytes else json.dumps({} if body is None else body).encode()
    usual = "application/octet-stream" if is_bytes else "application/json"
    token = page.get("/api/session").json()["csrf_token"]
    headers = {"X-CSRFToken": token, "Origin": OWN, **changes.get("headers", {})}
    return page.generic(
        OPERATIONS[operation_id][0],
        address_of(world, operation_id),
        data,
        content_type=changes.get("content_type", usual),
        headers={name: value for name, value in headers.items() if value is not None},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        *[({"headers": {"Origin": origin}}, (403, "cross_site")) for origin in FOREIGN_ORIGINS],
        ({"headers": {"X-CSRFToken": None}}, (403, "cross_site")),
        ({"headers": {"X-CSRFToken": "x" * 64}}, (403, "cross_site")),
        *[({"content_type": kind}, (415, "json_required")) for kind in FORM_TYPES],
    ],
)
def test_no_unsafe_route_takes_it(
    page: Client,
    world: World,
    clean_files: None,
    changes: dict[str, Any],
    told: tuple[int, str],
) -> None:
    for operation_id in UNSAFE:
        answer = _send(page, world, operation_id, **changes)
        assert (answer.status_code, code_of(answer)) == told, operation_id


@pytest.mark.django_db
def test_every_unsafe_route_takes_its_own_page(world: World, clean_files: None) -> None:
    """So that the refusals above say something."""
    for operation_id in UNSAFE:
        world.made.clear()
        with transaction.atomic():
            code = code_of(_send(_page(world), world, operation_id))
            transaction.set_rollback(True)
        assert code not in ("cross_site", "json_required", "signin_required"), operation_id


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_get_stays_a_get(page: Client, world: World, header: str) -> None:
    page.get(f"/api/projects/{world.project.id}?_method=DELETE", headers={header: "DELETE"})
    world.project.refresh_from_db()
    assert world.project.deleted_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host",
    ["rebound.example", "testserver.evil.example", "127.0.0.1.evil.example", "", "a b", "[::2]"],
)
def test_other_hosts_get_nothing(page: Client, host: str) -> None:
    for path in ("/", "/api/session", "/assets/x.js", "/nothing"):
        answer = page.get(path, headers={"Host": host})
        assert (answer.status_code, code_of(answer)) == (400, "bad_request"), path
        assert host == "" or host not in answer.content.decode()


@pytest.mark.django_db
def test_links_are_made_with_our_own_address(page: Client, world: World) -> None:
    told = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil"}
    token = page.get("/api/session").json()["csrf_token"]
    answer = page.post(
        f"/api/projects/{world.project.id}/invitations",
        {"role": "viewer"},
        content_type="application/json",
        headers={"X-CSRFToken": token, **told},
    )
    assert answer.json()["url"].startswith("http://testserver/invitation#token=")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/..",
        "/%2f%2fevil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/api",
        "/api/projects/",
        "/assets",
        "/signin?next=//evil.example",
        "/?next=https://evil.example",
        "/%0d%0aLocation:%20https://evil.example",
    ],
)
def test_no_address_redirects(page: Client, path: str) -> None:
    answer = page.get("/", PATH_INFO=path) if path.startswith("//") else page.get(path)
    assert not 300 <= answer.status_code < 400
    assert "Location" not in answer.headers


def _by_link(client: Client, person: Person) -> Any:
    return client.post(
        "/api/session/link",
        {"token": services.make_signin_link(person)},
        content_type="application/json",
    )


def _by_password(client: Client, person: Person) -> Any:
    person.set_password(PASSWORD)
    person.save()
    asked = {"email": person.email, "password": PASSWORD}
    return client.post("/api/session/password", asked, content_type="application/json")


def _by_invitation(client: Client, person: Person) -> Any:
    _, token = invitations.invite(services.create_project(person, "Mine"), person, "viewer")
    asked = {"token": token, "name": "Newcomer", "email": "new@example.org", "password": PASSWORD}
    return client.post("/api/invitations/accept", asked, content_type="application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("sign_in", [_by_link, _by_password, _by_invitation])
def test_a_session_planted_before_signing_in_is_not_signed_in(
    make_person: Callable[..., Any], sign_in: Callable[[Client, Person], Any]
) -> None:
    attacker = Client()
    attacker.force_login(make_person("Mallory"))
    signed_out = attacker.cookies[settings.SESSION_COOKIE_NAME].value
    attacker.delete("/api/session", content_type="application/json")
    for planted in (signed_out, "0123456789abcdef0123456789abcdef"):
        victim, thief = Client(), Client()
        for browser in (victim, thief):
            browser.cookies[settings.SESSION_COOKIE_NAME] = planted
        answer = sign_in(victim, make_person("Grace"))
        assert answer.status_code == 200, answer.content
        assert victim.cookies[settings.SESSION_COOKIE_NAME].value != planted
        assert thief.get("/api/session").json()["person"] is None
        Person.objects.filter(email="new@example.org").delete()


@pytest.mark.django_db(transaction=True)
def test_a_link_sent_ten_times_at_once_signs_in_once(person: Any) -> None:
    """All ten find it unused before the first of them uses it."""
    token = services.make_signin_link(person)
    answers: list[int] = []
    everyone = threading.Barrier(10, timeout=60)

    def meet_after_reading(execute: Any, sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if sql.startswith("SELECT") and "accounts_signinlink" in sql:
            everyone.wait()
        return result

    def try_it() -> None:
        with connection.execute_wrapper(meet_after_reading):
            answers.append(ApiClient().post("/api/session/link", {"token": token}).status_code)
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [403] * 9


@pytest.mark.django_db
def test_guessing_over_many_accounts_or_links_is_slowed(make_person: Callable[..., Any]) -> None:
    person = make_person("Grace", PASSWORD)
    client = ApiClient()
    answers = [
        client.post(
            "/api/session/password",
            {"email": f"person{number}@example.org", "password": "password1"},
            **{"X-Forwarded-For": f"10.0.0.{number}"},
        )
        for number in range(MAX_PER_ADDRESS + 1)
    ]
    assert {answer.status_code for answer in answers[:-1]} == {403}
    assert answers[-1].status_code == 429
    link = services.make_signin_link(person)
    for path, body in (
        ("/api/session/password", {"email": person.email, "password": PASSWORD}),
        ("/api/session/link", {"token": link}),
        ("/api/invitations/look", {"token": link}),
        ("/api/invitations/accept", {"token": link}),
    ):
        assert code_of(client.post(path, body)) == "too_many_attempts", path


@pytest.mark.django_db
def test_an_unknown_account_answers_like_a_wrong_password(
    make_person: Callable[..., Any],
) -> None:
    person = make_person("Grace", PASSWORD)
    told = [
        ApiClient().post("/api/session/password", {"email": email, "password": "wrong"}).json()
        for email in (person.email, "nobody@example.org")
    ]
    assert told[0] == told[1]
