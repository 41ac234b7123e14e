"""Several devices: two processes on the CPU learn what one does, and end together."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from netloom.data.manifest import Manifest
from netloom.graph.document import Document
from netloom.train.check import check_spec
from netloom.train.checkpoint import list_checkpoints, load_checkpoint, read_checkpoint_weights
from netloom.train.control import ORPHANED_EXIT_CODE
from netloom.train.events import Checkpoint
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import (
    REPOSITORY,
    Trainer,
    chain,
    digits_network,
    of_type,
    train_here,
    train_losses,
)

MakeSpec = Callable[..., TrainSpec]
StartTrainer = Callable[[TrainSpec], Trainer]

TOLERANCE = 1e-5
"""Relative: sums of the same numbers in another order, over a few dozen steps."""
EVERYTHING: dict[str, Any] = {
    # 1,167 items in ten batches of 116 or 117, which two devices share unevenly.
    "batch_size": 117,
    "epochs": 3,
    "schedule": {"type": "one_cycle"},
    "augmentation": {"crop_padding_px": 1, "rotate_degrees": 10, "brightness": 0.2},
    "task": {"class_weights": "balanced", "label_smoothing": 0.1},
}


def plain_network() -> Document:
    """No batch normalisation and no dropout: what a share of a batch gives adds up exactly."""
    return chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1, "mean": [0.3], "std": [0.4]}),
        ("Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )


def ranks_of(trainer: Trainer) -> list[psutil.Process]:
    """The other ranks' processes, in order."""
    children = psutil.Process(trainer.process.pid).children()
    return [child for child in children if "netloom.train.rank" in child.cmdline()]


def group_members(group: int) -> list[int]:
    """Living processes of a process group."""
    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, ProcessLookupError):
            continue
    return found


def is_step(number: int) -> Callable[[Any], bool]:
    return lambda event: isinstance(event, Checkpoint) and event.step >= number


@pytest.mark.slow
def test_two_devices_learn_what_one_learns(
    make_spec: MakeSpec, start_trainer: StartTrainer, tmp_path: Path
) -> None:
    alone = train_here(make_spec(plain_network(), **EVERYTHING, output=str(tmp_path / "one")))
    cache = str(tmp_path / "cache")
    trainer = start_trainer(make_spec(plain_network(), **EVERYTHING, cache=cache, devices=2))
    together = trainer.finish()
    assert trainer.process.returncode == 0

    started = of_type(together, "started")[0]
    assert (started.num_devices, started.data_tier) == (2, "memory")
    assert sum(event.event == "started" for event in together) == 1, "only one of them speaks"
    expected, found = train_losses(alone), train_losses(together)
    assert found.keys() == expected.keys()
    for step, loss in expected.items():
        assert found[step] == pytest.approx(loss, rel=TOLERANCE), step
    for one, two in zip(of_type(alone, "epoch_end"), of_type(together, "epoch_end"), strict=True):
        assert two.confusion_KK == one.confusion_KK
        assert two.values == pytest.approx(one.values, rel=TOLERANCE)
    samples = [
        [(p.item_id, p.predicted) for p in of_type(events, "samples")[-1].predictions]
        for events in (alone, together)
    ]
    assert samples[0] == samples[1]
    assert of_type(together, "progress")[-1].memory_bytes > 200e6, "both processes count"


@pytest.mark.slow
def test_a_killed_rank_ends_all_at_once_and_the_run_goes_on_to_the_same_numbers(
    make_spec: MakeSpec, start_trainer: StartTrainer, tmp_path: Path
) -> None:
    # With dropout every rank has a random state of its own, which must be resumed too.
    changes = EVERYTHING | {"devices": 2, "epochs": 2}
    straight = make_spec(digits_network(), **changes, output=str(tmp_path / "straight"))
    expected = train_losses(start_trainer(straight).finish())
    assert len(expected) == 20

    first = make_spec(**changes, checkpoint_every_s=1e-6, output=str(tmp_path / "first"))
    trainer = start_trainer(first)
    trainer.wait_for(is_step(7))
    (other,) = ranks_of(trainer)
    other.kill()
    events = trainer.finish(10)
    assert trainer.process.returncode == ORPHANED_EXIT_CODE
    assert not of_type(events, "failed")
    assert not of_type(events, "finished")
    assert not group_members(trainer.process.pid)

    checkpoint = list_checkpoints(Path(first.output))[-1]
    step = load_checkpoint(checkpoint)["step"]
    assert 7 <= step < 20
    second = make_spec(**changes, output=str(tmp_path / "second"), resume_from=str(checkpoint))
    resumed = start_trainer(second).finish()
    assert train_losses(resumed) == {s: x for s, x in expected.items() if s > step}
    weights, same = (
        read_checkpoint_weights(list_checkpoints(Path(spec.output))[-1])
        for spec in (straight, second)
    )
    assert all(torch.equal(same[key], tensor) for key, tensor in weights.items())


@pytest.mark.slow
def test_stopping_reaches_all_and_fewer_devices_may_go_on(
    make_spec: MakeSpec, start_trainer: StartTrainer, tmp_path: Path
) -> None:
    changes = EVERYTHING | {"epochs": 8}
    expected = train_losses(train_here(make_spec(plain_network(), **changes)))
    decoding = {"data_memory_bytes": 0, "output": str(tmp_path / "two")}
    spec = make_spec(plain_network(), **changes, **decoding, devices=2)
    trainer = start_trainer(spec)
    trainer.wait_for(lambda event: event.event == "metrics")
    os.killpg(trainer.process.pid, signal.SIGUSR1)  # the ranks get it too and leave it to the first
    events = trainer.finish(20)
    finished = events[-1]
    assert trainer.process.returncode == 0
    assert (finished.event, finished.reason) == ("finished", "paused")
    assert not group_members(trainer.process.pid)
    (path,) = list_checkpoints(Path(spec.output))[-1:]
    assert load_checkpoint(path)["step"] == finished.step

    alone = make_spec(plain_network(), **changes, resume_from=str(path))
    events = train_here(alone)
    told = [log.message for log in of_type(events, "log")]
    assert any("num_devices 2 -> 1" in message for message in told)
    losses = train_losses(events)
    assert losses.keys() == {step for step in expected if step > finished.step}
    for step, loss in losses.items():
        assert loss == pytest.approx(expected[step], rel=TOLERANCE)


@pytest.mark.slow
def test_memory_that_runs_out_in_one_rank_is_the_reason_of_all(
    make_spec: MakeSpec, start_trainer: StartTrainer
) -> None:
    wide = chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1, "mean": [0.3], "std": [0.4]}),
        # Activations of a share are too large for the allocator to keep.
        ("Conv2d", {"out_channels": 512, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    trainer = start_trainer(make_spec(wide, batch_size=1024, epochs=1000, devices=2))
    trainer.wait_for(lambda event: event.event == "metrics")
    (other,) = ranks_of(trainer)
    other.rlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
    failed = trainer.finish(30)[-1]
    assert trainer.process.returncode == 1
    assert (failed.event, failed.code) == ("failed", "out_of_memory")
    assert "batch size" in failed.message
    assert not group_members(trainer.process.pid)


@pytest.mark.slow
def test_a_loss_that_is_no_number_in_one_share_is_seen_by_all(
    make_spec: MakeSpec, start_trainer: StartTrainer, digits_manifest: Path, tmp_path: Path
) -> None:
    """One image alone makes the loss overflow, and it lies in the second rank's share."""
    from netloom.data.sampler import EpochSampler

    manifest = Manifest.read(digits_manifest)
    train = [item for item in manifest.items if item.split == "train" and item.label is not None]
    black = tmp_path / "black.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(black)
    lit = tmp_path / "lit.png"
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(lit)
    batch = next(iter(EpochSampler(len(train), 64, seed=0).batches(_third_batch())))
    odd = train[int(batch[-1])].id
    items = [
        item.model_copy(update={"path": str(lit if item.id == odd else black), "digest": ""})
        for item in manifest.items
    ]
    path = tmp_path / "manifest.json"
    path.write_text(manifest.model_copy(update={"items": items}).model_dump_json())
    network = chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1, "mean": [0], "std": [1e-39]}),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    rate = {"type": "sgd", "learning_rate": 1e-9}
    changes: dict[str, Any] = {"manifest": str(path), "batch_size": 64, "optimizer": rate}
    alone = train_here(make_spec(network, **changes))[-1]
    trainer = start_trainer(make_spec(network, **changes, devices=2))
    together = trainer.finish()[-1]
    assert trainer.process.returncode == 1
    assert (together.code, together.step) == ("non_finite_loss", 3)
    assert together.model_copy(update={"time_s": alone.time_s}) == alone


def _third_batch() -> Any:
    from netloom.data.sampler import SamplerPosition

    return SamplerPosition(0, 2)


@pytest.mark.slow
def test_ctrl_c_on_the_command_line_leaves_nothing(make_spec: MakeSpec, tmp_path: Path) -> None:
    spec = make_spec(plain_network(), epochs=100_000, batch_size=16, devices=2)
    path = tmp_path / "spec.json"
    path.write_text(spec.model_dump_json(by_alias=True))
    command = [sys.executable, "-m", "netloom", "train", "--json", str(path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        next(line for line in lines if json.loads(line)["event"] == "metrics")
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 2
        process.send_signal(signal.SIGINT)
        *_, last = lines
        assert json.loads(last)["reason"] == "stopped"
        assert process.wait(10) == 0
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert len(gone) == 2, alive
    assert list_checkpoints(Path(spec.output))


def test_what_several_devices_need_is_checked(make_spec: MakeSpec, digits_manifest: Path) -> None:
    manifest = Manifest.read(digits_manifest)

    def codes(severity: str, network: Document | None = None, **config: Any) -> set[str]:
        known = config.pop("known", {"cpu"})
        spec = make_spec(network or plain_network(), **config)
        problems = check_spec(spec, manifest, devices=known)
        return {problem.code for problem in problems if problem.severity == severity}

    gpus = {"cpu", "cuda:0", "cuda:1"}
    assert codes("error", devices=2) == set()
    assert codes("warning", devices=2) == {"devices_share_cores"}
    norm = {"devices_share_cores", "batch_norm_per_device"}
    assert codes("warning", digits_network(), devices=2) == norm
    assert codes("warning", digits_network(), devices=2, device="cuda", known=gpus) == set()
    assert codes("error", devices=2, device="auto", known=gpus) == set()
    assert codes("error", devices=3, device="auto", known=gpus) == {"too_few_devices"}
    assert codes("error", devices=2, device="cuda:1", known=gpus) == {"one_device_named"}
    assert codes("error", devices=4, batch_size=3) == {"batch_smaller_than_devices"}
