"""Surgery through the API: plans on documents that need not be saved, applied as operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import ApiClient

pytestmark = pytest.mark.django_db

Json = dict[str, Any]


def plan(api: ApiClient, network: Json, act: str, **fields: Any) -> Json:
    body = {"document": network["document"], "act": act, **fields}
    answer = api.post("/api/surgery", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_acts_are_described_for_menus_and_forms(api: ApiClient) -> None:
    acts = {act["id"]: act for act in api.get("/api/surgery").json()}
    assert {"replace_head", "freeze_up_to", "swap_layer", "change_width", "merge_network"} <= set(
        acts
    )
    head = acts["replace_head"]
    assert head["places"] == ["network", "node"]
    assert head["params"][0]["name"] == "num_classes"
    assert acts["merge_network"]["needs_network"]


def test_a_plan_is_saved_like_any_edit(api: ApiClient, make_network: Callable[..., Json]) -> None:
    network = make_network(template="small_cnn")
    told = plan(api, network, "replace_head", values={"num_classes": 3})
    assert told["refusal"] == ""
    assert told["survival"]["new"] < told["survival"]["kept"]
    saved = api.post(
        f"/api/networks/{network['id']}/operations",
        {"base_revision": 0, "operations": told["operations"], "gesture": told["label"]},
    )
    assert saved.status_code == 200, saved.content
    assert saved.json()["analysis"]["is_trainable"]
    assert saved.json()["analysis"]["totals"] == told["totals"]


def test_what_cannot_be_done_is_an_answer(
    api: ApiClient, make_network: Callable[..., Json]
) -> None:
    network = make_network(template="small_cnn")
    assert "Select a layer" in plan(api, network, "freeze_up_to")["refusal"]
    assert "other network" in plan(api, network, "merge_network")["refusal"]
    answer = api.post("/api/surgery", {"document": network["document"], "act": "lobotomy"})
    assert answer.status_code == 422
    assert "replace_head" in answer.json()["next_step"]


def test_another_network_must_be_one_that_the_person_sees(
    api: ApiClient, make_person: Callable[..., Any], make_network: Callable[..., Json]
) -> None:
    network, other = make_network(template="mlp"), make_network("Second", template="small_cnn")
    told = plan(api, network, "merge_network", values={"how": "add"}, network_id=other["id"])
    assert told["problems"] == []
    assert told["label"] == "Merge Second"
    body = {"document": network["document"], "act": "merge_network", "network_id": other["id"]}
    stranger = ApiClient(make_person("Stranger"))
    assert stranger.post("/api/surgery", body).status_code == 404
