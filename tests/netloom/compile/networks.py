"""Documents for tests, written short: nodes by id, edges as `a>b` or `a.port>b.port`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    ExposedParam,
    Graph,
    Node,
)

_ATTRIBUTES = ("block", "overrides", "repeat", "weights", "weights_of", "is_frozen")


def node(type_name: str, name: str, **values: Any) -> Node:
    """A node; keywords are parameters, or attributes where a node has one of that name."""
    attributes = {key: values.pop(key) for key in _ATTRIBUTES if key in values}
    return Node(type=type_name, name=name, params=values, **attributes)


def edges(*texts: str) -> dict[str, Edge]:
    found = [(text.split(">")[0], text.split(">")[1]) for text in texts]
    return {
        f"e{index}": Edge(source=_endpoint(source, "output"), target=_endpoint(target, "input"))
        for index, (source, target) in enumerate(found)
    }


def _endpoint(text: str, default_port: str) -> Endpoint:
    node_id, _, port = text.partition(".")
    return Endpoint(node=node_id, port=port or default_port)


def network(
    nodes: Mapping[str, Node],
    *connections: str,
    blocks: Mapping[str, BlockDefinition] | None = None,
    name: str = "Net",
) -> Document:
    graph = Graph(
        name=name, nodes=dict(nodes), edges=edges(*connections), blocks=dict(blocks or {})
    )
    return Document(graph=graph)


def chain(*nodes: Node, name: str = "Net") -> Document:
    """Nodes one after the other, with ids n0, n1..."""
    ids = [f"n{index}" for index in range(len(nodes))]
    connections = [f"{a}>{b}" for a, b in pairwise(ids)]
    return network(dict(zip(ids, nodes, strict=True)), *connections, name=name)


def image(channels: int = 1, side: int = 8, name: str = "image") -> Node:
    return node("ImageInput", name, height=side, width=side, channels=channels)


def residual_block() -> BlockDefinition:
    return BlockDefinition(
        name="Residual",
        nodes={
            "i": node("BlockInput", "x"),
            "c1": node("Conv2d", "conv1", out_channels=4, kernel_size=3, padding=1),
            "b1": node("BatchNorm2d", "bn1"),
            "r1": node("ReLU", "relu1"),
            "c2": node("Conv2d", "conv2", out_channels=4, kernel_size=3, padding=1),
            "s": node("Conv2d", "shortcut", out_channels=4, kernel_size=1),
            "a": node("Add", "add"),
            "r2": node("LeakyReLU", "relu2"),
            "o": node("BlockOutput", "y"),
        },
        edges=edges(
            "i>c1", "c1>b1", "b1>r1", "r1>c2", "c2>a.input_1", "i>s", "s>a.input_2", "a>r2", "r2>o"
        ),
        inputs=["i"],
        outputs=["o"],
        exposed={
            "channels": ExposedParam(node="c1", param="out_channels"),
            "channels_2": ExposedParam(node="c2", param="out_channels"),
            "channels_3": ExposedParam(node="s", param="out_channels"),
            "stride": ExposedParam(node="c1", param="stride"),
            "stride_2": ExposedParam(node="s", param="stride"),
        },
    )


def two_port_block() -> BlockDefinition:
    return BlockDefinition(
        name="Exchange",
        nodes={
            "i": node("BlockInput", "left"),
            "j": node("BlockInput", "right"),
            "l": node("Linear", "mix", out_features=6),
            "t": node("Tanh", "squash"),
            "o": node("BlockOutput", "first"),
            "p": node("BlockOutput", "second"),
        },
        edges=edges("i>l", "j>t", "l>p", "t>o"),
        inputs=["i", "j"],
        outputs=["o", "p"],
    )


def wide(channels: int, stride: int = 1) -> dict[str, Any]:
    """Overrides of the residual block."""
    return {
        "channels": channels,
        "channels_2": channels,
        "channels_3": channels,
        "stride": stride,
        "stride_2": stride,
    }


def rich_network() -> Document:
    """Blocks used in several ways, shared and separate repeats, branches, two-port repeats."""
    return network(
        {
            "in": image(1, 16),
            "c": node("Conv2d", "conv", out_channels=4, kernel_size=3, padding="same"),
            "r": node("ReLU", "relu"),
            "A": node(
                "Block", "stage1", block="res", repeat=3, weights="shared", overrides=wide(4)
            ),
            "B": node("Block", "stage2", block="res", overrides=wide(6, 2)),
            "C": node("Block", "stage3", block="res", repeat=2, overrides=wide(6)),
            "p": node("AdaptiveAvgPool2d", "pool"),
            "f": node("Flatten", "flatten"),
            "t": node("Block", "exchange", block="two", repeat=2),
            "l": node("Linear", "fc", out_features=6),
            "k": node("Concatenate", "joined"),
            "out": node("Output", "logits"),
        },
        "in>c", "c>r", "r>A.x", "A.y>B.x", "B.y>C.x", "C.y>p", "p>f", "f>l", "f>t.left",
        "l>t.right", "t.first>k.input_1", "t.second>k.input_2", "k>out",
        blocks={"res": residual_block(), "two": two_port_block()},
        name="Rich",
    )  # fmt: skip


def nested_network(depth: int) -> Document:
    """A convolution inside `depth` blocks, each repeating the next twice."""
    blocks: dict[str, BlockDefinition] = {}
    for level in range(depth):
        inner = (
            node("Block", "inner", block=f"b{level + 1}", repeat=2)
            if level + 1 < depth
            else node("Conv2d", "conv", out_channels=2, kernel_size=3, padding=1)
        )
        port_in, port_out = ("inner.x", "inner.y") if level + 1 < depth else ("inner", "inner")
        blocks[f"b{level}"] = BlockDefinition(
            name=f"Level{level}",
            nodes={
                f"i{level}": node("BlockInput", "x"),
                f"inner{level}": inner,
                f"o{level}": node("BlockOutput", "y"),
            },
            edges=edges(
                f"i{level}>{port_in.replace('inner', f'inner{level}')}",
                f"{port_out.replace('inner', f'inner{level}')}>o{level}",
            ),
            inputs=[f"i{level}"],
            outputs=[f"o{level}"],
        )
    return network(
        {"in": image(2, 6), "b": node("Block", "outer", block="b0"), "out": node("Output", "out")},
        "in>b.x", "b.y>out", blocks=blocks,
    )  # fmt: skip
