"""Which input layer gives a module what it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netloom.formats.imported import FormatError
from netloom.formats.traced.merging import Result
from netloom.formats.traced.sketch import Sketch, Value
from netloom.graph.document import ParamValue
from netloom.layers.shapes import BATCH

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What a module tells of its inputs.

    Attributes:
        tables: Rows of its tables of embeddings.
        is_signal: Tensors of three axes have channels first.
    """

    tables: Sequence[int]
    is_signal: bool

    @classmethod
    def of(cls, module: nn.Module) -> InputFacts:
        """Look at the parts of a module."""
        from torch import nn

        parts = list(module.modules())
        tables = [each.num_embeddings for each in parts if isinstance(each, nn.Embedding)]
        return cls(tables, any(isinstance(each, nn.Conv1d) for each in parts))


def input_layer(
    sketch: Sketch, facts: InputFacts, result: Result, index: int, example: Tensor
) -> Value:
    """Draw the input of a network for one tensor of the example.

    Raises:
        FormatError: No input gives such a tensor.
    """
    type_name, params = _input(facts, result, example)
    name = {"ImageInput": "image", "VolumeInput": "volume", "TokenInput": "tokens"}.get(
        type_name, "input"
    )
    found = sketch.add(
        type_name,
        [],
        [result.sizes],
        params=params,
        name=name if index == 0 else f"{name}_{index + 1}",
    )
    if found is None:
        raise FormatError(
            f"No input of a network gives a tensor of {tuple(example.shape)} with samples along "
            "its first axis. Images are (B, C, H, W), features (B, F), sequences (B, T, F)."
        )
    return found[0]


def _input(facts: InputFacts, result: Result, example: Tensor) -> tuple[str, dict[str, ParamValue]]:
    sizes = [size for size in result.sizes[1:] if isinstance(size, int)]
    if result.sizes[0] != BATCH.size or len(sizes) != len(result.sizes) - 1:
        raise FormatError("The first axis of every example must be the samples.")
    if not result.dtype.is_floating_point and len(sizes) == 1:
        vocabulary = max([*facts.tables, int(example.max()) + 1])
        return "TokenInput", {"vocabulary": vocabulary, "length": sizes[0]}
    match sizes:
        case [features]:
            return "FeatureInput", {"num_features": features}
        case [first, last]:
            if facts.is_signal:
                return "SignalInput", {"channels": first, "length": last}
            return "SequenceInput", {"num_features": last, "length": first}
        case [channels, height, width]:
            return "ImageInput", {"channels": channels, "height": height, "width": width}
        case [channels, depth, height, width]:
            return "VolumeInput", {
                "channels": channels, "depth": depth, "height": height, "width": width,
            }  # fmt: skip
        case _:
            raise FormatError(
                f"A tensor of {math.prod(sizes):,} numbers along {len(sizes) + 1} axes is no input "
                "of a network."
            )
