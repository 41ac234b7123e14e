"""A network without a run: asked about one image, and about a whole dataset as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from datasets.models import Item
from designer.models import Network, WeightSet
from inspection.models import Explanation, PredictedItem, PredictionTable
from inspection.table_tasks import outputs_of
from storage.bin import bin_kind, purge
from storage.models import BlobUse
from tests.api.inspection.opened import open_network
from tests.api.studio import content_of
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Ask = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def weights(project: Any) -> dict[str, str]:
    """The description of weights that came with a file."""
    return {"type": "weights", "weight_set_id": open_network(project).id}


@pytest.fixture
def make_table(api: ApiClient, run_jobs: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Ask for predictions and return the finished table."""

    def make(**body: Any) -> dict[str, Any]:
        answer = api.post("/api/prediction-tables", body)
        assert answer.status_code == 202, answer.content
        assert answer.json()["lane"] == "bulk", "nobody who looks at one image waits for it"
        run_jobs("bulk")
        job = api.get(f"/api/jobs/{answer.json()['id']}").json()
        assert job["state"] == "succeeded", job["problem"]
        return api.get(f"/api/prediction-tables/{job['result']['table_id']}").json()

    return make


def test_weights_of_a_file_are_asked_about_an_image_as_those_of_a_run(
    api: ApiClient, dataset: dict[str, Any], weights: dict[str, str], ask: Ask
) -> None:
    num_files = BlobUse.objects.count() - 1
    item = api.get(f"/api/datasets/{dataset['id']}/items?split=test").json()["items"][0]
    body = {"weights": weights, "item_id": item["id"]}
    job = ask("/api/predictions", {**body, "top_k": 2})
    assert job["state"] == "succeeded", job["problem"]
    top = job["result"]["probabilities"]
    assert top[0]["name"] == str(top[0]["index"])
    assert job["result"]["weight_set_id"] == weights["weight_set_id"]

    (listed,) = api.get(f"/api/projects/{dataset['project_id']}/weights").json()
    assert (listed["id"], listed["source"]) == (weights["weight_set_id"], "digits.keras")
    layers = api.get(f"/api/weights/{weights['weight_set_id']}/layers").json()
    assert [one["name"] for one in layers if one["is_convolution"]] == ["conv"]
    relu = next(one["path"] for one in layers if one["name"] == "relu")
    asked = {**body, "method": "gradcam", "layer": relu}
    job = ask("/api/explanations", asked)
    assert job["state"] == "succeeded", job["problem"]
    told = api.get(f"/api/explanations/{job['result']['explanation_id']}").json()
    assert (told["checkpoint_id"], told["class_name"]) == (None, top[0]["name"])
    assert (told["layer"], told["rows_forwarded"]) == (relu, 2)
    assert content_of(api.get(told["heatmap_url"])).startswith(b"\x89PNG")

    refused = api.post("/api/explanations", {**asked, "target_class": 10})
    assert refused.status_code == 422
    for wrong in ({"item_id": item["id"]}, {**body, "checkpoint_id": "a" * 32}):
        assert api.post("/api/predictions", wrong).status_code == 422

    _purge_network(weights)
    assert not Explanation.objects.exists()
    assert BlobUse.objects.count() == num_files, "weights and pictures are gone"


def test_a_table_says_of_every_item_what_it_is_and_whether_that_is_right(
    api: ApiClient,
    project: Any,
    dataset: dict[str, Any],
    weights: dict[str, str],
    make_table: Callable[..., dict[str, Any]],
) -> None:
    renamed = Item.objects.filter(dataset=dataset["id"], file_name="3-0.png", split="test")
    renamed.update(file_name="=HYPERLINK(1)", source="=HYPERLINK(1)")
    table = make_table(weights=weights, dataset_id=dataset["id"], split="test", top_k=3)
    assert (table["num_items"], table["num_labeled"], table["num_unreadable"]) == (40, 40, 0)
    assert table["accuracy"] >= 0.8, "it has learned the digits"
    address = f"/api/prediction-tables/{table['id']}"

    first = api.get(f"{address}/rows?limit=15").json()
    second = api.get(f"{address}/rows?limit=50&cursor={first['next']}").json()
    rows = first["items"] + second["items"]
    assert (first["total"], second["next"], len({row["item"]["id"] for row in rows})) == (
        40,
        None,
        40,
    )
    assert {len(row["top"]) for row in rows} == {3}
    right = [row["label"] == row["top"][0]["index"] for row in rows]
    assert [row["is_right"] for row in rows] == right
    assert table["num_right"] == sum(right)

    surest = api.get(f"{address}/rows?order=-score").json()["items"]
    scores = [row["top"][0]["score"] for row in surest]
    assert scores == sorted(scores, reverse=True)
    fours = api.get(f"{address}/rows?label=4").json()
    assert {row["label"] for row in fours["items"]} == {4}
    assert fours["total"] == 4
    found = api.get(f"{address}/rows?name=HYPERlink").json()["items"]
    assert [row["item"]["file_name"] for row in found] == ["=HYPERLINK(1)"]
    pieces = [row for row in rows if "1" in row["item"]["source"]]
    searched = api.get(f"{address}/rows?name=1&limit=2").json()
    assert (searched["total"], len(searched["items"])) == (len(pieces), min(2, len(pieces)))
    more = api.get(f"{address}/rows?name=1&limit=2&cursor={searched['next']}").json()
    assert [row["item"]["id"] for row in [*searched["items"], *more["items"]]] == [
        row["item"]["id"] for row in pieces[:4]
    ]
    assert api.get(f"{address}/rows?name=nothing-like-it").json()["total"] == 0

    wrong = api.get(f"{address}/rows?right=no&min_score=0&max_score=1").json()
    assert wrong["total"] == 40 - sum(right)
    assert api.get(f"{address}/rows?order=name").status_code == 422

    answer = api.get(table["csv_url"])
    assert "attachment" in answer["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(content_of(answer).decode())))
    assert [line["right"] == "yes" for line in lines] == right
    images = [line["image"].removeprefix("'") for line in lines]
    assert images == [row["item"]["source"] for row in rows]
    assert "'=HYPERLINK(1)" in {line["image"] for line in lines}
    assert float(lines[0]["score_1"]) == pytest.approx(rows[0]["top"][0]["score"], abs=1e-5)

    listed = api.get(f"/api/prediction-tables?project={project.id}").json()
    assert [each["id"] for each in listed["items"]] == [table["id"]]
    assert api.delete(address).status_code == 204
    assert not PredictedItem.objects.exists()


def test_images_without_label_or_split_are_predicted_too(
    api: ApiClient,
    dataset: dict[str, Any],
    weights: dict[str, str],
    make_table: Callable[..., dict[str, Any]],
    run_jobs: Callable[..., Any],
) -> None:
    found = api.get(f"/api/datasets/{dataset['id']}/items?split=test&limit=2").json()["items"]
    ids = [item["id"] for item in found]
    answer = api.post(f"/api/datasets/{dataset['id']}/labels", {"item_ids": ids, "class_id": None})
    assert answer.status_code == 200, answer.content
    Item.objects.filter(pk__in=ids).update(split="unassigned")
    table = make_table(weights=weights, dataset_id=dataset["id"])
    assert (table["num_items"], table["num_labeled"], table["split"]) == (200, 198, "")
    unknown = api.get(f"/api/prediction-tables/{table['id']}/rows?right=unknown").json()
    assert {row["item"]["id"] for row in unknown["items"]} == set(ids)

    _purge_network(weights)
    assert not PredictionTable.objects.exists()


@pytest.mark.parametrize(
    ("dataset_classes", "network_classes", "expected"),
    [
        (["Dog", "cat"], ["cat", "dog", "owl"], [1, 0]),
        (["dog", "bee"], ["cat", "dog"], [1, None]),
        (["dog", "cat"], ["class 0", "class 1"], [0, 1]),
        (["dog"], ["class 0", "class 1"], [None]),
    ],
)
def test_labels_are_compared_by_name(
    dataset_classes: list[str], network_classes: list[str], expected: list[int | None]
) -> None:
    assert outputs_of(dataset_classes, network_classes) == expected


def test_a_project_does_not_fill_with_tables(
    api: ApiClient,
    dataset: dict[str, Any],
    weights: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = {"weights": weights, "dataset_id": dataset["id"]}
    for name, most, words in (("MAX_ITEMS", 199, "up to 199"), ("MAX_TABLES", 0, "0 tables")):
        with monkeypatch.context() as patch:
            patch.setattr(f"inspection.tables.{name}", most)
            refused = api.post("/api/prediction-tables", body)
        assert refused.status_code == 422, refused.content
        assert words in refused.json()["detail"]
    twice = [api.post("/api/prediction-tables", body).json()["id"] for _ in range(2)]
    assert twice[0] == twice[1], "the same is not asked twice"


def _purge_network(weights: dict[str, str]) -> None:
    network_id = WeightSet.objects.get(pk=weights["weight_set_id"]).network_id
    network = Network.objects.get(pk=network_id)
    purge(bin_kind("network"), network, lambda: None)
