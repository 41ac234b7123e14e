"""Comments on layers and regions: threads, roles, deleted layers; never part of the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Person
from common.errors import Problem
from designer import comments
from designer.access import access_comment
from designer.comments_schemas import CommentChange
from designer.models import Comment
from tests.api.designer.conftest import add_relu, save
from tests.client import ApiClient

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
MARKUP = "<img src=x onerror=alert(1)> **so**"
REGION = {"x": 8, "y": -16, "width_px": 240, "height_px": 120}


@pytest.fixture
def network(api: ApiClient, make_network: Callable[..., Json]) -> Json:
    made = make_network(template="mlp")
    assert save(api, made, [add_relu("r")]).status_code == 200
    return api.get(f"/api/networks/{made['id']}").json()


def start(api: ApiClient, network: Json, **body: Any) -> Json:
    answer = api.post(f"/api/networks/{network['id']}/comments", {"text": MARKUP, **body})
    assert answer.status_code == 201, answer.content
    return answer.json()["threads"][-1]


def threads(api: ApiClient, network: Json) -> list[Json]:
    return api.get(f"/api/networks/{network['id']}/comments").json()["threads"]


def test_a_thread_on_a_layer(api: ApiClient, network: Json) -> None:
    thread = start(api, network, node_id="r")
    assert (thread["node_name"], thread["is_orphan"]) == ("act_r", False)
    assert thread["comments"][0]["text"] == MARKUP
    answer = api.post(f"/api/comments/{thread['id']}/replies", {"text": "Yes."})
    assert answer.status_code == 201
    (thread,) = threads(api, network)
    assert [each["text"] for each in thread["comments"]] == [MARKUP, "Yes."]
    assert thread["comments"][0]["author"] == "Ada"


def test_resolved_and_open_again_by_an_answer(api: ApiClient, network: Json) -> None:
    thread = start(api, network, region=REGION)
    assert thread["region"] == REGION
    path = f"/api/comments/{thread['id']}"
    answer = api.patch(path, {"is_resolved": True}).json()
    assert answer["threads"][0]["resolved_by"] == "Ada"
    api.post(f"{path}/replies", {"text": "Not quite."})
    assert not threads(api, network)[0]["is_resolved"]


def test_edited_and_taken_back(api: ApiClient, network: Json) -> None:
    thread = start(api, network, node_id="r")
    path = f"/api/comments/{thread['id']}"
    api.post(f"{path}/replies", {"text": "Yes."})
    edited = api.patch(path, {"text": "Better"}).json()["threads"][0]["comments"][0]
    assert edited["text"] == "Better"
    assert edited["edited_at"] is not None
    assert api.delete(path).status_code == 204
    (thread,) = threads(api, network)
    assert [(each["text"], each["is_deleted"]) for each in thread["comments"]] == [
        ("", True),
        ("Yes.", False),
    ]
    assert api.delete(f"/api/comments/{thread['comments'][1]['id']}").status_code == 204
    assert threads(api, network) == []


def test_a_deleted_layer_keeps_its_thread(api: ApiClient, network: Json) -> None:
    start(api, network, node_id="r")
    assert save(api, network, [{"op": "remove_node", "node_id": "r"}]).status_code == 200
    (thread,) = threads(api, network)
    assert (thread["is_orphan"], thread["node_name"]) == (True, "act_r")


def test_comments_never_change_the_network(api: ApiClient, network: Json) -> None:
    start(api, network, node_id="r")
    after = api.get(f"/api/networks/{network['id']}").json()
    assert after["document"] == network["document"]
    assert after["revision"] == network["revision"]


def test_limits_and_wrong_places(
    api: ApiClient, network: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/networks/{network['id']}/comments"
    assert api.post(path, {"text": "Hm", "node_id": "nobody"}).status_code == 404
    assert api.post(path, {"text": "Hm", "scope": "no", "region": REGION}).status_code == 404
    for body in (
        {"text": "Hm"}, {"text": " ", "node_id": "r"}, {"text": "x" * 4001, "node_id": "r"},
        {"text": "Hm", "node_id": "r", "region": REGION},
    ):  # fmt: skip
        assert api.post(path, body).status_code == 422
    thread = start(api, network, node_id="r")
    replies = f"/api/comments/{thread['id']}/replies"
    for limit in ("MAX_COMMENTS", "MAX_CHARACTERS"):
        with monkeypatch.context() as limited:
            limited.setattr(comments, limit, 1)
            for refused in (
                api.post(path, {"text": "Hm", "node_id": "r"}),
                api.post(replies, {"text": "Hm"}),
            ):
                assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
    assert len(api.get(path).json()["threads"][0]["comments"]) == 1


def test_a_text_is_edited_within_the_limit(
    api: ApiClient, network: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = start(api, network, node_id="r")["comments"][0]
    monkeypatch.setattr(comments, "MAX_COMMENTS", 1)
    monkeypatch.setattr(comments, "MAX_CHARACTERS", 10)
    path = f"/api/comments/{comment['id']}"
    assert api.patch(path, {"text": "x" * 10}).status_code == 200
    assert api.patch(path, {"text": "x" * 11}).json()["code"] == "quota_exceeded"


def test_what_somebody_else_did_meanwhile_stays(
    api: ApiClient, person: Person, network: Json
) -> None:
    thread = start(api, network, node_id="r")
    path = f"/api/comments/{thread['comments'][0]['id']}"
    read_before = access_comment(person, thread["comments"][0]["id"])
    assert api.patch(path, {"is_resolved": True}).status_code == 200
    comments.change_comment(read_before, person, CommentChange(text="New"))
    (told,) = api.get(f"/api/networks/{network['id']}/comments").json()["threads"]
    assert (told["is_resolved"], told["comments"][0]["text"]) == (True, "New")
    api.post(f"{path}/replies", {"text": "Still there"})
    assert api.delete(path).status_code == 204
    with pytest.raises(Problem):
        comments.change_comment(read_before, person, CommentChange(text="Back"))
    (told,) = api.get(f"/api/networks/{network['id']}/comments").json()["threads"]
    assert (told["comments"][0]["text"], told["comments"][0]["is_deleted"]) == ("", True)


def test_a_thread_of_which_nothing_is_left_makes_room(api: ApiClient, network: Json) -> None:
    thread = start(api, network, node_id="r")
    first = thread["comments"][0]["id"]
    answer = api.post(f"/api/comments/{first}/replies", {"text": "Yes"}).json()
    second = answer["threads"][0]["comments"][1]["id"]
    for comment in (first, second):
        assert api.delete(f"/api/comments/{comment}").status_code == 204
    assert not Comment.objects.exists()
