"""The guard of unsafe requests, headers, and how errors are told."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest
from django.test import Client

from accounts import services
from tests.client import ApiClient

pytestmark = pytest.mark.django_db
OWN, EVIL = "http://testserver", "http://evil.example"


@pytest.fixture
def page(person: Any) -> Client:
    """A signed-in browser that enforces the guard."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


def _token(page: Client) -> str:
    return page.get("/api/session").json()["csrf_token"]


def _post(page: Client, token: str | None, **headers: str) -> Any:
    sent = {**headers, **({"X-CSRFToken": token} if token else {})}
    return page.post(
        "/api/projects", b'{"name": "New"}', content_type="application/json", headers=sent
    )


def test_own_page_with_its_token_passes(page: Client):
    assert _post(page, _token(page), Origin=OWN).status_code == 201
    assert _post(page, _token(page)).status_code == 201


@pytest.mark.parametrize(
    "origin", [EVIL, "https://testserver", "http://testserver:81", "null", "http://testserver.evil"]
)
def test_other_origins_are_refused_even_with_the_token(page: Client, origin: str):
    answer = _post(page, _token(page), Origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_every_unsafe_method_needs_the_token(page: Client, project: Any):
    _token(page)
    for method, path in itertools.product(
        ("POST", "PUT", "PATCH", "DELETE", "PURGE"),
        ("/api/projects", f"/api/projects/{project.id}"),
    ):
        answer = page.generic(method, path, b"{}", content_type="application/json")
        assert answer.json()["code"] == "cross_site", (method, path)


def test_signing_in_needs_the_token_too(person: Any):
    anonymous = Client(enforce_csrf_checks=True)
    link = {"token": services.make_signin_link(person)}
    refused = anonymous.post("/api/session/link", link, content_type="application/json")
    assert refused.json()["code"] == "cross_site"
    token = anonymous.get("/api/session").json()["csrf_token"]
    accepted = anonymous.post(
        "/api/session/link", link, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert accepted.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_bodies_a_form_could_send_are_refused(page: Client, content_type: str):
    answer = page.generic(
        "POST",
        "/api/projects",
        b'{"name": "New"}',
        content_type=content_type,
        headers={"X-CSRFToken": _token(page)},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "json_required")


def test_a_bearer_token_needs_no_csrf_token_and_ignores_the_cookie(page: Client, make_person: Any):
    other = make_person("Other")
    _, token = services.create_token(other, "laptop")
    made = _post(page, None, Authorization=f"Bearer {token}").json()
    assert [entry["id"] for entry in ApiClient(other).get("/api/projects").json()["items"]] == [
        made["id"]
    ]


def test_unknown_hosts_are_refused(page: Client):
    answer = page.get("/api/session", headers={"Host": "rebound.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_every_answer_carries_the_headers(page: Client):
    for path in ("/", "/api/session", "/api/nothing"):
        headers = page.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page.get("/api/session").headers["Cache-Control"] == "no-store"


def test_a_missing_built_file_is_not_the_page(page: Client):
    assert page.get("/networks/some-network").headers["Content-Type"].startswith("text/html")
    missing = page.get("/assets/index-00000000.js")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_cookies_are_named_after_the_installation(person: Any, settings: Any):
    client = Client()
    client.post(
        "/api/session/link",
        {"token": services.make_signin_link(person)},
        content_type="application/json",
    )
    cookie = client.cookies[f"netloom_session_{settings.INSTALLATION_ID}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_problems_have_one_shape(page: Client):
    answer = page.get("/api/projects/nothing")
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "code", "detail", "next_step", "data"}
    assert (body["status"], body["code"]) == (404, "not_found")
    assert page.get("/api/nothing").json()["code"] == "not_found"
    wrong_method = page.get("/api/session/link")
    assert (wrong_method.status_code, wrong_method.headers["Allow"]) == (405, "POST")
    assert wrong_method.json()["code"] == "method_not_allowed"


def test_wrong_fields_are_named(api: ApiClient):
    for body in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 101}):
        answer = api.post("/api/projects", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert answer.json()["detail"].startswith("name:")
    broken = api.client.post("/api/projects", b"{", content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_request")
    deep = api.client.post("/api/projects", b"[" * 100_000, content_type="application/json")
    assert deep.status_code in (400, 422)


def test_a_bug_shows_an_id_that_is_in_the_log(
    person: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def explode(*_arguments: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("accounts.selectors.projects_of", explode)
    with caplog.at_level(logging.ERROR):
        answer = ApiClient(person).get("/api/projects")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "server_error")
    assert "secret" not in answer.content.decode()
    assert body["error_id"] == answer.headers["X-Request-Id"]
    assert any(record.request_id == body["error_id"] for record in caplog.records)
