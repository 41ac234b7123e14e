"""What a run goes on from: the same curve, the checkpoint before a damaged one, an early stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netloom.train.checkpoint import load_checkpoint
from storage.services import blob_key
from storage.store import FOLDER
from tests.api.studio import has_ended, loss_steps, wait_for
from tests.client import ApiClient
from training.models import Checkpoint

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.faults,
]

CONFIG = {"epochs": 20, "batch_size": 16, "device": "cpu", "checkpoint_every_s": 0.3}
STEPS_PER_EPOCH = 8


def start(api: ApiClient, network: dict[str, Any], **changes: Any) -> str:
    answer = api.post(f"/api/networks/{network['id']}/runs", {"config": {**CONFIG, **changes}})
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def losses(api: ApiClient, run_id: str) -> list[float]:
    told = api.get(f"/api/runs/{run_id}/metrics?split=train&names=loss&max_points=20000").json()
    return told["series"][0]["values"]


def steps_done(run: dict[str, Any]) -> int:
    return round(run["epochs_done"] * STEPS_PER_EPOCH)


def enough(run: dict[str, Any]) -> bool:
    """Two checkpoints of the newest attempt, so that one may be lost."""
    since = run["attempts"][-1]["resumed_from_step"] or 0
    return sum(one["step"] > since for one in run["checkpoints"]) > 1


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def test_the_checkpoint_before_is_used_and_the_curve_is_the_same(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    """The newest checkpoint is damaged, later gone; every number is that of a run left alone."""
    run_id = start(api, network, epochs=5000)
    for attempt, harm in enumerate([damage, Path.unlink], start=1):
        wait_for(api, run_id, lambda one: one["state"] == "running" and enough(one))
        api.post(f"/api/runs/{run_id}/pause")
        run = wait_for(api, run_id, has_ended)
        assert run["state"] == "paused", run["log_tail"]
        last, before = sorted((one["step"] for one in run["checkpoints"]), reverse=True)[:2]
        newest = Checkpoint.objects.get(run_id=run_id, step=last)
        harm(FOLDER.path(blob_key(newest.blob_id)))

        api.post(f"/api/runs/{run_id}/resume")
        run = wait_for(api, run_id, lambda one, step=last: steps_done(one) > step + 8)
        assert run["attempts"][attempt]["resumed_from_step"] == before
        assert any(f"step-{last:08d}.ckpt" in line for line in run["log_tail"])
    api.post(f"/api/runs/{run_id}/stop")
    wait_for(api, run_id, has_ended)
    disturbed = losses(api, run_id)
    assert loss_steps(api, run_id) == list(range(1, len(disturbed) + 1))

    undisturbed = start(api, network, epochs=5000)
    wait_for(api, undisturbed, lambda one: steps_done(one) > last + 8)
    api.post(f"/api/runs/{undisturbed}/stop")
    wait_for(api, undisturbed, has_ended)
    alone = losses(api, undisturbed)
    num_both = min(len(alone), len(disturbed))
    assert num_both > last
    assert disturbed[:num_both] == alone[:num_both]


@pytest.mark.parametrize(("wish", "state"), [("stop", "stopped"), ("pause", "paused")])
def test_a_wish_before_the_first_event_counts(
    api: ApiClient, network: dict[str, Any], worker: None, wish: str, state: str
) -> None:
    """The trainer is still importing: the signal ends it without a word."""
    run_id = start(api, network)
    wait_for(api, run_id, lambda one: one["state"] != "queued")
    api.post(f"/api/runs/{run_id}/{wish}")
    run = wait_for(api, run_id, has_ended)
    assert (run["state"], run["failure"]) == (state, None)
    api.post(f"/api/runs/{run_id}/resume")
    run = wait_for(api, run_id, has_ended)
    assert run["state"] == "succeeded", run["log_tail"]


def test_a_loss_that_is_no_number_names_the_node_and_leaves_a_sound_checkpoint(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    optimizer = {"type": "sgd", "learning_rate": 100.0, "momentum": 0.99}
    schedule = {"type": "one_cycle"}
    run_id = start(api, network, optimizer=optimizer, schedule=schedule, checkpoint_every_s=1e-6)
    run = wait_for(api, run_id, has_ended)
    assert (run["state"], run["failure"]["code"]) == ("failed", "non_finite_loss")
    assert run["failure"]["node_id"] in {"conv", "linear"}
    assert f"step {loss_steps(api, run_id)[-1] + 1} " in run["failure"]["message"]
    newest = run["checkpoints"][0]
    assert newest["step"] <= loss_steps(api, run_id)[-1]

    blob_id = Checkpoint.objects.get(id=newest["id"]).blob_id
    weights = load_checkpoint(FOLDER.path(blob_key(blob_id)))["weights"]
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())
