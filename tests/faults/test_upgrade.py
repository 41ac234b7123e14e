"""Data of an earlier release under the present code: everything is there, and goes on."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.faults.live import LiveApi
from tests.faults.release import PAUSED, Facts, curves_of, facts_of, make_data, manage
from tests.faults.runs import SETTINGS, wait_for_success
from tests.house.studio_process import REPOSITORY
from tests.house.studio_process import manage as manage_present
from tour.studio import private_studio

pytestmark = [pytest.mark.faults, pytest.mark.slow]

BACKUPS = sorted((REPOSITORY / "tests" / "fixtures" / "releases").glob("*.zip"))
EARLIER = "1d1feae"
"""A commit from before quotas, the bin and object stores; clones without history lack it."""


def test_there_is_a_release_to_come_from() -> None:
    assert BACKUPS, "write one: see tests/faults/release.py"


@pytest.mark.parametrize("backup", BACKUPS, ids=lambda path: path.stem)
def test_a_backup_of_a_release_is_restored_and_goes_on(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    restored = manage_present(data, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    expected: Facts = json.loads(backup.with_suffix(".json").read_text())
    assert_all_there_and_goes_on(data, expected)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The code of the earlier commit."""
    packed = subprocess.run(
        ["git", "archive", EARLIER], cwd=REPOSITORY, capture_output=True, check=False
    )
    if packed.returncode != 0:
        pytest.skip(f"This clone has no commit {EARLIER} to upgrade from.")
    folder = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.campaign
def test_a_studio_is_upgraded_in_its_place_and_its_backup_comes_back(
    earlier: Path, tmp_path: Path
) -> None:
    """The new code on the old folder; then, as after a change of heart, the old backup."""
    data, backup = tmp_path / "data", tmp_path / "backup.zip"
    expected = make_data(data, earlier)
    manage(earlier, data, "backup", str(backup))
    assert_all_there_and_goes_on(data, expected)

    restored = manage_present(data, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert "kept in" in restored.stdout
    assert_all_there_and_goes_on(data, expected)


def assert_all_there_and_goes_on(data: Path, expected: Facts) -> None:
    with private_studio(data, extra_settings=SETTINGS) as studio:
        api = LiveApi(studio.url, studio.signin_url)
        assert facts_of(api, data) == expected
        by_state = {run["state"]: run_id for run_id, run in expected["runs"].items()}
        _goes_on(api, by_state["paused"], expected)
        _is_explained(api, by_state["succeeded"], expected)
        _starts_from_its_weights(api, by_state["succeeded"], expected)


def _goes_on(api: LiveApi, run_id: str, expected: Facts) -> None:
    """The paused run has all steps once, and those of the earlier release as they were."""
    api.call("POST", f"/api/runs/{run_id}/resume")
    told = wait_for_success(api, run_id)
    assert told["attempts"][1]["resumed_from_step"] == expected["runs"][run_id]["checkpoints"][-1]
    steps, losses = curves_of(api, run_id)["train loss"]
    assert steps == list(range(1, told["started"]["total_steps"] + 1))
    _, before = expected["runs"][run_id]["curves"]["train loss"]
    assert losses[: len(before)] == before
    assert len(before) < len(losses)


def _is_explained(api: LiveApi, run_id: str, expected: Facts) -> None:
    (dataset_id,) = expected["datasets"]
    item = api.get(f"/api/datasets/{dataset_id}/items?limit=1")["items"][0]
    checkpoint = api.get(f"/api/runs/{run_id}/checkpoints")[0]
    body = {"checkpoint_id": checkpoint["id"], "item_id": item["id"], "method": "gradcam"}
    job = api.call("POST", "/api/explanations", body)
    api.wait_for(f"/api/jobs/{job['id']}", lambda one: one["state"] == "succeeded", 120)


def _starts_from_its_weights(api: LiveApi, run_id: str, expected: Facts) -> None:
    (network_id,) = expected["networks"]
    checkpoint = api.get(f"/api/runs/{run_id}/checkpoints")[0]
    start_from = {"type": "checkpoint", "checkpoint_id": checkpoint["id"]}
    body = {"config": {**PAUSED, "epochs": 1}, "start_from": start_from}
    run = api.call("POST", f"/api/networks/{network_id}/runs", body)
    wait_for_success(api, run["id"])
    _, losses = curves_of(api, run["id"])["train loss"]
    _, first = expected["runs"][run_id]["curves"]["train loss"]
    assert losses[0] < first[0]
