"""Ways in: who made an invitation, how often one may guess, what a stranger may send."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import invitations, services
from accounts.models import Membership, Person, SigninAttempt
from accounts.throttle import MAX_PER_ACCOUNT, MAX_PER_ADDRESS
from common.parsing import MAX_ANONYMOUS_BYTES, MAX_VALUES
from tests.client import ApiClient

PASSWORD = "a long enough secret"
Make = Callable[..., Any]


@pytest.fixture
def bob(make_person: Make, project: Any) -> Any:
    """A second owner of the project."""
    bob = make_person("Bob", PASSWORD)
    Membership.objects.create(person=bob, project=project, role="owner")
    return bob


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["removed", "demoted", "deactivated"])
def test_an_invitation_dies_with_the_right_to_make_it(
    api: ApiClient, project: Any, bob: Any, how: str
) -> None:
    path = f"/api/projects/{project.id}/invitations"
    token = ApiClient(bob).post(path, {"role": "owner"}).json()["url"].split("token=")[1]
    (told,) = api.get(path).json()["items"]
    assert told["inviter_name"] == "Bob"
    member = f"/api/projects/{project.id}/members/{bob.id}"
    if how == "removed":
        assert api.delete(member).status_code == 204
    elif how == "demoted":
        assert api.patch(member, {"role": "viewer"}).status_code == 200
    else:
        Person.objects.filter(pk=bob.pk).update(is_active=False)
    assert api.get(path).json()["items"] == []
    for client in (ApiClient(bob), ApiClient()):
        answer = client.post("/api/invitations/accept", {"token": token})
        assert answer.status_code in (401, 403), answer.json()
    assert not Membership.objects.filter(project=project, person=bob, role="owner").exists() or (
        how == "deactivated"
    )


@pytest.mark.django_db
def test_an_invitation_for_one_address_is_for_no_other_account(
    project: Any, person: Any, bob: Any, make_person: Make
) -> None:
    carol = make_person("Carol", PASSWORD)
    _, token = invitations.invite(project, person, "editor", carol.email)
    dora = make_person("Dora", PASSWORD)
    answer = ApiClient(dora).post("/api/invitations/accept", {"token": token})
    assert answer.status_code == 422
    assert carol.email in answer.json()["detail"]
    assert ApiClient(carol).post("/api/invitations/accept", {"token": token}).status_code == 200


@pytest.mark.django_db
def test_asking_which_addresses_have_accounts_counts_as_guessing(project: Any, person: Any) -> None:
    _, token = invitations.invite(project, person, "viewer")
    body = {"token": token, "name": "X", "email": person.email, "password": PASSWORD}
    stranger = ApiClient()
    codes = [
        stranger.post("/api/invitations/accept", body).json()["code"]
        for _ in range(MAX_PER_ADDRESS + 1)
    ]
    assert codes == ["name_taken"] * MAX_PER_ADDRESS + ["too_many_attempts"]


@pytest.mark.django_db
def test_a_password_is_hashed_before_anybody_else_has_to_wait(
    project: Any, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = invitations.invite(project, person, "viewer")
    depth = len(connection.savepoint_ids)
    depths: list[int] = []
    hash_it = services.make_password

    def noting(password: str | None) -> str:
        depths.append(len(connection.savepoint_ids))
        return hash_it(password)

    monkeypatch.setattr(services, "make_password", noting)
    body = {"token": token, "name": "New", "email": "new@example.org", "password": PASSWORD}
    assert ApiClient().post("/api/invitations/accept", body).status_code == 200
    assert depths == [depth]


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_not_more_than_guesses_in_turn(make_person: Make) -> None:
    person = make_person("Grace", PASSWORD)
    count = 3 * MAX_PER_ACCOUNT
    everyone = threading.Barrier(count, timeout=60)
    statuses: list[int] = []

    def try_it() -> None:
        body = {"email": person.email, "password": "not this one"}
        everyone.wait()
        statuses.append(ApiClient().post("/api/session/password", body).status_code)
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == count
    assert statuses.count(403) <= MAX_PER_ACCOUNT
    assert set(statuses) == {403, 429}


@pytest.mark.django_db
def test_who_signs_in_is_not_counted(make_person: Make) -> None:
    person = make_person("Grace", PASSWORD)
    body = {"email": person.email, "password": PASSWORD}
    for _ in range(MAX_PER_ACCOUNT + 1):
        assert ApiClient().post("/api/session/password", body).status_code == 200
    assert not SigninAttempt.objects.exists()


@pytest.mark.django_db
def test_failures_of_others_at_the_same_address_do_not_hinder_who_is_signed_in(
    project: Any, person: Any, bob: Any, make_person: Make
) -> None:
    for number in range(MAX_PER_ADDRESS):
        ApiClient().post("/api/session/link", {"token": f"nonsense {number}"})
    assert ApiClient().post("/api/session/link", {"token": "more"}).status_code == 429
    _, token = invitations.invite(project, person, "viewer")
    signed_in = ApiClient(make_person("Dora", PASSWORD))
    assert signed_in.post("/api/invitations/accept", {"token": token}).status_code == 200


@pytest.mark.django_db
def test_a_stranger_may_send_little_and_nobody_values_without_end(api: ApiClient) -> None:
    def send(client: ApiClient, path: str, body: str) -> str:
        answer = client.client.generic("POST", path, body, content_type="application/json")
        return answer.json()["code"]

    lists = '{"email":[' + ",".join(["[]"] * (MAX_ANONYMOUS_BYTES // 3)) + '],"password":"x"}'
    for path in ("/api/session/password", "/api/session/link", "/api/invitations/accept"):
        assert send(ApiClient(), path, lists) == "body_too_large"
    assert send(ApiClient(), "/api/session/password", '{"email":[[]]}') == "invalid"
    values = '{"document":[' + ",".join(["[]"] * (MAX_VALUES // 2)) + "]}"
    assert send(api, "/api/analysis", values) == "body_too_large"
