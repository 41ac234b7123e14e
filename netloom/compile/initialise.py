"""How the weights of a layer start: drawn from (seed, name path), tensor by tensor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import nn

from netloom.layers.learning import DEFAULT_LEARNING, LearningParams, starts


def derive_seed(seed: int, name_path: str) -> int:
    """Return the seed of one layer (`stage/0/conv`) or one tensor (`stage/0/conv:weight`)."""
    digest = hashlib.sha256(f"{seed}/{name_path}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def initialise(module: nn.Module, learning: LearningParams, seed: int, name_path: str) -> None:
    """Fill the tensors that do not start as PyTorch has it.

    Each is drawn from a seed of its own, so another start of the weights leaves the biases alone.
    Uses the global generator of the CPU; the caller keeps its state.
    """
    if learning is DEFAULT_LEARNING:
        return
    parameters = dict(module.named_parameters())
    shapes = {name: tuple(tensor.shape) for name, tensor in parameters.items()}
    for start in starts(learning, shapes):
        torch.default_generator.manual_seed(derive_seed(seed, f"{name_path}:{start.tensor}"))
        fill: Callable[..., object] = getattr(nn.init, start.function)
        fill(parameters[start.tensor], **start.arguments)
