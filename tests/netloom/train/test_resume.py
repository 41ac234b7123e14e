"""Killed, stopped, paused, orphaned: a run continues as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from netloom.train.checkpoint import (
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    load_newest_usable,
    read_checkpoint_weights,
)
from netloom.train.control import ORPHANED_EXIT_CODE, Control
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import (
    Trainer,
    checkpoint_paths,
    digits_network,
    of_type,
    train_here,
    train_losses,
)

EVERYTHING: dict[str, Any] = {
    # 1,167 items in batches of 128: ten steps an epoch, the last one smaller.
    "batch_size": 128,
    "epochs": 2,
    "optimizer": {"type": "adamw", "learning_rate": 3e-3},
    "schedule": {"type": "one_cycle"},
    "augmentation": {
        "crop_padding_px": 1,
        "rotate_degrees": 10,
        "brightness": 0.2,
        "contrast": 0.2,
    },
    "task": {"class_weights": "balanced", "label_smoothing": 0.1},
}


def final_weights(folder: str | Path) -> dict[str, torch.Tensor]:
    return read_checkpoint_weights(list_checkpoints(Path(folder))[-1])


@pytest.mark.faults
@pytest.mark.parametrize(
    ("optimizer", "kill_after"),
    # In the middle of an epoch, at its end, and in the next one.
    [("adamw", 7), ("adamw", 10), ("sgd", 13)],
)
def test_resuming_after_kill_is_bit_identical(
    make_spec: Callable[..., TrainSpec],
    start_trainer: Callable[[TrainSpec], Trainer],
    tmp_path: Path,
    optimizer: str,
    kill_after: int,
) -> None:
    changes = EVERYTHING | {"optimizer": {"type": optimizer, "learning_rate": 3e-3}}
    straight = make_spec(**changes, output=str(tmp_path / "straight"))
    straight_losses = train_losses(train_here(straight))
    assert len(straight_losses) == 20

    # A checkpoint after every step; killed without warning once the wanted one is announced.
    first = make_spec(**changes, checkpoint_every_s=1e-6, output=str(tmp_path / "first"))
    trainer = start_trainer(first)
    announced = trainer.wait_for(lambda e: e.event == "checkpoint" and e.step == kill_after)
    os.killpg(trainer.process.pid, signal.SIGKILL)
    trainer.finish()
    assert trainer.process.returncode == -signal.SIGKILL

    checkpoint = Path(first.output) / announced.path
    if not checkpoint.exists():
        # The process was quicker than the kill and has rotated it out; the next one will do.
        checkpoint = list_checkpoints(Path(first.output))[0]
    second = make_spec(**changes, output=str(tmp_path / "second"), resume_from=str(checkpoint))
    trainer = start_trainer(second)
    events = trainer.finish()
    step = load_checkpoint(checkpoint)["step"]

    assert trainer.process.returncode == 0
    assert of_type(events, "rewind")[0].to_step == step
    assert of_type(events, "started")[0].start_step == step
    resumed_losses = train_losses(events)
    assert resumed_losses == {s: x for s, x in straight_losses.items() if s > step}
    expected = final_weights(straight.output)
    resumed = final_weights(second.output)
    assert resumed.keys() == expected.keys()
    for key, tensor in expected.items():
        assert torch.equal(resumed[key], tensor), key
    last = of_type(events, "epoch_end")[-1]
    assert last.step == 20


@pytest.mark.parametrize(
    ("signal_number", "reason"), [(signal.SIGTERM, "stopped"), (signal.SIGUSR1, "paused")]
)
def test_stop_and_pause_save_and_end_well(
    make_spec: Callable[..., TrainSpec],
    start_trainer: Callable[[TrainSpec], Trainer],
    tmp_path: Path,
    signal_number: signal.Signals,
    reason: str,
) -> None:
    spec = make_spec(epochs=100_000, batch_size=16)
    trainer = start_trainer(spec)
    trainer.wait_for(lambda e: e.event == "metrics")
    os.killpg(trainer.process.pid, signal_number)
    events = trainer.finish(30)

    assert trainer.process.returncode == 0
    finished = events[-1]
    assert finished.event == "finished"
    assert finished.reason == reason
    last = of_type(events, "checkpoint")[-1]
    assert last.step == finished.step == max(train_losses(events))
    assert load_checkpoint(Path(spec.output) / last.path)["step"] == finished.step


def test_stop_reaches_decode_workers_gently(
    make_spec: Callable[..., TrainSpec],
    start_trainer: Callable[[TrainSpec], Trainer],
) -> None:
    # The whole group gets the signal, workers too: the trainer must still finish its step.
    spec = make_spec(epochs=100_000, batch_size=16, num_workers=1, data_memory_bytes=0)
    trainer = start_trainer(spec)
    trainer.wait_for(lambda e: e.event == "metrics")
    os.killpg(trainer.process.pid, signal.SIGTERM)
    events = trainer.finish(60)
    assert trainer.process.returncode == 0
    assert events[-1].reason == "stopped"
    assert of_type(events, "started")[0].data_tier == "decode"


def test_stop_before_the_first_step_leaves_nothing_behind(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    control = Control()
    control.request = "stop"
    spec = make_spec(cache=str(tmp_path / "cache"))
    events = train_here(spec, control)
    assert events[-1].event == "finished"
    assert (events[-1].reason, events[-1].step) == ("stopped", 0)
    assert not of_type(events, "started")
    assert not list_checkpoints(Path(spec.output))
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache").iterdir())


def test_resuming_in_another_data_tier_is_the_same_run(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    straight = make_spec(**EVERYTHING, output=str(tmp_path / "straight"))
    losses = train_losses(train_here(straight))
    first = make_spec(**EVERYTHING, output=str(tmp_path / "first"), checkpoint_every_s=1e-6)
    train_here(first)
    (early, *_) = list_checkpoints(Path(first.output))
    second = make_spec(
        **EVERYTHING, output=str(tmp_path / "second"), resume_from=str(early), data_memory_bytes=0
    )
    events = train_here(second)
    assert of_type(events, "started")[0].data_tier == "decode"
    step = of_type(events, "rewind")[0].to_step
    assert train_losses(events) == {s: x for s, x in losses.items() if s > step}


def test_trainer_ends_when_its_supervisor_is_gone(
    make_spec: Callable[..., TrainSpec], start_trainer: Callable[[TrainSpec], Trainer]
) -> None:
    trainer = start_trainer(make_spec(epochs=100_000, batch_size=16))
    trainer.wait_for(lambda e: e.event == "metrics")
    trainer.close_control()
    assert trainer.process.wait(10) == ORPHANED_EXIT_CODE


@pytest.mark.faults
def test_damaged_checkpoint_falls_back_to_the_one_before(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    spec = make_spec(**EVERYTHING, checkpoint_every_s=1e-6)
    events = train_here(spec)
    before, last = list_checkpoints(Path(spec.output))[-2:]
    assert checkpoint_paths(events, spec.output)[-1] == last
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 0xFF
    last.write_bytes(data)
    with pytest.raises(CheckpointError):
        load_checkpoint(last)

    resumed = make_spec(**EVERYTHING, output=str(tmp_path / "again"), resume_from=str(last))
    events = train_here(resumed)
    warnings = [log.message for log in of_type(events, "log") if log.level == "warning"]
    assert any(before.name in text and last.name in text for text in warnings)
    assert of_type(events, "rewind")[0].to_step == load_checkpoint(before)["step"]
    assert events[-1].reason == "completed"


def test_cut_off_checkpoints_are_noticed(make_spec: Callable[..., TrainSpec]) -> None:
    spec = make_spec()
    train_here(spec)
    (path,) = list_checkpoints(Path(spec.output))
    data = path.read_bytes()
    for size in (0, 10, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(CheckpointError, match=path.name):
            load_newest_usable(path)


def test_a_checkpoint_of_another_network_or_dataset_is_refused(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path, tmp_path: Path
) -> None:
    spec = make_spec()
    train_here(spec)
    (path,) = list_checkpoints(Path(spec.output))

    other_network = make_spec(digits_network(tail=("Softmax",)), resume_from=str(path))
    failed = train_here(other_network)[-1]
    assert failed.code == "bad_spec"
    assert "another network" in failed.message

    manifest = json.loads(digits_manifest.read_text())
    for item in manifest["items"]:
        item["path"] = str(digits_manifest.parent / item["path"])
    manifest["items"][0]["label"] = 9
    manifest["items"][0]["split"] = "train"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(manifest))
    failed = train_here(make_spec(manifest=str(changed), resume_from=str(path)))[-1]
    assert failed.code == "bad_spec"
    assert "dataset has changed" in failed.message


def test_checkpoint_is_complete(make_spec: Callable[..., TrainSpec]) -> None:
    spec = make_spec(**EVERYTHING)
    events = train_here(spec)
    event = of_type(events, "checkpoint")[-1]
    path = Path(spec.output) / event.path
    content = torch.load(path, weights_only=True)
    assert content["format"] == "netloom.checkpoint"
    assert content["step"] == 20
    assert content["sampler"] == {"epoch": 2, "batches": 0}
    assert content["environment"]["num_threads"] == "1"
    assert set(content["random"]) >= {"torch", "cuda", "python", "numpy_keys"}
    assert content["optimizer"]["state"]
    assert path.stat().st_size == event.size_bytes
    assert hashlib.sha256(path.read_bytes()).hexdigest() == event.sha256
    assert not list(path.parent.glob("*.partial"))
