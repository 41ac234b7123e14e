"""Before a run starts: what keeps it from starting, what it would cost, lists and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.studio import bring_in_digits, draw_network
from tests.client import ApiClient
from training.models import Run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def codes(api: ApiClient, network: dict[str, Any], **config: Any) -> set[str]:
    """Codes of the errors that keep a run from starting, by check and by start alike."""
    checked = api.post(f"/api/networks/{network['id']}/run-check", {"config": config}).json()
    found = {one["code"] for one in checked["problems"] if one["severity"] == "error"}
    answer = api.post(f"/api/networks/{network['id']}/runs", {"config": config})
    if found:
        assert (answer.status_code, answer.json()["code"]) == (422, "run_cannot_start")
        assert {one["code"] for one in answer.json()["data"]["problems"]} == found
        assert not Run.objects.exists()
    else:
        assert answer.status_code == 201
    return found


def test_a_run_that_cannot_start_says_so_before_it_is_queued(
    api: ApiClient, project: Any, run_jobs: Callable[..., Any]
) -> None:
    empty = api.post(f"/api/projects/{project.id}/datasets", {"name": "Empty"}).json()
    nothing = codes(api, draw_network(api, project, empty))
    assert {"too_few_classes", "no_training_items"} <= nothing

    digits = bring_in_digits(api, project, run_jobs)
    assert codes(api, draw_network(api, project, digits, classes=7)) == {"class_count_mismatch"}
    network = draw_network(api, project, digits)
    assert codes(api, network, device="cuda:7") == {"unknown_device"}
    invalid = api.post(f"/api/networks/{network['id']}/runs", {"config": {"epochs": 0}})
    assert (invalid.status_code, invalid.json()["code"]) == (422, "invalid")

    unbound = draw_network(api, project, None)
    answer = api.post(f"/api/networks/{unbound['id']}/run-check", {"config": {}})
    assert (answer.status_code, answer.json()["code"]) == (422, "run_cannot_start")
    assert codes(api, network) == set()


def test_a_check_knows_the_data(
    api: ApiClient, network: dict[str, Any], dataset: dict[str, Any]
) -> None:
    checked = api.post(f"/api/networks/{network['id']}/run-check", {"config": {}}).json()
    counts = [checked[f"num_{split}"] for split in ("train", "validation", "test")]
    assert (counts, checked["uneven"]) == ([120, 40, 40], False)
    defaults = checked["defaults"]
    assert defaults["best_metric"] == "accuracy"
    assert (defaults["batch_size"], defaults["epochs"]) == (32, 20)  # little data is seen often

    for digit in "0123":
        class_id = next(one["id"] for one in dataset["classes"] if one["name"] == digit)
        items = api.get(f"/api/datasets/{dataset['id']}/items?label={class_id}&split=train")
        ids = [one["id"] for one in items.json()["items"]][:10]
        api.post(f"/api/datasets/{dataset['id']}/labels", {"item_ids": ids, "class_id": None})
    checked = api.post(f"/api/networks/{network['id']}/run-check", {"config": {}}).json()
    assert (checked["num_train"], checked["uneven"]) == (80, True)
    assert checked["defaults"]["best_metric"] == "balanced_accuracy"
    assert checked["defaults"]["task"]["class_weights"] == "balanced"


def test_a_class_with_one_image_is_named(
    api: ApiClient, network: dict[str, Any], dataset: dict[str, Any]
) -> None:
    class_id = next(one["id"] for one in dataset["classes"] if one["name"] == "3")
    items = api.get(f"/api/datasets/{dataset['id']}/items?label={class_id}").json()["items"]
    ids = [one["id"] for one in items[1:]]
    api.post(f"/api/datasets/{dataset['id']}/labels", {"item_ids": ids, "class_id": None})
    checked = api.post(f"/api/networks/{network['id']}/run-check", {"config": {}}).json()
    told = {one["code"]: one for one in checked["problems"]}
    assert told["class_with_one_item"]["severity"] == "warning"
    assert "Class 3 has a single labeled item:" in told["class_with_one_item"]["message"]


def test_no_run_starts_on_data_that_is_still_coming_in(
    api: ApiClient, network: dict[str, Any], dataset: dict[str, Any]
) -> None:
    from datasets.models import Import, Item

    coming = Import.objects.create(
        dataset_id=dataset["id"], source={}, options={}, title="More", state="running"
    )
    answer = api.post(f"/api/networks/{network['id']}/runs", {"config": {"device": "cpu"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "run_cannot_start")
    assert codes(api, network) == {"data_still_coming_in"}
    Item.objects.filter(dataset_id=dataset["id"]).update(is_removed=True)
    assert codes(api, network) == {"data_still_coming_in"}  # no alarm over what is on its way
    Item.objects.filter(dataset_id=dataset["id"]).update(is_removed=False)
    Import.objects.filter(pk=coming.pk).update(state="succeeded")
    assert codes(api, network) == set()


def test_the_cost_is_measured_before_the_start(
    api: ApiClient, network: dict[str, Any], run_jobs: Callable[..., Any]
) -> None:
    asked = api.post(f"/api/networks/{network['id']}/estimates", {"config": {"device": "cpu"}})
    assert (asked.status_code, asked.json()["lane"]) == (202, "interactive")
    run_jobs("interactive")
    job = api.get(f"/api/jobs/{asked.json()['id']}").json()
    assert job["state"] == "succeeded", job["problem"]
    assert job["result"]["seconds"] > 0
    assert job["result"]["memory_bytes"] > 0


def test_runs_are_listed_found_and_noted(api: ApiClient, make_run: Callable[..., Run]) -> None:
    runs = [make_run(name=f"try {index}") for index in range(5)]
    project_id = runs[0].project_id
    api.patch(f"/api/runs/{runs[1].id}", {"notes": "wider", "tags": ["baseline", "keep"]})
    api.post(f"/api/runs/{runs[2].id}/stop")

    def names(query: str) -> list[str]:
        answer = api.get(f"/api/projects/{project_id}/runs?{query}").json()
        return [one["name"] for one in answer["items"]]

    assert names("") == ["try 4", "try 3", "try 2", "try 1", "try 0"]
    assert api.get(f"/api/projects/{project_id}/runs?search={'ab+' * 50}").status_code == 422
    assert names("search=keep") == names("search=wider try") == ["try 1"]
    assert names("state=stopped") == ["try 2"]
    assert names("state=stopped&state=queued&search=2") == ["try 2"]
    first = api.get(f"/api/projects/{project_id}/runs?limit=2").json()
    assert (first["total"], [one["name"] for one in first["items"]]) == (5, ["try 4", "try 3"])
    assert names(f"limit=2&cursor={first['next']}") == ["try 2", "try 1"]
    places = api.get(f"/api/projects/{project_id}/runs").json()["items"]
    assert [one["queue_place"] for one in places] == [4, 3, None, 2, 1]

    refused = api.delete(f"/api/runs/{runs[0].id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "run_state")
    assert api.delete(f"/api/runs/{runs[2].id}").status_code == 204
    assert api.get(f"/api/runs/{runs[2].id}").status_code == 404
    assert api.post(f"/api/runs/{runs[2].id}/restore").json()["name"] == "try 2"


def test_a_list_of_many_runs_takes_few_queries(
    api: ApiClient, make_run: Callable[..., Run], django_assert_max_num_queries: Any
) -> None:
    runs = [make_run() for _ in range(30)]
    with django_assert_max_num_queries(14):
        answer = api.get(f"/api/projects/{runs[0].project_id}/runs?limit=100").json()
    assert len(answer["items"]) == 30


def test_two_runs_are_compared(api: ApiClient, network: dict[str, Any]) -> None:
    start = f"/api/networks/{network['id']}/runs"
    a = api.post(start, {"config": {"epochs": 3, "optimizer": {"type": "sgd"}}}).json()
    operation = {"op": "set_param", "node_id": "conv", "param": "out_channels", "value": 16}
    saved = api.post(
        f"/api/networks/{network['id']}/operations",
        {"base_revision": network["revision"], "operations": [operation]},
    )
    assert saved.status_code == 200, saved.content
    b = api.post(start, {"config": {"epochs": 4}}).json()

    told = api.get(f"/api/run-comparison?a={a['id']}&b={b['id']}").json()
    config = {one["path"]: (one["a"], one["b"]) for one in told["config"]}
    assert config == {"epochs": (3, 4), "optimizer.type": ("sgd", "adamw")}
    (changed,) = told["graph"]
    assert (changed["kind"], changed["name"]) == ("changed", "conv")
    assert "out_channels 8 → 16" in changed["detail"]
    assert told["data"]["same"] is True
    assert a["network_graph_hash"] != b["network_graph_hash"]
