"""Runs from start to end, through the API, with a real trainer process."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import CommandError, call_command

from datasets.models import Dataset, Item
from datasets.versions import pin_version
from netloom.data.manifest import Manifest
from storage.services import blob_key
from tests.api.studio import draw_network, has_ended, loss_steps, wait_for
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SHORT = {"epochs": 3, "batch_size": 16, "device": "cpu"}
LONG = {"epochs": 5000, "batch_size": 16, "device": "cpu", "checkpoint_every_s": 0.5}


def start(api: ApiClient, network: dict[str, Any], config: dict[str, Any], **more: Any) -> Any:
    answer = api.post(f"/api/networks/{network['id']}/runs", {"config": config, **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


def trainer_of(run_id: str) -> psutil.Process:
    """The training process of a run, found by its specification's path."""
    for process in psutil.Process().children(recursive=True):
        if any(run_id in part for part in process.cmdline()):
            return process
    raise AssertionError(f"no training process of {run_id}")


def test_a_run_trains_and_its_page_tells_all(
    api: ApiClient, network: dict[str, Any], worker: None, tmp_path: Path
) -> None:
    run = start(api, network, SHORT, name="First")
    # A worker that is quick has claimed it before the answer is written.
    assert (run["state"], run["queue_place"]) in (("queued", 1), ("claimed", None))
    assert run["number"] == 1

    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["failure"] or run["log_tail"]
    assert run["epochs_done"] == 3
    assert run["best_metric"]["name"] == "accuracy"
    assert run["started"]["num_train"] == 120
    assert len(run["confusion"]) == 10
    assert sum(score["support"] for score in run["per_class"]) == 40
    assert run["samples"]["predictions"]
    assert run["sparkline"]
    assert [one["exit_cause"] for one in run["attempts"]] == ["completed"]

    steps = loss_steps(api, run["id"])
    assert steps == list(range(1, 25))  # 120 images in batches of 16, three times
    curves = api.get(f"/api/runs/{run['id']}/metrics").json()
    assert curves["last_event"] == run["last_event"]
    assert {"loss", "accuracy"} <= {one["name"] for one in curves["series"]}

    events = api.get(f"/api/runs/{run['id']}/events").json()
    seqs = [one["seq"] for one in events["events"]]
    assert seqs == list(range(1, run["last_event"] + 1))
    rest = api.get(f"/api/runs/{run['id']}/events?since={seqs[-3]}").json()
    assert [one["seq"] for one in rest["events"]] == seqs[-2:]

    checkpoints = api.get(f"/api/runs/{run['id']}/checkpoints").json()
    assert any(one["is_best"] for one in checkpoints)
    assert [one["is_last"] for one in checkpoints].count(True) == 1
    assert len(checkpoints) <= 3

    spec = api.get(f"/api/runs/{run['id']}/spec").json()
    assert spec["config"]["epochs"] == 3
    assert spec["document"]["graph"]["nodes"].keys() == {
        "image", "conv", "relu", "flatten", "linear", "output"
    }  # fmt: skip


def test_neither_the_web_process_nor_a_worker_loads_torch() -> None:
    modules = "config.asgi, training.tasks, inspection.tasks, training.supervision.supervise"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )


@pytest.mark.faults
@pytest.mark.timed
def test_a_stop_is_acknowledged_within_a_second_and_keeps_a_checkpoint(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    run = start(api, network, LONG)
    wait_for(api, run["id"], lambda one: one["epochs_done"] > 2)
    asked = time.monotonic()
    assert api.post(f"/api/runs/{run['id']}/stop").json()["desired_state"] == "stop"
    wait_for(api, run["id"], lambda one: any("Asked to stop" in line for line in one["log_tail"]))
    assert time.monotonic() - asked < 1.0
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "stopped"
    assert run["checkpoints"][0]["step"] == loss_steps(api, run["id"])[-1]
    again = api.post(f"/api/runs/{run['id']}/pause")
    assert (again.status_code, again.json()["code"]) == (409, "run_state")


def test_a_paused_run_resumes_on_the_same_curve(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    run = start(api, network, {**LONG, "epochs": 60})
    wait_for(api, run["id"], lambda one: one["epochs_done"] > 2)
    api.post(f"/api/runs/{run['id']}/pause")
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "paused"
    paused_at = loss_steps(api, run["id"])[-1]

    resumed = api.post(f"/api/runs/{run['id']}/resume").json()
    assert resumed["state"] in ("queued", "claimed", "running")
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["log_tail"]
    assert [one["resumed_from_step"] for one in run["attempts"]] == [None, paused_at]
    assert loss_steps(api, run["id"]) == list(range(1, 60 * 8 + 1))


@pytest.mark.faults
def test_a_killed_trainer_resumes_with_no_point_doubled(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    run = start(api, network, {**LONG, "epochs": 100})
    wait_for(api, run["id"], lambda one: len(one["checkpoints"]) > 0)
    trainer_of(run["id"]).send_signal(signal.SIGKILL)
    wait_for(api, run["id"], lambda one: len(one["attempts"]) == 2)
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["log_tail"]
    assert "SIGKILL" in run["attempts"][0]["exit_cause"]
    assert run["attempts"][1]["resumed_from_step"] > 0
    assert loss_steps(api, run["id"]) == list(range(1, 100 * 8 + 1))

    replayed: list[int] = []
    seqs: list[int] = []
    page = {"has_more": True, "events": []}
    while page["has_more"]:
        since = seqs[-1] if seqs else 0
        page = api.get(f"/api/runs/{run['id']}/events?since={since}&limit=200").json()
        for one in page["events"]:
            seqs.append(one["seq"])
            if one["event"]["event"] == "rewind":
                replayed = [step for step in replayed if step <= one["event"]["to_step"]]
            elif one["event"]["event"] == "metrics":
                points = one["event"]["points"]
                replayed += [p["step"] for p in points if p["split"] == "train"]
    assert seqs == sorted(set(seqs))
    assert replayed == loss_steps(api, run["id"])


@pytest.mark.faults
def test_the_trainer_dies_with_its_supervisor(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    """The control pipe: whoever held it is gone, so is the trainer."""
    run = start(api, network, LONG)
    wait_for(api, run["id"], lambda one: one["epochs_done"] > 1)
    trainer = trainer_of(run["id"])
    api.post(f"/api/runs/{run['id']}/stop")
    api.post(f"/api/runs/{run['id']}/stop")  # the second time it is killed
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "stopped"
    trainer.wait(5)


def test_a_run_that_fails_says_why_and_where(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    config = {**SHORT, "optimizer": {"type": "sgd", "learning_rate": 100.0, "momentum": 0.99}}
    run = start(api, network, {**config, "epochs": 400})
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "failed"
    assert run["failure"]["code"] == "non_finite_loss"
    assert "learning rate" in run["failure"]["next_step"]


def test_a_run_starts_from_another_networks_weights(
    api: ApiClient, project: Any, dataset: dict[str, Any], network: dict[str, Any], worker: None
) -> None:
    other = draw_network(api, project, dataset)
    nothing = api.post(
        f"/api/networks/{other['id']}/runs",
        {"config": SHORT, "start_from": {"type": "network", "network_id": network["id"]}},
    )
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no_checkpoint")

    first = wait_for(api, start(api, network, {**SHORT, "epochs": 20})["id"], has_ended)
    start_from = {"type": "network", "network_id": network["id"]}
    second = start(api, other, {**SHORT, "epochs": 1}, start_from=start_from)
    second = wait_for(api, second["id"], has_ended)
    assert second["state"] == "succeeded", second["log_tail"]

    def first_loss(run_id: str) -> float:
        curves = api.get(f"/api/runs/{run_id}/metrics?split=train&names=loss").json()
        return curves["series"][0]["values"][0]

    assert first_loss(second["id"]) < first_loss(first["id"]) * 0.8

    # A layer made wider since goes on from what the narrow one learned.
    conv = next(
        key for key, n in other["document"]["graph"]["nodes"].items() if "Conv2d" in n["type"]
    )
    plan = api.post(
        "/api/surgery",
        {
            "document": other["document"],
            "act": "change_width",
            "target": {"node_ids": [conv]},
            "values": {"width": 24},
        },
    ).json()
    body = {"base_revision": other["revision"], "operations": plan["operations"]}
    assert api.post(f"/api/networks/{other['id']}/operations", body).status_code == 200
    third = start(api, other, {**SHORT, "epochs": 1}, start_from=start_from)
    third = wait_for(api, third["id"], has_ended)
    assert "made wider or narrower" in str(third["log_tail"])
    assert first_loss(third["id"]) < first_loss(first["id"]) * 0.8


def test_a_run_starts_from_the_weights_of_both_merged_networks(
    api: ApiClient, project: Any, dataset: dict[str, Any], network: dict[str, Any], worker: None
) -> None:
    other = draw_network(api, project, dataset)
    runs = [start(api, each, {**SHORT, "epochs": 1}) for each in (network, other)]
    for run in runs:
        assert wait_for(api, run["id"], has_ended)["state"] == "succeeded"
    plan = api.post(
        "/api/surgery",
        {
            "document": network["document"],
            "act": "merge_network",
            "values": {"how": "add"},
            "network_id": other["id"],
        },
    ).json()
    assert plan["other_survival"]["new"] == 0
    assert plan["other_survival"]["kept"] > 0
    body = {"base_revision": network["revision"], "operations": plan["operations"]}
    assert api.post(f"/api/networks/{network['id']}/operations", body).status_code == 200

    run = start(
        api,
        network,
        {**SHORT, "epochs": 1},
        start_from={"type": "network", "network_id": network["id"]},
        merge_from={"type": "network", "network_id": other["id"]},
    )
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["log_tail"]
    told = " ".join(run["log_tail"])
    assert "come from the network that was merged into this one" in told
    assert "newly initialised" not in told
    assert run["merge_from"] == {"type": "network", "network_id": other["id"]}
    assert api.get(f"/api/runs/{run['id']}/spec").json()["merged_weights"] == "merged.ckpt"


def test_the_spec_reproduces_the_run(
    api: ApiClient, network: dict[str, Any], worker: None, tmp_path: Path
) -> None:
    """What `manage.py export_run` writes gives the same losses, wherever it is taken."""
    run = wait_for(api, start(api, network, SHORT)["id"], has_ended)
    call_command("export_run", run["id"], tmp_path / "exported")
    folder = (tmp_path / "exported").rename(tmp_path / "taken away")
    shown = api.get(f"/api/runs/{run['id']}/spec").json()
    assert json.loads((folder / "spec.json").read_text()) == shown
    items = Manifest.read(folder / shown["manifest"]).items
    assert len(items) == 200
    assert not any(Path(item.path).is_absolute() for item in items)
    told = subprocess.run(
        [sys.executable, "-m", "netloom", "train", "--json", str(folder / "spec.json")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    points = [
        point
        for line in told.stdout.splitlines()
        if (event := json.loads(line))["event"] == "metrics"
        for point in event["points"]
    ]
    curves = api.get(f"/api/runs/{run['id']}/metrics").json()["series"]
    assert {(one["split"], one["name"]) for one in curves} > {("validation", "accuracy")}
    for curve in curves:
        mine = [p for p in points if p["split"] == curve["split"] and curve["name"] in p["values"]]
        assert [point["step"] for point in mine] == curve["steps"]
        assert [point["values"][curve["name"]] for point in mine] == curve["values"]
    finished = json.loads(told.stdout.splitlines()[-1])
    assert finished["best_metric"] == run["best_metric"]["value"]


def test_an_export_without_images_names_them_where_they_lie(
    make_run: Callable[..., Any], dataset: dict[str, Any], tmp_path: Path
) -> None:
    run = make_run()
    run.dataset_version = pin_version(Dataset.objects.get(pk=dataset["id"]), None)
    run.save()
    call_command("export_run", run.pk, tmp_path / "here", no_images=True, stdout=StringIO())
    items = Manifest.read(tmp_path / "here" / "manifest.json").items
    assert items
    assert all(Path(item.path).is_file() and Path(item.path).is_absolute() for item in items)
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        "manifest.json",
        "spec.json",
    ]
    with pytest.raises(CommandError, match=r"is not empty\. Name a new folder"):
        call_command("export_run", run.pk, tmp_path / "here")
    with pytest.raises(CommandError, match="NETLOOM_DATA has to name the studio's folder"):
        call_command("export_run", "nothing", tmp_path / "there")


def test_an_export_that_fails_leaves_nothing(
    make_run: Callable[..., Any], dataset: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    run = make_run()
    run.dataset_version = pin_version(Dataset.objects.get(pk=dataset["id"]), None)
    run.save()
    lost = settings.DATA_FOLDER / blob_key(
        Item.objects.filter(dataset=dataset["id"]).latest("position").sha256
    )
    lost.rename(tmp_path / "lost")
    with pytest.raises(CommandError, match=re.escape(lost.name)):
        call_command("export_run", run.pk, tmp_path / "exported")
    assert not (tmp_path / "exported").exists()
    (tmp_path / "lost").rename(lost)
    call_command("export_run", run.pk, tmp_path / "exported", stdout=StringIO())


def test_the_lines_that_repeat_a_run_name_the_data_folder_to_operators(
    api: ApiClient, person: Any, make_run: Callable[..., Any], settings: Any
) -> None:
    settings.DATA_FOLDER = Path("/srv/our studio")
    run = make_run()
    exported = [".venv/bin/python", "manage.py", "export_run", run.pk, "run-1"]

    def first_line() -> list[str]:
        line = api.get(f"/api/runs/{run.pk}").json()["spec_command"].splitlines()[0]
        return shlex.split(line)

    assert first_line() == exported
    person.is_operator = True
    person.save()
    assert first_line() == ["NETLOOM_DATA=/srv/our studio", *exported]


def test_a_supervisor_that_lost_its_run_ends_its_trainer_and_writes_nothing(
    api: ApiClient, network: dict[str, Any], worker: None
) -> None:
    from training.models import Attempt, Run

    run = start(api, network, LONG)
    wait_for(api, run["id"], lambda one: one["epochs_done"] > 1)
    trainer = trainer_of(run["id"])
    Attempt.objects.filter(run_id=run["id"]).update(number=7)  # somebody else's now
    Run.objects.filter(id=run["id"]).update(attempt=7)
    said = api.get(f"/api/runs/{run['id']}").json()["last_event"]
    trainer.wait(5)
    run = api.get(f"/api/runs/{run['id']}").json()
    assert (run["state"], run["last_event"]) == ("running", said)


def test_a_full_disk_ends_the_run_with_the_cause_and_it_can_go_on(
    api: ApiClient, network: dict[str, Any], worker: None, settings: Any
) -> None:
    enough = settings.ENVIRONMENT
    settings.ENVIRONMENT = enough.model_copy(update={"reserve_mb": 1 << 40})
    run = start(api, network, SHORT)
    run = wait_for(api, run["id"], has_ended)
    assert (run["state"], run["failure"]["code"]) == ("failed", "disk_full")
    assert run["failure"]["next_step"]
    settings.ENVIRONMENT = enough
    api.post(f"/api/runs/{run['id']}/resume")
    run = wait_for(api, run["id"], has_ended)
    assert run["state"] == "succeeded", run["log_tail"]
    assert loss_steps(api, run["id"]) == list(range(1, 25))
