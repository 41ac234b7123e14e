"""What is read of the file, and what is said about each of its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from onnx import ModelProto

from netloom.formats.onnx.values import Array

Outcome: TypeAlias = Literal["layer", "operator", "folded", "placeholder"]
_WHOLE = frozenset({"", "ai.onnx"})


@dataclass(slots=True)
class Piece:
    """What became of a node of the file.

    Attributes:
        planned: Nodes of the plan that were made for it, from the first to before the second.
    """

    source: str
    outcome: Outcome
    planned: tuple[int, int]
    message: str = ""


@dataclass(slots=True)
class Source:
    """A model whose tensors are read.

    Attributes:
        model: Without the numbers of large tensors, which are in `weights`.
        shapes: What shape inference finds for each tensor, for what stands behind placeholders.
    """

    model: ModelProto
    weights: Mapping[str, Array]
    shapes: Mapping[str, Sequence[int | None]]

    @property
    def versions(self) -> dict[str, int]:
        """Version of each operator set that the file uses."""
        found = {plain_domain(each.domain): each.version for each in self.model.opset_import}
        return found or {"": 1}


def plain_domain(domain: str) -> str:
    """Return the name of a domain, empty for the specification itself."""
    return "" if domain in _WHOLE else domain
