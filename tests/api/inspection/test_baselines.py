"""Classical models beside a network, through the API and the worker."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datasets.models import Dataset
from inspection.models import Baseline
from storage.bin import bin_kind, purge
from tests.api.inspection.opened import open_network
from tests.api.studio import content_of
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def weights(project: Any) -> dict[str, str]:
    return {"type": "weights", "weight_set_id": open_network(project).id}


@pytest.fixture
def fit(api: ApiClient, run_jobs: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Fit and return the comparison of what is there then."""

    def ask(split: str = "test", **body: Any) -> dict[str, Any]:
        answer = api.post("/api/baselines", {"split": split, **body})
        assert answer.status_code == 202, answer.content
        run_jobs("bulk")
        job = api.get(f"/api/jobs/{answer.json()['id']}").json()
        assert job["state"] == "succeeded", job["problem"]
        made = api.get(f"/api/baselines/{job['result']['baseline_ids'][0]}").json()
        address = f"/api/dataset-versions/{made['dataset_version_id']}/comparison"
        return api.get(f"{address}?split={split}").json()

    return ask


def test_classical_models_stand_beside_the_network_on_the_same_images(
    api: ApiClient,
    dataset: dict[str, Any],
    weights: dict[str, str],
    fit: Callable[..., dict[str, Any]],
) -> None:
    layers = api.get(f"/api/weights/{weights['weight_set_id']}/feature-layers").json()
    relu = next(each for each in layers if each["name"] == "relu")
    assert relu["num_features"] == {"average": 8, "max": 8, "flat": 512}
    assert [each["name"] for each in layers if each["is_default"]] == ["flatten"]

    told = fit(
        weights=weights,
        dataset_id=dataset["id"],
        features=["layer", "pixels"],
        models=["logistic", "neighbours"],
        layer=relu["path"],
        pooling="flat",
    )
    rows = {(each["features_kind"], each["model"]): each for each in told["baselines"]}
    assert rows.keys() == {
        ("layer", "network"),
        *((kind, model) for kind in ("layer", "pixels") for model in ("logistic", "neighbours")),
    }
    assert {each["num_items"] for each in rows.values()} == {40}
    probe, pixels = rows["layer", "logistic"], rows["pixels", "logistic"]
    assert (probe["num_train"], probe["num_features"]) == (120, 512)
    assert probe["features"] == "relu: all 8 × 8 × 8 values, 512 numbers an image"
    assert (probe["has_model"], rows["layer", "neighbours"]["has_model"]) == (True, False)
    assert (pixels["network_id"], pixels["asked"]) == (None, "")
    assert probe["asked"] == "digits.keras (Keras 3)"
    assert min(each["accuracy"] for each in rows.values()) >= 0.7, "all have learned the digits"

    whole = api.get(f"/api/baselines/{probe['id']}").json()
    confusion_KK = np.array(whole["confusion"])
    assert confusion_KK.trace() / 40 == pytest.approx(probe["accuracy"])
    f1 = [each["f1"] for each in whole["per_class"]]
    assert probe["macro_f1"] == pytest.approx(np.mean(f1))
    with np.load(io.BytesIO(content_of(api.get(f"/api/baselines/{probe['id']}/model")))) as kept:
        assert kept["weights"].shape == (10, 512)
    neighbours = rows["layer", "neighbours"]["id"]
    assert api.get(f"/api/baselines/{neighbours}/model").status_code == 404

    assert api.delete(f"/api/baselines/{neighbours}").status_code == 204
    purge(bin_kind("dataset"), Dataset.objects.get(pk=dataset["id"]), lambda: None)
    assert not Baseline.objects.exists()


def test_what_cannot_be_compared_is_refused(
    api: ApiClient, dataset: dict[str, Any], weights: dict[str, str]
) -> None:
    body = {"dataset_id": dataset["id"]}
    for wrong, words in (
        ({**body, "features": ["layer"]}, "need the weights"),
        ({**body, "features": ["layer"], "weights": weights, "layer": "no"}, "no layer"),
        ({**body, "split": "train"}, "split"),
        ({}, "dataset_version_id"),
    ):
        refused = api.post("/api/baselines", wrong)
        assert refused.status_code == 422, refused.content
        assert words in refused.content.decode()
