"""The training loop on a GPU: against a bare loop, in images per second."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.registry import Declaration, Figure, NotMeasurable, at_most, gives
from bench.timing import in_turn

if TYPE_CHECKING:
    from bench.engine import Task

_ROUNDS = 9
_SMALL_BATCH, _SMALL_STEPS = 512, 150
_LARGE_BATCH, _LARGE_STEPS = 256, 30
_LARGE_BATCH_NEEDS_BYTES = 36e9


@gives(
    Declaration(
        "gpu_loop_over_bare", "x", at_most(1.05),
        "Our training loop over a bare one, small CNN, data on the GPU",
    ),
    Declaration(
        "gpu_loop_over_bare_resnet50", "x", at_most(1.05),
        "The same for ResNet-50 at 224 px, bfloat16, channels last",
    ),
    Declaration(
        "gpu_resnet50_images_per_s", "images/s", None,
        "ResNet-50 training, synthetic images on the GPU",
    ),
)  # fmt: skip
def gpu_loop() -> Iterator[tuple[str, Figure]]:
    import torch

    if not torch.cuda.is_available():
        raise NotMeasurable("This machine has no usable GPU.")
    if torch.cuda.get_device_capability() < (8, 0):
        raise NotMeasurable("This machine's GPU does not compute with bfloat16.")
    from bench.networks import RESNET_50, resnet, small_cnn

    name = torch.cuda.get_device_name()
    has_room = torch.cuda.get_device_properties(0).total_memory >= _LARGE_BATCH_NEEDS_BYTES
    large_batch = _LARGE_BATCH if has_room else _LARGE_BATCH // 4
    small = _synthetic(small_cnn(), _SMALL_BATCH, _SMALL_STEPS, channels=1, side=28)
    peer = f"bare PyTorch loop, fused SGD, same precision; {name}"
    ratio, note, _ = _compare(small)
    yield (
        "gpu_loop_over_bare",
        Figure(ratio, peer, "small CNN, 28 px, bfloat16", _SMALL_BATCH, note=note),
    )
    large = _synthetic(resnet(RESNET_50), large_batch, _LARGE_STEPS, channels=3, side=224)
    ratio, note, seconds = _compare(large)
    model = "ResNet-50, 224 px, bfloat16, channels last"
    yield "gpu_loop_over_bare_resnet50", Figure(ratio, peer, model, large_batch, note=note)
    rate = large_batch * _LARGE_STEPS / seconds
    yield "gpu_resnet50_images_per_s", Figure(rate, name, model, large_batch)


def _synthetic(document: object, batch: int, steps: int, *, channels: int, side: int) -> Task:
    import numpy as np
    import torch

    from bench.engine import Task

    count = batch * steps
    shape = (count, channels, side, side)
    return Task(
        document=document,  # type: ignore[arg-type]
        pixels_NCHW=torch.randint(0, 256, shape, dtype=torch.uint8),
        labels_N=np.random.default_rng(0).integers(0, 10, count),
        classes=[str(k) for k in range(10)],
        batch_size=batch,
        device="cuda",
        precision="bfloat16",
        num_threads=None,
    )


def _compare(task: Task) -> tuple[float, str, float]:
    """Return the ratio on the wall, where a GPU's waiting shows, and our seconds an epoch."""
    from bench.engine import bare_epoch, engine_epoch

    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as folder:
        ratio = in_turn(engine_epoch(task, Path(folder)), bare_epoch(task), _ROUNDS, warm_up=2)
    note = (
        f"on the wall, median of {ratio.rounds} rounds; ours {ratio.ours_s:.3g} s, "
        f"peer {ratio.peer_s:.3g} s an epoch"
    )
    return ratio.wall, note, ratio.ours_s
