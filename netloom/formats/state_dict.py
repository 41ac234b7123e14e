"""Weights alone: safetensors, and what `torch.save` writes of a state dict."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from netloom.formats.damage import reason_of
from netloom.formats.imported import FormatError
from netloom.formats.recognise import SAFETENSORS, recognise

if TYPE_CHECKING:
    from torch import Tensor

MAX_TENSOR_BYTES = 16 * 2**30
"""Of all tensors together, as they are laid out when nothing is shared."""
_WRAPPERS = (
    "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights",
    "params", "ema", "model_ema", "state_dict_ema",
)  # fmt: skip
"""Names under which training scripts keep weights, beside an optimiser's state and scores."""
_MOST_WRAPPERS = 3
_REFUSED_NAME = re.compile(r"GLOBAL ([\w.]+)")
"""What the pickle asked for, in the words of torch."""
_AGAIN = "Save the weights again, best as safetensors, or send the file again."


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read tensors by name, on the CPU; no code of the file runs.

    A dictionary that holds the weights under `state_dict` or another name that training scripts
    give them is opened.

    Raises:
        FormatError: It is damaged, or holds no tensors by name.
    """
    import torch

    if recognise(path).name == SAFETENSORS.name:
        return _safetensors(path)
    try:
        found: object = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever a damaged file leads to
        raise FormatError(_refused(path.name, error)) from error
    if not isinstance(found, dict):
        raise FormatError(f"{path.name} holds no weights by name. Save `model.state_dict()`.")
    tensors = _unwrapped(cast("dict[object, object]", found))
    named = {str(key): value for key, value in tensors.items() if isinstance(value, torch.Tensor)}
    _check(named, path.name)
    return named


def _safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]

    try:
        return load_file(path)
    except Exception as error:  # it raises whatever a damaged file leads to
        raise unreadable_weights(path, error) from error


def unreadable_weights(path: Path, error: Exception) -> FormatError:
    """Say what is wrong with a file of safetensors."""
    reason = reason_of(error, "its header is not readable")
    return FormatError(f"{path.name} cannot be read as weights: {reason}. {_AGAIN}")


def _refused(name: str, error: Exception) -> str:
    """Say why torch did not load a file.

    What torch itself says ends in advice to load the file without protection, which is never meant
    for files of others.
    """
    if type(error).__name__ != "UnpicklingError":
        reason = reason_of(error, "the list of its tensors is damaged")
        return f"{name} cannot be read as weights: {reason}. {_AGAIN}"
    refused = _REFUSED_NAME.search(str(error))
    if refused is None:
        return f"{name} cannot be read as weights: the list of its tensors is damaged. {_AGAIN}"
    return (
        f"{name} cannot be read as weights: it asks for {refused[1][:100]}, which is more than "
        "tensors, and was not loaded. Save `model.state_dict()` alone, best as safetensors."
    )


def _check(tensors: dict[str, Tensor], name: str) -> None:
    """Refuse what declares more than it holds; raises FormatError."""
    import torch

    left_bytes = MAX_TENSOR_BYTES
    for key, tensor in tensors.items():
        is_plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not is_plain or tensor.is_quantized:
            raise FormatError(
                f"{key[:100]} in {name} is sparse, quantised or without numbers. Save it as an "
                "ordinary tensor."
            )
        size_bytes = tensor.numel() * tensor.element_size()
        left_bytes -= size_bytes
        if size_bytes > tensor.untyped_storage().nbytes() or left_bytes < 0:
            raise FormatError(
                f"{key[:100]} in {name} declares more numbers than the file holds. {_AGAIN}"
            )


def _unwrapped(given: dict[object, object]) -> dict[object, object]:
    """Open what training scripts put around the weights: step counts, optimisers, scores."""
    import torch

    for _ in range(_MOST_WRAPPERS):
        inner = next((given[name] for name in _WRAPPERS if isinstance(given.get(name), dict)), None)
        if inner is None or any(isinstance(value, torch.Tensor) for value in given.values()):
            break
        given = cast("dict[object, object]", inner)
    return given
