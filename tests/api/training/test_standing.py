"""Where the weights of a network stand that was trained here, and changed after."""

from __future__ import annotations

from typing import Any

import pytest

from designer.models import WeightSet
from storage.services import store_bytes
from tests.api.studio import bring_in_digits, draw_network, tiny_network
from tests.client import ApiClient
from training.models import Checkpoint, Run

pytestmark = pytest.mark.django_db(transaction=True)


def test_layers_of_a_network_trained_here_say_so(
    api: ApiClient, project: Any, run_jobs: Any, clean_files: None
) -> None:
    network = draw_network(api, project, bring_in_digits(api, project, run_jobs))
    address = f"/api/networks/{network['id']}"
    drawn = {"document": tiny_network()}
    assert api.get(f"{address}/trained-weights").json() is None
    assert api.post(f"{address}/weight-standing", drawn).json() == {"weights": None, "nodes": {}}

    started = api.post(f"{address}/runs", {})
    assert started.status_code == 201, started.content
    run = Run.objects.get(pk=started.json()["id"])
    blob = store_bytes(project, b"numbers")
    for step, is_best in ((10, True), (20, False)):
        Checkpoint.objects.create(run=run, blob=blob, step=step, epoch=step / 10, is_best=is_best)
    found = api.post(f"{address}/weight-standing", drawn).json()
    assert found["nodes"] == {"conv": "pretrained", "linear": "pretrained"}
    assert found["weights"]["origin"] == "run"
    assert found["weights"]["source"] == f"run {run.number}, epoch 1"
    assert api.get(f"{address}/trained-weights").json() == found["weights"]
    drawn["document"]["graph"]["nodes"]["linear"]["params"]["out_features"] = 3
    found = api.post(f"{address}/weight-standing", drawn).json()
    assert found["nodes"] == {"conv": "pretrained", "linear": "new"}

    WeightSet.objects.create(
        network_id=network["id"],
        blob=blob,
        document=tiny_network(),
        source="newer.zip",
        format="Netloom bundle",
        num_tensors=4,
    )
    assert api.get(f"{address}/trained-weights").json()["source"] == "newer.zip"


def test_a_check_knows_which_weights_the_run_starts_from(
    api: ApiClient, project: Any, run_jobs: Any, clean_files: None
) -> None:
    network = draw_network(api, project, bring_in_digits(api, project, run_jobs))
    address = f"/api/networks/{network['id']}"
    freeze = {"op": "set_attribute", "node_id": "conv", "attribute": "is_frozen", "value": True}
    saved = api.post(f"{address}/operations", {"base_revision": 0, "operations": [freeze]})
    assert saved.status_code == 200, saved.content

    def told(**start: Any) -> dict[str, Any]:
        problems = api.post(f"{address}/run-check", start).json()["problems"]
        return {problem["code"]: problem for problem in problems}

    found = told()["frozen_at_random"]
    assert (found["severity"], found["node_id"]) == ("warning", "conv")
    (fix,) = found["fixes"]
    assert fix["operations"][0]["value"] is False

    weights = WeightSet.objects.create(
        network_id=network["id"],
        blob=store_bytes(project, b"numbers"),
        document=tiny_network(),
        source="file.zip",
        format="Netloom bundle",
        num_tensors=4,
    )
    start = {"start_from": {"type": "weights", "weight_set_id": weights.id}}
    assert "frozen_at_random" not in told(**start)
    weights.report = {"missing_weights": ["conv:weight"]}
    weights.save()
    assert "frozen_at_random" in told(**start)
    gone = {"start_from": {"type": "network", "network_id": network["id"]}}
    assert "frozen_at_random" in told(**gone)  # It was never trained: the start says so.

    applied = api.post(
        f"{address}/operations", {"base_revision": 1, "operations": fix["operations"]}
    )
    assert applied.status_code == 200, applied.content
    assert "frozen_at_random" not in told()
