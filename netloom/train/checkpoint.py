"""Checkpoints: complete, atomic, loadable without running code from the file.

A file either is a whole checkpoint or does not exist: it is written beside its place, synced,
renamed, and the folder synced. Bytes that rot later are found by the archive's checksums.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
import torch

from netloom.data.sampler import SamplerPosition
from netloom.data.tensors import as_tensor

FORMAT = "netloom.checkpoint"
SCHEMA = 1
_NAME = re.compile(r"^step-(\d{8,})\.ckpt$")


class CheckpointError(Exception):
    """A file that is no usable checkpoint."""


class RandomStates(TypedDict):
    """States of every random generator a layer may draw from."""

    torch: torch.Tensor
    cuda: torch.Tensor | None
    python: list[int | float | list[int] | None]
    numpy_keys: torch.Tensor
    numpy_position: int
    numpy_has_gauss: int
    numpy_gauss: float


class _Since2(TypedDict, total=False):
    """What checkpoints of the first release lack. `NotRequired` is not seen in lazy annotations."""

    other_random: list[RandomStates]


class CheckpointContent(_Since2):
    """Everything that a run needs to go on as if nothing had happened.

    Attributes:
        weights: Tensors by weight key (node ids, not names).
        sampler: Epoch and batches consumed of it.
        best: Metric and step of the best checkpoint so far, None before the first validation.
        epochs_without_gain: Counter of the early stop.
        other_random: States of the ranks after the first, when several devices share the run.
        config: The run configuration as JSON.
        environment: torch version, CPU and threads: resuming is bit-identical when they agree.
    """

    format: str
    schema: int
    step: int
    weights: dict[str, torch.Tensor]
    optimizer: dict[str, object]
    scheduler: dict[str, float]
    scaler: dict[str, object]
    random: RandomStates
    sampler: dict[str, int]
    best: dict[str, float] | None
    epochs_without_gain: int
    graph_hash: str
    data_fingerprint: str
    config: str
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """A checkpoint on disk."""

    path: Path
    sha256: str
    size_bytes: int


def checkpoint_name(step: int) -> str:
    """Return the file name of a step's checkpoint."""
    return f"step-{step:08d}.ckpt"


def save_checkpoint(folder: Path, content: CheckpointContent) -> SavedCheckpoint:
    """Write a checkpoint so that a crash at any moment leaves a whole file or none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / checkpoint_name(content["step"])
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb+") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
            size_bytes = file.tell()
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(folder)
    return SavedCheckpoint(path, sha256, size_bytes)


def load_checkpoint(path: Path) -> CheckpointContent:
    """Read a checkpoint onto the CPU.

    Raises:
        CheckpointError: Missing, damaged, or not a checkpoint of this program.
    """
    try:
        _check_archive(path)
        content: object = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path.name} does not exist.") from error
    except Exception as error:
        # Damage is a BadZipFile, RuntimeError, UnpicklingError, EOFError, KeyError and others.
        raise CheckpointError(f"{path.name} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path.name} is not a Netloom checkpoint.")
    fields = cast(dict[str, object], content)
    if fields.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is not a Netloom checkpoint.")
    if fields.get("schema") != SCHEMA:
        raise CheckpointError(
            f"{path.name} has checkpoint schema {fields.get('schema')}; this version reads "
            f"{SCHEMA}."
        )
    missing = CheckpointContent.__required_keys__ - fields.keys()
    if missing:
        raise CheckpointError(f"{path.name} lacks {', '.join(sorted(missing))}.")
    return cast(CheckpointContent, content)


def _check_archive(path: Path) -> None:
    """Compare every record with its checksum; torch itself does not."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise zipfile.BadZipFile(f"the checksum of {damaged} does not fit")


def read_checkpoint_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a checkpoint by weight key, on the CPU; raises CheckpointError."""
    return load_checkpoint(path)["weights"]


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, oldest step first."""
    if not folder.is_dir():
        return []
    found = [(int(m.group(1)), p) for p in folder.iterdir() if (m := _NAME.match(p.name))]
    return [path for _, path in sorted(found)]


def load_newest_usable(path: Path) -> tuple[CheckpointContent, Path, list[str]]:
    """Load `path`, or the newest earlier checkpoint beside it when it is damaged.

    Returns:
        The content, the file it came from, and why newer files were passed over.

    Raises:
        CheckpointError: None is usable.
    """
    earlier = [p for p in list_checkpoints(path.parent) if p.name < path.name]
    reasons: list[str] = []
    for candidate in [path, *reversed(earlier)]:
        try:
            return load_checkpoint(candidate), candidate, reasons
        except CheckpointError as error:
            reasons.append(str(error))
    raise CheckpointError(" ".join(reasons))


class CheckpointKeeper:
    """Keeps the last two checkpoints of a folder and the best one."""

    def __init__(self, folder: Path, best_step: int | None = None) -> None:
        self.folder = folder
        self._newest_last = list_checkpoints(folder)
        self._best = folder / checkpoint_name(best_step) if best_step is not None else None

    def save(self, content: CheckpointContent, *, is_best: bool) -> SavedCheckpoint:
        """Write a checkpoint, then remove what need not be kept."""
        saved = save_checkpoint(self.folder, content)
        self._newest_last = [p for p in self._newest_last if p != saved.path] + [saved.path]
        if is_best:
            self._best = saved.path
        for path in self._newest_last[:-2]:
            if path != self._best:
                path.unlink(missing_ok=True)
        self._newest_last = [p for p in self._newest_last if p.exists()]
        return saved


def read_random_states(device: torch.device) -> RandomStates:
    """Return the states of all generators of this process."""
    version, internal, gauss = random.getstate()
    numpy_state = cast(dict[str, object], np.random.get_state(legacy=False))
    numpy_inner = cast(dict[str, object], numpy_state["state"])
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "python": [version, list(cast(tuple[int, ...], internal)), gauss],
        "numpy_keys": as_tensor(np.asarray(numpy_inner["key"]).astype(np.int64)),
        "numpy_position": int(cast(int, numpy_inner["pos"])),
        "numpy_has_gauss": int(cast(int, numpy_state["has_gauss"])),
        "numpy_gauss": float(cast(float, numpy_state["gauss"])),
    }


def restore_random_states(states: RandomStates, device: torch.device) -> None:
    """Put all generators of this process where they were."""
    torch.set_rng_state(states["torch"])
    if device.type == "cuda" and states["cuda"] is not None:
        torch.cuda.set_rng_state(states["cuda"], device)
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(cast(list[int], internal)), gauss))
    np.random.set_state(
        (
            "MT19937",
            states["numpy_keys"].numpy().astype(np.uint32),
            states["numpy_position"],
            states["numpy_has_gauss"],
            states["numpy_gauss"],
        )
    )


def position_of(content: CheckpointContent) -> SamplerPosition:
    """Return where in the data a checkpoint was taken."""
    return SamplerPosition(content["sampler"]["epoch"], content["sampler"]["batches"])


def position_fields(position: SamplerPosition) -> dict[str, int]:
    """Return a position as plain data."""
    return asdict(position)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
