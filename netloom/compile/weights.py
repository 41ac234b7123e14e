"""The weights of a network by node id, so that renaming, regrouping and editing keep them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from netloom.compile.module import Network

COUNTER = ":num_batches_tracked"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A tensor that was there but does not fit the layer of today."""

    key: str
    expected: tuple[int, ...]
    received: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of each tensor.

    Attributes:
        loaded: Keys that were copied.
        initialised: Keys of the network for which nothing was there; they keep their values.
        left_over: Keys that were there and belong to no layer of the network.
        mismatched: Keys whose shape or kind of number differs; they keep their values.
    """

    loaded: tuple[str, ...]
    initialised: tuple[str, ...]
    left_over: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys without which answers would be made up: all that had nothing but counters.

        Other tools leave out how many batches a normalisation has seen; nothing is computed by it.
        """
        lacking = [key for key in self.initialised if not key.endswith(COUNTER)]
        return (*lacking, *(mismatch.key for mismatch in self.mismatched))


def state_weights(network: Network) -> dict[str, Tensor]:
    """Return parameters and buffers by `node path:tensor name`, e.g. `stage/0/conv:weight`.

    Parameters that several uses share appear once, under what they go by; buffers under each. The
    tensors are the network's own, detached; copy them if the network goes on training.
    """
    return {key: tensor.detach() for key, tensor in _named_tensors(network)}


def load_weights(network: Network, weights: Mapping[str, Tensor]) -> LoadReport:
    """Copy every tensor that fits, and say what did not. Devices and precisions may differ."""
    loaded: list[str] = []
    initialised: list[str] = []
    mismatched: list[Mismatch] = []
    own_keys: set[str] = set()
    for key, tensor in _named_tensors(network):
        own_keys.add(key)
        given = weights.get(key)
        if given is None:
            initialised.append(key)
        elif given.shape != tensor.shape or given.is_floating_point() != tensor.is_floating_point():
            mismatched.append(Mismatch(key, tuple(tensor.shape), tuple(given.shape)))
        else:
            with torch.no_grad():
                tensor.copy_(given)
            loaded.append(key)
    left_over = tuple(key for key in weights if key not in own_keys)
    return LoadReport(tuple(loaded), tuple(initialised), left_over, tuple(mismatched))


def _named_tensors(network: Network) -> Iterator[tuple[str, Tensor]]:
    seen: set[int] = set()
    origins = network.netloom_origins
    for module_name, path in origins.weights.items():
        layer = network.get_submodule(module_name)
        for name, tensor in cast("dict[str, object]", layer.state_dict(keep_vars=True)).items():
            if not isinstance(tensor, Tensor):
                continue  # Extra state of a third-party layer is not a tensor.
            if isinstance(tensor, torch.nn.Parameter):
                if id(tensor) in seen:
                    continue
                seen.add(id(tensor))
                yield f"{origins.owners[module_name]}:{name}", tensor
            else:
                yield f"{path}:{name}", tensor
