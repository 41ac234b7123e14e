"""Layers that are thawed during a run: told once, also when the run was paused in between."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.studio import has_ended, wait_for
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CONFIG = {
    "epochs": 60,
    "batch_size": 16,
    "device": "cpu",
    "checkpoint_every_s": 0.5,
    "unfreeze": {"is_enabled": True, "every_epochs": 2},
}


def test_what_was_unfrozen_is_kept_with_the_run(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    nodes = network["document"]["graph"]["nodes"]
    conv = next(key for key, node in nodes.items() if node["type"] == "Conv2d")
    freeze = {"op": "set_attribute", "node_id": conv, "attribute": "is_frozen", "value": True}
    body = {"base_revision": network["revision"], "operations": [freeze]}
    saved = api.post(f"/api/networks/{network['id']}/operations", body)
    assert saved.status_code == 200, saved.content

    run = api.post(f"/api/networks/{network['id']}/runs", {"config": CONFIG}).json()
    wait_for(api, run["id"], lambda one: len(one["unfrozen"]) == 1)
    api.post(f"/api/runs/{run['id']}/pause")
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "paused"
    api.post(f"/api/runs/{run['id']}/resume")
    run = wait_for(api, run["id"], has_ended)

    assert run["state"] == "succeeded", run["log_tail"]
    (told,) = run["unfrozen"]
    assert told["group"] == nodes[conv]["name"]
    assert (told["epoch"], told["step"], told["num_left"]) == (2, 16, 0)
    shown = api.get(f"/api/runs/{run['id']}/spec").json()
    assert shown["config"]["unfreeze"]["every_epochs"] == 2
