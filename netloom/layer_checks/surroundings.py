"""A network around one layer: inputs that give it what it is tried with, and an output per port."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import Document, Edge, Endpoint, Graph, Node, ParamValue
from netloom.layers.base import AnyLayer, Inputs
from netloom.layers.params import LayerParams
from netloom.layers.shapes import Dim, Shape, axes_of, concrete, holds_detections, holds_mask
from netloom.layers.sizes import Size, without

LAYER = "layer"
"""Id and name of the node of the layer."""


def network_around(
    layer: AnyLayer, params: LayerParams, raw: Mapping[str, ParamValue], inputs: Inputs
) -> Document:
    """Return a network in which a layer receives these shapes.

    Args:
        raw: The parameters as a document holds them.
    """
    drawing = _Drawing()
    for index, (port, shape) in enumerate(inputs.items()):
        drawing.connect(drawing.source(shape, f"s{index}"), Endpoint(node=LAYER, port=port))
    if not inputs:  # A network has an input, though this layer needs none.
        drawing.connect(drawing.add("unused", "FeatureInput"), Endpoint(node="aside", port="input"))
        drawing.add("aside", "Output")
    drawing.add(LAYER, layer.type_name, **raw)
    for index, port in enumerate(layer.output_ports(params)):
        drawing.add(f"out{index}", "Output")
        source = Endpoint(node=LAYER, port=port.name)
        drawing.connect(source, Endpoint(node=f"out{index}", port="input"))
    return Document(graph=Graph(name="Net", nodes=drawing.nodes, edges=drawing.edges))


@dataclass(slots=True)
class _Drawing:
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    edges: dict[str, Edge] = field(default_factory=dict[str, Edge])

    def add(self, node_id: str, type_name: str, **params: ParamValue) -> Endpoint:
        """Add a node that is called as its id; returns its output."""
        self.nodes[node_id] = Node(type=type_name, name=node_id, params=params)
        return Endpoint(node=node_id, port="output")

    def connect(self, source: Endpoint, target: Endpoint) -> None:
        self.edges[f"e{len(self.edges)}"] = Edge(source=source, target=target)

    def source(self, shape: Shape, name: str) -> Endpoint:
        """Add what gives a tensor of a shape."""
        if any(dim.axis.startswith("index ") for dim in shape):
            return self._indices(shape, name)
        if holds_detections(shape):
            return self._detections(shape, name)
        if (count := without(shape[0].size, "B")) != 1 and isinstance(count, int):
            return self._pieces(shape, count, name)
        if holds_mask(shape):
            tokens = self.add(name, "TokenInput", vocabulary=9, **_length(shape[1].size))
            return self._behind(tokens, f"{name}m", "PaddingMask")
        sizes = [dim.size if isinstance(dim.size, int) else None for dim in shape[1:]]
        match axes_of(shape):
            case "BCHW":
                names = ("channels", "height", "width")
                return self.add(name, "ImageInput", **dict(zip(names, sizes, strict=True)))
            case "BCDHW":
                names = ("channels", "depth", "height", "width")
                return self.add(name, "VolumeInput", **dict(zip(names, sizes, strict=True)))
            case "BF":
                return self.add(name, "FeatureInput", num_features=sizes[0])
            case "BTF":
                length = _length(shape[1].size)
                return self.add(name, "SequenceInput", num_features=sizes[1], **length)
            case "BCT":
                return self.add(name, "SignalInput", channels=sizes[0], **_length(shape[2].size))
            case "BT":
                vocabulary, length = shape[1].vocabulary, _length(shape[1].size)
                return self.add(name, "TokenInput", vocabulary=vocabulary, **length)
            case axes:
                return self._reshaped(axes[1:], concrete(shape, B=1)[1:], name)

    def _behind(
        self, source: Endpoint, name: str, type_name: str, **params: ParamValue
    ) -> Endpoint:
        self.connect(source, Endpoint(node=name, port="input"))
        return self.add(name, type_name, **params)

    def _reshaped(self, axes: str, sizes: tuple[int, ...], name: str) -> Endpoint:
        """Add features that a Reshape gives axes which no input layer has."""
        words = ", ".join(f"{axis}={size}" for axis, size in zip(axes, sizes, strict=True))
        features = self.add(name, "FeatureInput", num_features=math.prod(sizes))
        return self._behind(features, f"{name}r", "Reshape", shape=words)

    def _detections(self, shape: Shape, name: str) -> Endpoint:
        """Add a choice of boxes among so many."""
        boxes = self.add(f"{name}b", "SequenceInput", num_features=4, length=9)
        scores = self.add(f"{name}s", "SequenceInput", num_features=2, length=9)
        self.connect(boxes, Endpoint(node=name, port="boxes"))
        self.connect(scores, Endpoint(node=name, port="scores"))
        count = shape[1].size
        self.add(name, "Detections", max_detections=count if isinstance(count, int) else 1)
        return Endpoint(node=name, port="detections")

    def _pieces(self, shape: Shape, count: int, name: str) -> Endpoint:
        """Add regions of an image, so many for each: pieces along the first axis."""
        sizes = [*concrete(shape, B=1)[1:], 1, 1][:3]
        image = self.add(f"{name}i", "ImageInput", channels=sizes[0], height=8, width=8)
        boxes = self.add(f"{name}b", "SequenceInput", num_features=4, length=count)
        told = self.add(f"{name}s", "FeatureInput", num_features=6)
        for port, source in (("input_1", image), ("boxes", boxes), ("sizes", told)):
            self.connect(source, Endpoint(node=name, port=port))
        pieces = self.add(name, "RegionAlign", num_levels=1, output_size=[*sizes[1:]])
        return pieces if len(shape) > 2 else self._behind(pieces, f"{name}f", "Flatten")

    def _indices(self, shape: Shape, name: str) -> Endpoint:
        """Add a pooling whose windows lie side by side, for its indices."""
        plain = tuple(
            Dim(dim.axis.removeprefix("index "), dim.vocabulary or dim.size) for dim in shape
        )
        pairs = zip(plain[2:], shape[2:], strict=True)
        windows = [_ratio(before.size, after.size) for before, after in pairs]
        kernel: ParamValue = windows[0] if len(windows) == 1 else [*windows]
        self._behind(
            self.source(plain, name), f"{name}p", f"MaxPool{len(windows)}d", kernel_size=kernel,
            return_indices=True,
        )  # fmt: skip
        return Endpoint(node=f"{name}p", port="indices")


def _length(size: Size) -> dict[str, ParamValue]:
    return {"length": size} if isinstance(size, int) else {"length_symbol": str(size)}


def _ratio(before: Size, after: Size) -> int:
    return before // after if isinstance(before, int) and isinstance(after, int) else 1
