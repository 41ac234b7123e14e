"""Nodes that give a tensor of a wished shape, for networks around one layer."""

from __future__ import annotations

import math

from netloom.graph.document import Node
from netloom.layers.shapes import Dim, Shape, Size, axes_of, concrete, holds_mask
from tests.netloom.compile.networks import node


def source_of(shape: Shape, name: str) -> tuple[dict[str, Node], str, list[str]]:
    """Return nodes by id, which of them gives the shape (`id` or `id.port`), and their edges."""
    if any(dim.axis.startswith("index ") for dim in shape):
        return _indices(shape, name)
    if holds_mask(shape):
        return _mask(shape[1].size, name)
    sizes = [dim.size if isinstance(dim.size, int) else None for dim in shape[1:]]
    match axes_of(shape):
        case "BCHW":
            made = node("ImageInput", name, channels=sizes[0], height=sizes[1], width=sizes[2])
        case "BCDHW":
            named = dict(zip(("channels", "depth", "height", "width"), sizes, strict=True))
            made = node("VolumeInput", name, **named)
        case "BF":
            made = node("FeatureInput", name, num_features=sizes[0])
        case "BTF":
            made = node("SequenceInput", name, num_features=sizes[1], **_length(shape[1].size))
        case "BCT":
            made = node("SignalInput", name, channels=sizes[0], **_length(shape[2].size))
        case "BT":
            made = node(
                "TokenInput", name, vocabulary=shape[1].vocabulary, **_length(shape[1].size)
            )
        case axes:
            return _reshaped(axes[1:], concrete(shape, B=1)[1:], name)
    return {name: made}, name, []


def _length(size: Size) -> dict[str, int | str]:
    return {"length": size} if isinstance(size, int) else {"length_symbol": str(size)}


def _reshaped(
    axes: str, sizes: tuple[int, ...], name: str
) -> tuple[dict[str, Node], str, list[str]]:
    """Return features that a Reshape gives axes which no input layer has."""
    words = ", ".join(f"{axis}={size}" for axis, size in zip(axes, sizes, strict=True))
    nodes = {
        name: node("FeatureInput", name, num_features=math.prod(sizes)),
        f"{name}r": node("Reshape", f"{name}r", shape=words),
    }
    return nodes, f"{name}r", [f"{name}>{name}r"]


def _mask(length: Size, name: str) -> tuple[dict[str, Node], str, list[str]]:
    """Return the mask of tokens."""
    nodes = {
        name: node("TokenInput", name, vocabulary=9, **_length(length)),
        f"{name}m": node("PaddingMask", f"{name}m"),
    }
    return nodes, f"{name}m", [f"{name}>{name}m"]


def _indices(shape: Shape, name: str) -> tuple[dict[str, Node], str, list[str]]:
    """Return the indices of a pooling whose windows lie side by side."""
    plain = tuple(Dim(dim.axis.removeprefix("index "), dim.vocabulary or dim.size) for dim in shape)
    nodes, source, connections = source_of(plain, name)
    windows = [_ratio(before.size, after.size) for before, after in zip(plain, shape, strict=True)]
    kernel = windows[2] if len(windows) == 3 else windows[2:]
    nodes[f"{name}p"] = node(
        f"MaxPool{len(shape) - 2}d", f"{name}p", kernel_size=kernel, return_indices=True
    )
    return nodes, f"{name}p.indices", [*connections, f"{source}>{name}p"]


def _ratio(before: Size, after: Size) -> int:
    is_known = isinstance(before, int) and isinstance(after, int)
    return before // after if is_known else 1
