"""Projects, members and invitations."""

from __future__ import annotations

import pytest

from accounts.models import Invitation, Membership
from tests.client import ApiClient

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


def test_project_is_made_renamed_and_binned(api):
    made = api.post("/api/projects", {"name": "  Wafers "}).json()
    assert (made["name"], made["role"], made["num_networks"]) == ("Wafers", "owner", 0)
    path = f"/api/projects/{made['id']}"
    assert api.patch(path, {"name": "Chips"}).json()["name"] == "Chips"
    assert api.delete(path).status_code == 204
    told = api.get(path)
    assert (told.status_code, told.json()["code"]) == (404, "in_bin")
    assert told.json()["data"]["can_restore"] is True
    assert api.get("/api/projects").json()["items"] == []


def test_projects_of_one_name_are_told_apart_by_their_owner(make_person):
    one, other = ApiClient(make_person("Ada")), ApiClient(make_person("Grace"))
    first = one.post("/api/projects", {"name": "Sample"}).json()
    other.post("/api/projects", {"name": "Sample"})
    made = one.post(f"/api/projects/{first['id']}/invitations", {"role": "viewer"}).json()
    token = made["url"].partition("#token=")[2]
    joined = other.post("/api/invitations/accept", {"token": token}).json()
    assert {(each["owner"], each["role"]) for each in joined["projects"]} == {
        ("Ada", "viewer"),
        ("Grace", "owner"),
    }
    one.delete(f"/api/projects/{first['id']}")
    told = other.get(f"/api/projects/{first['id']}").json()
    assert (told["code"], told["data"]["can_restore"]) == ("in_bin", False)


def test_invitation_joins_a_new_person_once(api, project):
    made = api.post(f"/api/projects/{project.id}/invitations", {"role": "labeler"}).json()
    token = made["url"].partition("#token=")[2]
    assert token
    assert api.get(f"/api/projects/{project.id}/invitations").json()["items"][0]["url"] is None

    newcomer = ApiClient()
    joined = newcomer.post(
        "/api/invitations/accept",
        {"token": token, "name": "Lin", "email": "lin@example.org", "password": PASSWORD},
    )
    assert joined.status_code == 200
    roles = {entry["id"]: entry["role"] for entry in joined.json()["projects"]}
    assert roles[project.id] == "labeler"
    assert joined.json()["last_project_id"] == project.id

    again = ApiClient().post(
        "/api/invitations/accept",
        {"token": token, "name": "Eve", "email": "eve@example.org", "password": PASSWORD},
    )
    assert again.json()["code"] == "link_expired"


def test_only_the_holder_of_a_valid_link_is_told_who_invites(api, person, project):
    made = api.post(f"/api/projects/{project.id}/invitations", {"role": "editor"}).json()
    token = made["url"].partition("#token=")[2]
    told = ApiClient().post("/api/invitations/look", {"token": token}).json()
    assert (told["project_name"], told["inviter_name"]) == ("Test project", person.name)
    assert told["role"] == "editor"
    assert ApiClient().post("/api/invitations/look", {"token": token}).status_code == 200
    for wrong in ("not a token", made["id"]):
        refused = ApiClient().post("/api/invitations/look", {"token": wrong})
        assert (refused.status_code, refused.json()["code"]) == (403, "link_expired")
    api.delete(f"/api/invitations/{made['id']}")
    withdrawn = ApiClient().post("/api/invitations/look", {"token": token})
    assert withdrawn.json()["code"] == "link_expired"
    assert "Test project" not in withdrawn.content.decode()


def test_invitation_survives_a_refused_acceptance(api, project):
    made = api.post(f"/api/projects/{project.id}/invitations", {"role": "viewer"}).json()
    token = made["url"].partition("#token=")[2]
    weak = {"token": token, "name": "Lin", "email": "lin@example.org", "password": "short"}
    assert ApiClient().post("/api/invitations/accept", weak).status_code == 422
    assert (
        ApiClient().post("/api/invitations/accept", {**weak, "password": PASSWORD}).status_code
        == 200
    )


def test_invitation_raises_a_role_and_never_lowers_it(api, person, project, join):
    viewer = join(project, "viewer")
    for role, client in (("editor", ApiClient(viewer)), ("viewer", api)):
        made = api.post(f"/api/projects/{project.id}/invitations", {"role": role}).json()
        token = made["url"].partition("#token=")[2]
        assert client.post("/api/invitations/accept", {"token": token}).status_code == 200
    roles = dict(Membership.objects.filter(project=project).values_list("person_id", "role"))
    assert roles == {person.id: "owner", viewer.id: "editor"}


def test_withdrawn_invitation_is_dead(api, project):
    made = api.post(f"/api/projects/{project.id}/invitations", {"role": "viewer"}).json()
    assert api.delete(f"/api/invitations/{made['id']}").status_code == 204
    assert not Invitation.objects.exists()


def test_last_owner_stays(api, person, project, join):
    path = f"/api/projects/{project.id}/members/{person.id}"
    assert api.delete(path).json()["code"] == "last_owner"
    assert api.patch(path, {"role": "viewer"}).json()["code"] == "last_owner"
    editor = join(project, "editor")
    promoted = api.patch(f"/api/projects/{project.id}/members/{editor.id}", {"role": "owner"})
    assert promoted.json()["role"] == "owner"
    assert api.delete(path).status_code == 204
    assert api.get(f"/api/projects/{project.id}").status_code == 404


def test_everybody_may_leave_but_not_remove_others(project, join):
    viewer, labeler = join(project, "viewer"), join(project, "labeler")
    client = ApiClient(viewer)
    assert client.delete(f"/api/projects/{project.id}/members/{labeler.id}").status_code == 404
    assert client.delete(f"/api/projects/{project.id}/members/{viewer.id}").status_code == 204
