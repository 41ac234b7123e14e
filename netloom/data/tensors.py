"""Typed doors to what torch leaves untyped, and ways to a GPU that do not wait for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from numpy.typing import NDArray


def as_tensor(array: NDArray[Any]) -> torch.Tensor:
    """Return a CPU tensor that shares the array's memory."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]


def on_device(array: NDArray[Any], device: torch.device) -> torch.Tensor:
    """Return the array on a device, in order with what is queued there.

    A plain copy to a GPU would wait until the GPU has done everything that was asked of it.
    """
    tensor = as_tensor(array)
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


@lru_cache(maxsize=64)
def constant(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Return a float32 vector that is kept on the device for the next time. Do not write to it."""
    with torch.inference_mode(mode=False):
        return torch.tensor(values, dtype=torch.float32, device=device)
