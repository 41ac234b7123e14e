"""A run whose checkpoint has no room in the store that machines share ends as on a full disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.studio import bring_in_digits, draw_network, has_ended, wait_for
from tests.client import ApiClient
from tests.objects import ObjectServer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.faults,
    pytest.mark.campaign,
]


@pytest.fixture
def objects(settings: Any, fast: None) -> Iterator[ObjectServer]:
    with ObjectServer().running() as server:
        settings.ENVIRONMENT = server.settings(settings.ENVIRONMENT)
        yield server


def test_a_checkpoint_without_room_costs_only_the_steps_since_the_last(
    objects: ObjectServer,
    worker: None,
    api: ApiClient,
    project: Any,
    run_jobs: Callable[..., Any],
) -> None:
    network = draw_network(api, project, bring_in_digits(api, project, run_jobs))
    config = {"epochs": 2000, "batch_size": 8, "device": "cpu", "checkpoint_every_s": 0.3}
    run = api.post(f"/api/networks/{network['id']}/runs", {"config": config}).json()
    wait_for(api, run["id"], lambda one: bool(one["checkpoints"]))
    objects.is_full = True
    failed = wait_for(api, run["id"], has_ended)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "disk_full")
    assert "file store is full" in failed["failure"]["message"]
    objects.is_full = False
    assert api.post(f"/api/runs/{run['id']}/resume").status_code == 200
    newest = max(one["step"] for one in failed["checkpoints"])
    going = wait_for(api, run["id"], lambda one: one["attempts"][-1]["resumed_from_step"])
    assert going["attempts"][-1]["resumed_from_step"] == newest
    api.post(f"/api/runs/{run['id']}/stop")
    assert wait_for(api, run["id"], has_ended)["state"] == "stopped"
