"""The networks that figures are measured on, drawn with the studio's own operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, Edge, Endpoint, Node, ParamValue, Position, new_id
from netloom.graph.operations import AddEdge, AddNode, Operation

RESNET_18 = (2, 2, 2, 2)
RESNET_50 = (3, 4, 6, 3)
RESNET_152 = (3, 8, 36, 3)
_COLUMN_PX, _ROW_PX, _COLUMNS = 216.0, 152.0, 24


@dataclass(slots=True)
class Drawing:
    """Collects the operations that draw a network, as a person's edits would be."""

    operations: list[Operation] = field(default_factory=list[Operation])
    num_nodes: int = 0
    columns: int = _COLUMNS

    def add(self, type_name: str, *sources: str, **params: ParamValue) -> str:
        """Add a layer fed by `sources` and return its id."""
        node_id = new_id()
        name = f"{type_name.lower()}_{self.num_nodes}"
        place = divmod(self.num_nodes, self.columns)
        position = Position(x=place[1] * _COLUMN_PX, y=place[0] * _ROW_PX)
        node = Node(type=type_name, name=name, params=params)
        self.operations.append(AddNode(node_id=node_id, node=node, position=position))
        self.num_nodes += 1
        for number, source in enumerate(sources, start=1):
            port = "input" if len(sources) == 1 else f"input_{number}"
            ends = (Endpoint(node=source, port="output"), Endpoint(node=node_id, port=port))
            edge = Edge(source=ends[0], target=ends[1])
            self.operations.append(AddEdge(edge_id=new_id(), edge=edge))
        return node_id

    def finish(self) -> Document:
        """Return the drawn network."""
        return apply_operations(Document(), self.operations)[0]


def resnet(depths: Sequence[int], *, num_classes: int = 1000, size_px: int = 224) -> Document:
    """ResNet (He et al., 2015) with every layer a node of its own, as an import draws it.

    ResNet-18 has basic blocks, the deeper ones bottlenecks; the stride is on the 3 x 3 convolution,
    as in torchvision.
    """
    draw = Drawing()
    last = draw.add("ImageInput", channels=3, height=size_px, width=size_px)
    last = _convolution(draw, last, 64, kernel_size=7, stride=2, padding=3)
    last = draw.add("ReLU", last)
    last = draw.add("MaxPool2d", last, kernel_size=3, stride=2, padding=1)
    is_basic = tuple(depths) == RESNET_18
    channels = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        for index in range(depth):
            stride = 2 if stage and not index else 1
            out_channels = width if is_basic else 4 * width
            shortcut = last
            if stride != 1 or channels != out_channels:
                shortcut = _convolution(draw, last, out_channels, kernel_size=1, stride=stride)
            path = _basic(draw, last, width, stride) if is_basic else _bottleneck(
                draw, last, width, stride
            )  # fmt: skip
            last = draw.add("ReLU", draw.add("Add", path, shortcut))
            channels = out_channels
    last = draw.add("AdaptiveAvgPool2d", last, output_size=1)
    last = draw.add("Linear", draw.add("Flatten", last), out_features=num_classes)
    draw.add("Output", last)
    return draw.finish()


def _convolution(
    draw: Drawing, source: str, out_channels: int, *, kernel_size: int, stride: int = 1,
    padding: int = 0,
) -> str:  # fmt: skip
    convolution = draw.add(
        "Conv2d", source, out_channels=out_channels, kernel_size=kernel_size, stride=stride,
        padding=padding, bias=False,
    )  # fmt: skip
    return draw.add("BatchNorm2d", convolution)


def _basic(draw: Drawing, source: str, width: int, stride: int) -> str:
    first = _convolution(draw, source, width, kernel_size=3, stride=stride, padding=1)
    return _convolution(draw, draw.add("ReLU", first), width, kernel_size=3, padding=1)


def _bottleneck(draw: Drawing, source: str, width: int, stride: int) -> str:
    first = draw.add("ReLU", _convolution(draw, source, width, kernel_size=1))
    second = _convolution(draw, first, width, kernel_size=3, stride=stride, padding=1)
    return _convolution(draw, draw.add("ReLU", second), 4 * width, kernel_size=1)


def deep_residual(num_nodes: int) -> Document:
    """Residual blocks of seven nodes in a drawing of a screen's shape; the last may be shorter."""
    draw = Drawing(columns=max(8, round((1.2 * num_nodes) ** 0.5)))
    last = draw.add("ImageInput", channels=3, height=32, width=32)
    last = shortcut = draw.add("Conv2d", last, out_channels=16, kernel_size=3, padding=1)
    kinds = ("Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d", "Add", "ReLU")
    for index in range(num_nodes - 3):
        kind = kinds[index % len(kinds)]
        if kind == "Conv2d":
            last = draw.add(kind, last, out_channels=16, kernel_size=3, padding=1, bias=False)
        else:
            last = draw.add(kind, last, shortcut) if kind == "Add" else draw.add(kind, last)
        if index % len(kinds) == len(kinds) - 1:
            shortcut = last
    draw.add("Output", last)
    return draw.finish()


def small_cnn() -> Document:
    """Two convolutions and two linear layers for 28 x 28 grey images of 10 classes."""
    draw = Drawing()
    last = draw.add("ImageInput", channels=1, height=28, width=28)
    for out_channels in (16, 32):
        last = draw.add("Conv2d", last, out_channels=out_channels, kernel_size=3, padding=1)
        last = draw.add("MaxPool2d", draw.add("ReLU", last), kernel_size=2)
    last = draw.add("Linear", draw.add("Flatten", last), out_features=64)
    last = draw.add("Linear", draw.add("ReLU", last), out_features=10)
    draw.add("Output", last)
    return draw.finish()


def chain(num_nodes: int) -> Document:
    """A plain network of convolutions, batch norms and activations."""
    draw = Drawing()
    last = draw.add("ImageInput", channels=3, height=32, width=32)
    kinds = ("Conv2d", "BatchNorm2d", "ReLU")
    for index in range(num_nodes - 2):
        last = draw.add(kinds[index % 3], last)
    draw.add("Output", last)
    return draw.finish()
