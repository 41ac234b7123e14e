"""A run that has computed as long as one may: stopped with a checkpoint and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.limits import Limit, set_allowance
from tests.api.studio import has_ended, loss_steps, wait_for
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_run_out_of_time_keeps_its_checkpoint_and_says_why(
    api: ApiClient, person: Any, network: dict[str, Any], worker: None
) -> None:
    config = {"epochs": 5000, "batch_size": 16, "device": "cpu"}
    asked = api.post(f"/api/networks/{network['id']}/runs", {"config": config})
    run = wait_for(api, asked.json()["id"], lambda one: one["epochs_done"] > 2)
    set_allowance(Limit.RUN_HOURS, person, 1 / 3600)
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "stopped"
    assert run["failure"]["code"] == "run_hours_used"
    assert "stopped with a checkpoint: it had computed 1 s" in run["failure"]["message"]
    assert run["checkpoints"][0]["step"] == loss_steps(api, run["id"])[-1]

    refused = api.post(f"/api/runs/{run['id']}/resume")
    assert (refused.status_code, refused.json()["code"]) == (429, "run_hours_used")
    set_allowance(Limit.RUN_HOURS, person, None)
    assert api.post(f"/api/runs/{run['id']}/resume").json()["failure"] is None
    api.post(f"/api/runs/{run['id']}/stop")
    wait_for(api, run["id"], has_ended)
