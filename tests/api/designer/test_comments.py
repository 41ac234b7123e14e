"""Comments on layers and regions: threads, roles, deleted layers; never part of the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from designer import comments
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
    monkeypatch.setattr(comments, "MAX_THREADS", 1)
    monkeypatch.setattr(comments, "MAX_REPLIES", 0)
    thread = start(api, network, node_id="r")
    refused = api.post(path, {"text": "Hm", "node_id": "r"})
    assert refused.json()["code"] == "quota_exceeded"
    answer = api.post(f"/api/comments/{thread['id']}/replies", {"text": "Hm"})
    assert answer.json()["code"] == "quota_exceeded"
