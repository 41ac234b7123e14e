"""Limits of an account: guessing, tokens that leak, and how much one person may pile up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts import invitations, services
from jobs.models import Job
from tests.client import ApiClient

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"
NEW = "quite another secret"


def _with_token(person: Any) -> tuple[ApiClient, dict[str, str]]:
    _, token = services.create_token(person, "laptop")
    return ApiClient(), {"Authorization": f"Bearer {token}"}


def test_guessing_the_present_password_is_slowed(make_person: Callable[..., Any]) -> None:
    person = make_person("Grace", PASSWORD)
    client = ApiClient(person)
    guess = {"password": NEW, "current_password": "not the password"}
    answers = [client.patch("/api/session", guess) for _ in range(11)]
    assert {answer.json()["code"] for answer in answers[:10]} == {"sign_in_refused"}
    assert answers[10].status_code == 429
    right = client.patch("/api/session", {"password": NEW, "current_password": PASSWORD})
    assert right.status_code == 429
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_wrong_password_changes_nothing_else(make_person: Callable[..., Any]) -> None:
    person = make_person("Grace", PASSWORD)
    asked = {"name": "Other", "password": NEW, "current_password": "not the password"}
    assert ApiClient(person).patch("/api/session", asked).status_code == 403
    person.refresh_from_db()
    assert person.name == "Grace"


def test_a_token_makes_no_tokens_and_sets_no_password(make_person: Callable[..., Any]) -> None:
    person = make_person("Grace")
    program, headers = _with_token(person)
    for answer in (
        program.post("/api/tokens", {"name": "another"}, **headers),
        program.request("PATCH", "/api/session", {"password": NEW}, **headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_in_refused")
        assert "not with an API token" in answer.json()["detail"]
    assert person.api_tokens.count() == 1
    person.refresh_from_db()
    assert not person.has_usable_password()
    renamed = program.request("PATCH", "/api/session", {"name": "Hopper"}, **headers)
    assert renamed.status_code == 200


def test_projects_invitations_and_tokens_are_capped(
    api: ApiClient, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_PROJECTS", 2)
    monkeypatch.setattr(services, "MAX_TOKENS", 2)
    monkeypatch.setattr(invitations, "MAX_OPEN_INVITATIONS", 2)
    invite = f"/api/projects/{project.id}/invitations"
    first = api.post("/api/projects", {"name": "One more"}).json()
    for path, body, what in (
        ("/api/projects", {"name": "Too many"}, "2 projects"),
        (invite, {"role": "viewer"}, "2 open invitations"),
        ("/api/tokens", {"name": "laptop"}, "2 API tokens"),
    ):
        answers = [api.post(path, body) for _ in range(3)]
        refused = answers[-1]
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict"), path
        assert what in refused.json()["detail"]
        assert path == "/api/projects" or answers[1].status_code == 201, path
    assert api.delete(f"/api/projects/{first['id']}").status_code == 204
    assert api.post("/api/projects", {"name": "Room again"}).status_code == 201


def test_a_member_is_told_that_it_is_the_role(
    project: Any, join: Callable[..., Any], make_person: Callable[..., Any]
) -> None:
    path = f"/api/projects/{project.id}/networks"
    viewer = ApiClient(join(project, "viewer")).post(path, {"name": "Mine"})
    assert (viewer.status_code, viewer.json()["code"]) == (404, "not_found")
    assert viewer.json()["detail"] == "Your role in this project is viewer; this takes an editor."
    stranger = ApiClient(make_person("Stranger")).post(path, {"name": "Mine"})
    assert "no such project" in stranger.json()["detail"]

    job = Job.objects.create(kind="tests.nothing", lane="bulk", project=project)
    cancelled = ApiClient(join(project, "labeler")).post(f"/api/jobs/{job.id}/cancel")
    assert (
        cancelled.json()["detail"] == "Your role in this project is labeler; this takes an editor."
    )
    assert "no such job" in ApiClient(make_person()).get(f"/api/jobs/{job.id}").json()["detail"]
