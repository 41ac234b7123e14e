"""Memory runs out in the trainer: told with what to do, nothing lost, the next run unharmed."""

from __future__ import annotations

import resource
from typing import Any

import pytest

from tests.api.studio import tiny_network
from tests.faults.live import LiveApi
from tests.faults.runs import (
    LONG,
    has_checkpoint,
    has_ended,
    is_alive,
    process_of,
    start,
    wait_for_success,
)
from tests.waiting import RIGHT_WITHIN_S, until
from tour.studio import Studio

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.campaign]

LITTLE_BYTES = 1 << 28


@pytest.fixture
def wide_network(api: LiveApi, network: dict[str, Any]) -> dict[str, Any]:
    """Its activations are too large for the allocator to keep: each step asks the system anew."""
    document = tiny_network()
    document["graph"]["nodes"]["conv"]["params"]["out_channels"] = 256
    body = {"name": "Wide", "document": document, "dataset_id": network["dataset_id"]}
    return api.call("POST", f"/api/projects/{network['project_id']}/networks", body)


def test_memory_that_runs_out_ends_the_run_with_words_and_keeps_its_checkpoint(
    studio: Studio, api: LiveApi, network: dict[str, Any], wide_network: dict[str, Any]
) -> None:
    run = start(api, wide_network, {**LONG, "batch_size": 1024, "epochs": 1000})
    api.wait_for(f"/api/runs/{run['id']}", has_checkpoint)
    trainer = process_of(studio, "netloom.train", run["id"])
    trainer.rlimit(resource.RLIMIT_AS, (LITTLE_BYTES, LITTLE_BYTES))
    told = api.wait_for(f"/api/runs/{run['id']}", has_ended, RIGHT_WITHIN_S)
    assert (told["state"], told["failure"]["code"]) == ("failed", "out_of_memory"), told["failure"]
    assert "batch" in told["failure"]["next_step"]
    assert told["checkpoints"], "the last checkpoint is kept"
    assert len(told["attempts"]) == 1, "it would only die of it again"
    until(lambda: not is_alive(trainer), 10)
    wait_for_success(api, start(api, network, {**LONG, "epochs": 1})["id"])
