"""What the outputs of a detector are by the layers behind them: boxes, or raw numbers. No torch.

Offsets from prior boxes have the shape of boxes, so the shape alone cannot tell them apart. What
comes out of convolutions and was only put in another order since is no box yet.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from netloom.analyze import Analysis
from netloom.graph.document import Endpoint, Graph, ParamValue
from netloom.layers.box_checks import BOX_NUMBERS
from netloom.layers.shapes import DimJson

_ORDERING = frozenset(
    {"Concatenate", "Dropout", "Flatten", "Identity", "Permute", "Reshape", "concatenate",
     "flatten", "permute", "reshape", "squeeze", "transpose", "unsqueeze"}
)  # fmt: skip
"""Layers and operators that change the order of numbers alone."""
_MOST_STEPS = 200
_STRIDES = tuple(2**exponent for exponent in range(1, 10))


@dataclass(frozen=True, slots=True)
class Level:
    """A map of offsets: four channels for each prior box of a position."""

    height: int
    width: int
    num_boxes: int

    @property
    def num_rows(self) -> int:
        return self.height * self.width * self.num_boxes


@dataclass(frozen=True, slots=True)
class KnownPriors:
    """Prior boxes that were published with a detector; sizes in pixels, level by level.

    Attributes:
        pixels: How its images become numbers, as people write it; empty where it differs.
    """

    name: str
    strides: tuple[int, ...]
    sizes_per_level: tuple[int, ...]
    sizes: tuple[float, ...]
    is_clipped: bool
    pixels: str = ""


KNOWN = (
    KnownPriors(
        "Ultra-Light-Fast face detectors (RFB and slim)",
        (8, 16, 32, 64), (3, 2, 2, 3), (10, 16, 24, 32, 48, 64, 96, 128, 192, 256),
        is_clipped=True, pixels="(x − 127) / 128 of 0..255: mean 0.498, standard deviation 0.502",
    ),
    KnownPriors(
        "RetinaFace", (8, 16, 32), (2, 2, 2), (16, 32, 64, 128, 256, 512), is_clipped=False
    ),
)  # fmt: skip


def offset_levels(graph: Graph, analysis: Analysis, source: Endpoint) -> tuple[Level, ...]:
    """Return the maps that rows of four numbers were put together of, in the order of the rows.

    Nothing where anything else was computed with them: then they are boxes already, as far as the
    drawing tells.
    """
    found: list[Level] = []
    todo, steps = [source], 0
    while todo:
        end, steps = todo.pop(), steps + 1
        node = graph.nodes.get(end.node)
        if node is None or steps > _MOST_STEPS:
            return ()
        kind = str(node.params.get("op")) if node.type == "Operator" else node.type
        if kind in _ORDERING:
            todo += reversed(_sources(graph, end.node))
            continue
        channels, height, width = _map_sizes(shape_at(analysis, end))
        if kind != "Conv2d" or not channels or channels % BOX_NUMBERS:
            return ()
        found.append(Level(height, width, channels // BOX_NUMBERS))
    return tuple(found)


def strides_of(levels: Sequence[Level], height: int, width: int) -> tuple[int, ...]:
    """Return the stride of each level in an image of this size; none where one does not fit."""
    found = [
        next(
            (
                stride
                for stride in _STRIDES
                if (-(-height // stride), -(-width // stride)) == (level.height, level.width)
            ),
            0,
        )
        for level in levels
    ]
    return tuple(found) if all(found) else ()


def known_priors(strides: Sequence[int], levels: Sequence[Level]) -> KnownPriors | None:
    """Return the published prior boxes with exactly this grid."""
    counts = tuple(level.num_boxes for level in levels)
    for known in KNOWN:
        if (known.strides, known.sizes_per_level) == (tuple(strides), counts):
            return known
    return None


def is_box_grid(graph: Graph, analysis: Analysis, source: Endpoint) -> bool:
    """Whether a map joins objectness, four raw numbers and classes along its channels."""
    node = graph.nodes.get(source.node)
    if node is None:
        return False
    is_joined = node.type == "Concatenate" or (
        node.params.get("op") == "concatenate" and _arguments(node.params).get("dim") == 1
    )
    parts = _sources(graph, source.node) if is_joined else []
    channels = [_map_sizes(shape_at(analysis, part))[0] for part in parts]
    if len(parts) != 3 or channels[:2] != [1, BOX_NUMBERS] or not channels[2]:
        return False
    first, second = (graph.nodes[part.node] for part in parts[:2])
    return first.type == "Sigmoid" and second.type == "Conv2d"


def _sources(graph: Graph, node_id: str) -> list[Endpoint]:
    """Return what arrives at a node, in the order of its ports."""
    edges = [edge for edge in graph.edges.values() if edge.target.node == node_id]
    return [edge.source for edge in sorted(edges, key=lambda edge: _port_order(edge.target.port))]


def _port_order(port: str) -> tuple[str, int]:
    stem, _, number = port.rpartition("_")
    return (stem, int(number)) if number.isdigit() else (port, 0)


def shape_at(analysis: Analysis, end: Endpoint) -> list[DimJson]:
    """Return what leaves a port; nothing where it is not known."""
    found = analysis.nodes.get(end.node)
    return [] if found is None else found.outputs.get(end.port, [])


def _map_sizes(shape: list[DimJson]) -> tuple[int, int, int]:
    """Return channels, height and width of a map; zeros for what is none."""
    sizes = [dim["size"] for dim in shape[1:] if isinstance(dim["size"], int)]
    is_map = len(shape) == 4 and len(sizes) == 3 and shape[0]["axis"] == "B"
    return (sizes[0], sizes[1], sizes[2]) if is_map else (0, 0, 0)


def _arguments(params: dict[str, ParamValue]) -> dict[str, object]:
    try:
        found = json.loads(str(params.get("arguments", "{}")))
    except ValueError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
