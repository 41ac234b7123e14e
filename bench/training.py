"""What the training engine costs over a bare loop, and reading data over having it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.registry import Declaration, Figure, at_least, at_most, gives
from bench.timing import in_turn

if TYPE_CHECKING:
    import torch

    from bench.engine import Task
    from netloom.data.pixels import MemoryPixels

_BATCH = 128
_STEPS = 24
_ROUNDS = 16
_FOLDER_STEPS = 32
_FOLDER_ROUNDS = 5
_CNN = "conv16-conv32-fc64-fc10 on 1 x 28 x 28"


def _digit_task(steps: int) -> tuple[Task, str]:
    import torch

    from bench.engine import Task
    from bench.images import load_digits
    from bench.networks import small_cnn

    digits = load_digits(_BATCH * steps)
    task = Task(
        document=small_cnn(),
        pixels_NCHW=torch.from_numpy(digits.pixels_NHW)[:, None],
        labels_N=digits.labels_N,
        classes=[str(k) for k in range(10)],
        batch_size=_BATCH,
    )
    return task, f"{_CNN}, {digits.source}"


@gives(
    Declaration(
        "loop_over_bare", "x", at_most(1.05),
        "Our training loop over a bare PyTorch loop on the same data in memory",
    )
)  # fmt: skip
def loop_over_bare() -> Iterator[tuple[str, Figure]]:
    from bench.engine import bare_epoch, engine_epoch

    task, model = _digit_task(_STEPS)
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as folder:
        ratio = in_turn(engine_epoch(task, Path(folder)), bare_epoch(task), _ROUNDS, warm_up=2)
    yield (
        "loop_over_bare",
        Figure(ratio.cpu, "bare PyTorch loop, fused SGD", model, _BATCH, 1, note=ratio.note),
    )


@gives(
    Declaration(
        "data_over_memory", "x", at_most(1.05),
        "Training on image files, decoded once, over training on one batch kept ready",
    )
)  # fmt: skip
def data_over_memory() -> Iterator[tuple[str, Figure]]:
    from bench.engine import engine_epoch

    task, model = _digit_task(_STEPS)
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as folder:
        pixels = _cached_pixels(task, Path(folder))
        files = engine_epoch(task, Path(folder), pixels)
        ready = engine_epoch(task, Path(folder), is_ready=True)
        ratio = in_turn(files, ready, _ROUNDS, warm_up=2)
    yield (
        "data_over_memory",
        Figure(
            ratio.cpu, "the same engine on one normalised batch", model, _BATCH, 1,
            note=f"{ratio.note}; pixels mapped from the cache of decoded images",
        ),
    )  # fmt: skip


@gives(
    Declaration(
        "imagefolder_over_ours", "x", at_least(1.7),
        "An epoch of ImageFolder and DataLoader(2 workers) over ours on the same PNG files",
    )
)  # fmt: skip
def imagefolder_over_ours() -> Iterator[tuple[str, Figure]]:
    from bench.engine import bare_epoch, engine_epoch

    # As both are used: torch takes every core, and the peer's workers have to share them.
    num_threads = len(os.sched_getaffinity(0))
    task, model = _digit_task(_FOLDER_STEPS)
    task = replace(task, num_threads=num_threads)
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as folder:
        pixels = _cached_pixels(task, Path(folder))
        ours = engine_epoch(task, Path(folder), pixels)
        peer = bare_epoch(task, lambda: _image_folder(Path(folder) / "images"))
        ratio = in_turn(peer, ours, _FOLDER_ROUNDS)
    yield (
        "imagefolder_over_ours",
        Figure(
            ratio.wall,
            "torchvision ImageFolder, DataLoader(num_workers=2)",
            model,
            _BATCH,
            num_threads,
            note=f"theirs {ratio.ours_s:.3g} s, ours {ratio.peer_s:.3g} s an epoch of "
            f"{_FOLDER_STEPS} steps, {ratio.rounds} rounds; ours after the images were decoded "
            "once",
        ),
    )  # fmt: skip


def _cached_pixels(task: Task, folder: Path) -> MemoryPixels:
    """Write the images as files and decode them into the cache as a run does."""
    from bench.images import Digits, write_folders
    from netloom.data.items import LabelledItems
    from netloom.data.pixels import load_pixels
    from netloom.data.preprocess import Preprocessing

    digits = Digits(task.pixels_NCHW[:, 0].numpy(), task.labels_N, "")
    root = write_folders(digits, folder / "images")
    paths = [root / str(y) / f"{index:06d}.png" for index, y in enumerate(task.labels_N)]
    names = [str(index) for index in range(len(paths))]
    items = LabelledItems(
        names, paths, [""] * len(paths), task.labels_N, ["train"] * len(paths), task.classes
    )
    return load_pixels(
        items,
        Preprocessing.from_document(task.document),
        digests=items.content_digests(lambda: None),
        cache=folder / "cache",
        num_workers=0,
        progress=lambda _done, _total: None,
        warn=print,
    )


def _image_folder(root: Path) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The usual loop: PIL decoding in two worker processes, started anew for each epoch."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    change = transforms.Compose([transforms.Grayscale(), transforms.ToTensor()])
    files = ImageFolder(str(root), change)
    yield from DataLoader(files, batch_size=_BATCH, shuffle=True, num_workers=2)
