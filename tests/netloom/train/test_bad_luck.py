"""Disk, memory and files fail under the trainer: it says so, and what it saved is sound."""

from __future__ import annotations

import errno
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from netloom.data.manifest import Manifest
from netloom.train.checkpoint import list_checkpoints, load_checkpoint, read_checkpoint_weights
from netloom.train.diagnose import describe_failure
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import Trainer, chain, of_type, train_here, train_losses

pytestmark = [pytest.mark.faults, pytest.mark.slow]

StartTrainer = Callable[..., Trainer]


def is_metrics(event: Any) -> bool:
    return event.event == "metrics"


def small_disk(folder: Path, kept: Path, size_kb: int) -> list[str]:
    """Run a program with a small disk of its own at `folder`; what is on it is kept at the end."""
    script = (
        f'mount -t tmpfs -o size={size_kb}k none "$0" && to="$1" && shift'
        ' && { "$@"; status=$?; cp "$0"/* "$to"; exit $status; }'
    )
    own_disk = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, str(folder), str(kept)]
    try:
        usable = subprocess.run([*own_disk, "touch", str(folder / "x")], check=False).returncode
    except FileNotFoundError:
        usable = 1
    if usable != 0:
        pytest.skip("This system does not let us mount a disk for the test.")
    (kept / "x").unlink()
    return own_disk


def test_a_disk_that_fills_up_is_told_and_the_checkpoint_before_is_sound(
    make_spec: Callable[..., TrainSpec], start_trainer: StartTrainer, tmp_path: Path
) -> None:
    size_kb = list_checkpoints(save_one(make_spec, tmp_path / "one"))[0].stat().st_size // 1024
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    spec = make_spec(epochs=50, checkpoint_every_s=1e-6, output=str(disk))
    # Room for a checkpoint and a half.
    trainer = start_trainer(spec, small_disk(disk, kept, size_kb * 3 // 2 + 4))
    failed = trainer.finish()[-1]
    assert (failed.event, failed.code) == ("failed", "disk_full"), trainer.events[-3:]
    assert "disk" in failed.message
    (saved,) = list_checkpoints(kept)
    assert [path.name for path in kept.iterdir()] == [saved.name], "the half-written one is gone"

    later = make_spec(epochs=1, output=str(tmp_path / "later"))
    step = load_checkpoint(saved)["step"]
    assert step == of_type(trainer.events, "checkpoint")[-1].step
    resumed = spec.model_copy(update={"output": later.output, "resume_from": str(saved)})
    trainer = start_trainer(resumed)
    trainer.wait_for(lambda event: event.event == "checkpoint" and event.step > step)


def save_one(make_spec: Callable[..., TrainSpec], folder: Path) -> Path:
    train_here(make_spec(output=str(folder)))
    return folder


def test_memory_that_runs_out_is_told_with_what_to_do(
    make_spec: Callable[..., TrainSpec], start_trainer: StartTrainer
) -> None:
    wide = chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1, "mean": [0.3], "std": [0.4]}),
        ("Conv2d", {"out_channels": 256, "kernel_size": 3, "padding": 1}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    # Its activations are too large for the allocator to keep: each step asks the system anew.
    spec = make_spec(wide, batch_size=1024, epochs=1000)
    trainer = start_trainer(spec)
    trainer.wait_for(is_metrics)
    psutil.Process(trainer.process.pid).rlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
    failed = trainer.finish()[-1]
    assert (failed.event, failed.code) == ("failed", "out_of_memory"), trainer.events[-3:]
    assert "batch size" in failed.message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (torch.OutOfMemoryError("CUDA out of memory."), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out_of_memory"),
        (RuntimeError("can't start new thread"), "out_of_memory"),
        (ImportError("x.so: failed to map segment from shared object"), "out_of_memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (ImportError("No module named 'x'"), "error"),
        (RuntimeError("shapes cannot be multiplied"), "error"),
    ],
)
def test_every_way_to_say_that_memory_ran_out_is_understood(error: Exception, code: str) -> None:
    assert describe_failure(error, step=1).code == code


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_file_gone_in_the_middle_of_an_epoch_is_named_and_the_run_goes_on_once_it_is_back(
    make_spec: Callable[..., TrainSpec],
    start_trainer: StartTrainer,
    digits_manifest: Path,
    tmp_path: Path,
    num_workers: int,
) -> None:
    data = tmp_path / "data"
    shutil.copytree(digits_manifest.parent, data)
    decoding = {"data_memory_bytes": 0, "num_workers": num_workers, "epochs": 3, "batch_size": 64}
    changes = {**decoding, "manifest": str(data / digits_manifest.name)}
    straight = make_spec(**changes, output=str(tmp_path / "straight"))
    expected = train_losses(train_here(straight))

    first = make_spec(**changes, checkpoint_every_s=1e-6, output=str(tmp_path / "first"))
    trainer = start_trainer(first)
    trainer.wait_for(lambda event: event.event == "checkpoint" and event.step >= 5)
    items = Manifest.read(Path(first.manifest)).items
    gone = [data / item.path for item in items if item.split == "train"][::2]
    for path in gone:
        path.rename(path.with_suffix(".away"))
    failed = trainer.finish()[-1]
    assert (failed.event, failed.code) == ("failed", "bad_data")
    assert any(path.name in failed.message for path in gone)

    for path in gone:
        path.with_suffix(".away").rename(path)
    last = list_checkpoints(Path(first.output))[-1]
    step = load_checkpoint(last)["step"]
    assert step < max(expected), "it failed before its end"
    second = make_spec(**changes, resume_from=str(last), output=str(tmp_path / "second"))
    resumed = train_losses(train_here(second))
    assert resumed == {at: loss for at, loss in expected.items() if at > step}
    weights, same = (
        read_checkpoint_weights(list_checkpoints(Path(spec.output))[-1])
        for spec in (straight, second)
    )
    assert all(torch.equal(same[key], tensor) for key, tensor in weights.items())
