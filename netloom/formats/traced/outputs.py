"""What a compiled network returns, by the names of its outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from netloom.compile.order import natural_key
from netloom.graph.document import Document

if TYPE_CHECKING:
    from torch import Tensor


def named_outputs(document: Document, result: object) -> dict[str, Tensor]:
    """Return the outputs of a network by the names of their nodes, in whose order they come."""
    nodes = document.graph.nodes.values()
    names = sorted((node.name for node in nodes if node.type == "Output"), key=natural_key)
    values = cast("tuple[Tensor, ...]", result if isinstance(result, tuple) else (result,))
    return dict(zip(names, values, strict=True))
