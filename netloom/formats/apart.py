"""Tensors as safetensors writes them: each in one piece, and no two in the same memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors on the CPU; only those are copied that share memory or have gaps in it."""
    found = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    taken_until = 0
    for key in sorted(found, key=lambda each: found[each].data_ptr()):
        tensor = found[key]
        size_bytes = tensor.numel() * tensor.element_size()
        if size_bytes and tensor.data_ptr() < taken_until:
            found[key] = tensor.clone()
        else:
            taken_until = max(taken_until, tensor.data_ptr() + size_bytes)
    return found
