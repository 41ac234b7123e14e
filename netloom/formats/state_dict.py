"""Weights alone: safetensors, and what `torch.save` writes of a state dict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from netloom.formats.imported import FormatError
from netloom.formats.recognise import SAFETENSORS, recognise

if TYPE_CHECKING:
    from torch import Tensor

_WRAPPERS = (
    "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights",
    "params", "ema", "model_ema", "state_dict_ema",
)  # fmt: skip
"""Names under which training scripts keep weights, beside an optimiser's state and scores."""
_MOST_WRAPPERS = 3


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read tensors by name, on the CPU; no code of the file runs.

    A dictionary that holds the weights under `state_dict` or another name that training scripts
    give them is opened.

    Raises:
        FormatError: It is damaged, or holds no tensors by name.
    """
    import torch

    try:
        if recognise(path).name == SAFETENSORS.name:
            from safetensors.torch import (
                load_file,  # pyright: ignore[reportUnknownVariableType]
            )

            return load_file(path)
        found: object = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise whatever a damaged file leads to
        raise FormatError(f"{path.name} cannot be read as weights: {str(error)[:300]}") from error
    if not isinstance(found, dict):
        raise FormatError(f"{path.name} holds no weights by name.")
    tensors = _unwrapped(cast("dict[object, object]", found))
    return {str(key): value for key, value in tensors.items() if isinstance(value, torch.Tensor)}


def _unwrapped(given: dict[object, object]) -> dict[object, object]:
    """Open what training scripts put around the weights: step counts, optimisers, scores."""
    import torch

    for _ in range(_MOST_WRAPPERS):
        inner = next((given[name] for name in _WRAPPERS if isinstance(given.get(name), dict)), None)
        if inner is None or any(isinstance(value, torch.Tensor) for value in given.values()):
            break
        given = cast("dict[object, object]", inner)
    return given
