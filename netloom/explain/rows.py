"""Rows through the network: counted, reported, cancellable, and no more at once than fit.

Captum's perturbation methods call their forward function once for each chunk of rows. That function
is ours, so progress and cancelling need no change to Captum.

Legend: B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netloom.compile.module import Network
from netloom.explain.logits import class_logits
from netloom.explain.results import Cancelled

Progress: TypeAlias = Callable[[float, NDArray[np.float32] | None], None]
ShouldCancel: TypeAlias = Callable[[], bool]

_MEMORY_SHARE = 0.25
_MOST_ROWS = 64
_BEST_ROWS_CPU = 8
"""Large networks are not faster in larger batches on a CPU: 8 rows measured best, 32 rows 10 %
slower."""
_SMALL_BYTES = 64 * 2**20
"""Activations up to this size go together on a CPU: for small networks the calls cost most."""


@dataclass(slots=True)
class CountedForward:
    """The network as Captum calls it.

    Attributes:
        total_rows: Rows the whole explanation will take, for the progress.
        rows: Rows forwarded so far.
    """

    network: Network
    progress: Progress
    should_cancel: ShouldCancel
    total_rows: int = 1
    rows: int = 0

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        """Return logits [B, K] of one chunk.

        Raises:
            Cancelled: Nobody wants the result any more.
        """
        self.check()
        # Convolutions on a CPU take a tenth less time on pixels that keep their channels together.
        images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
        logits_BK = class_logits(self.network, images_BCHW)
        self.rows += len(images_BCHW)
        self.report()
        return logits_BK

    def check(self) -> None:
        """Raise Cancelled when the caller wants the work to end."""
        if self.should_cancel():
            raise Cancelled

    def report(self, heatmap_HW: NDArray[np.float32] | None = None) -> None:
        """Tell the share that is done, and a first map when there is one."""
        self.progress(min(1.0, self.rows / self.total_rows), heatmap_HW)


def rows_at_once(
    forward: CountedForward,
    image_1CHW: Tensor,
    most: int | None,
) -> tuple[int, Tensor]:
    """Return how many rows may be in flight, and the logits [1, K] of the plain image.

    The activations of one row are measured; a quarter of the free memory may be filled.
    """
    sizes: list[int] = [image_1CHW.nbytes]

    def measure(module: nn.Module, inputs: object, output: object) -> None:  # noqa: ARG001
        if isinstance(output, Tensor):
            sizes.append(output.nbytes)

    leaves = [module for module in forward.network.modules() if not any(module.children())]
    handles = [leaf.register_forward_hook(measure) for leaf in leaves]
    try:
        with torch.no_grad():
            logits_1K = forward(image_1CHW)
    finally:
        for handle in handles:
            handle.remove()
    fitting = int(_free_bytes(image_1CHW.device) * _MEMORY_SHARE / sum(sizes))
    best = _MOST_ROWS if image_1CHW.is_cuda else max(_BEST_ROWS_CPU, _SMALL_BYTES // sum(sizes))
    return max(1, min(fitting, best, most or _MOST_ROWS)), logits_1K


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        free_bytes, _ = torch.cuda.mem_get_info(device)
        return free_bytes
    return int(psutil.virtual_memory().available)
