"""Signing in, and who one is afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import SigninLink
from tests.client import ApiClient

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


def test_nobody_is_signed_in_at_first(db):
    session = ApiClient().get("/api/session").json()
    assert session["person"] is None
    assert session["projects"] == []
    assert session["csrf_token"]


def test_link_signs_in_once(person, project):
    token = services.make_signin_link(person)
    client = ApiClient()
    answer = client.post("/api/session/link", {"token": token})
    assert answer.status_code == 200
    assert answer.json()["person"]["id"] == person.id
    assert [entry["role"] for entry in answer.json()["projects"]] == ["owner"]
    assert client.get("/api/projects").status_code == 200

    again = ApiClient().post("/api/session/link", {"token": token})
    assert (again.status_code, again.json()["code"]) == (403, "link_expired")


def test_link_dies_after_ten_minutes(person):
    token = services.make_signin_link(person)
    link = SigninLink.objects.get(person=person)
    assert link.expires_at - timezone.now() <= timedelta(minutes=10)
    SigninLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ApiClient().post("/api/session/link", {"token": token}).status_code == 403


def test_password_signs_in_and_out(make_person):
    person = make_person("Grace", PASSWORD)
    client = ApiClient()
    answer = client.post("/api/session/password", {"email": person.email, "password": PASSWORD})
    assert answer.json()["person"]["email"] == person.email
    assert client.delete("/api/session").status_code == 204
    assert client.get("/api/projects").json()["code"] == "signin_required"


def test_wrong_password_is_refused_and_guessing_slowed(make_person):
    person = make_person("Grace", PASSWORD)
    client = ApiClient()
    guess = {"email": person.email, "password": "not the password"}
    answers = [client.post("/api/session/password", guess) for _ in range(11)]
    assert {answer.status_code for answer in answers[:10]} == {403}
    assert answers[10].status_code == 429
    assert int(answers[10].headers["Retry-After"]) > 0
    right = client.post("/api/session/password", {"email": person.email, "password": PASSWORD})
    assert right.status_code == 429


def test_token_speaks_for_a_person_until_deleted(api, person, project):
    made = api.post("/api/tokens", {"name": "laptop"}).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    anonymous = ApiClient(checks_csrf=True)
    listed = anonymous.get("/api/projects", **bearer).json()
    assert [entry["id"] for entry in listed["items"]] == [project.id]
    created = anonymous.post("/api/projects", {"name": "By program"}, **bearer)
    assert created.status_code == 201

    assert api.get("/api/tokens").json()["items"][0]["token"] is None
    assert api.delete(f"/api/tokens/{made['id']}").status_code == 204
    assert anonymous.get("/api/projects", **bearer).status_code == 401


def test_wrong_token_does_not_fall_back_to_the_cookie(api):
    assert api.get("/api/projects", Authorization="Bearer nonsense").status_code == 401


def test_changing_the_password_needs_the_present_one(make_person):
    person = make_person("Grace", PASSWORD)
    client = ApiClient(person)
    other = ApiClient(person)
    new = {"password": "another long secret"}
    assert client.patch("/api/session", new).status_code == 403
    assert client.patch("/api/session", {**new, "current_password": PASSWORD}).status_code == 200
    assert client.get("/api/projects").status_code == 200
    assert other.get("/api/projects").status_code == 401


def test_weak_password_is_named(api):
    answer = api.patch("/api/session", {"password": "12345"})
    assert answer.status_code == 422
    assert "short" in answer.json()["detail"]


def test_session_remembers_project_and_theme(api, project):
    answer = api.patch("/api/session", {"last_project_id": project.id, "theme": "dark"})
    assert answer.json()["last_project_id"] == project.id
    assert answer.json()["person"]["theme"] == "dark"
    assert api.patch("/api/session", {"last_project_id": "nope"}).status_code == 404
