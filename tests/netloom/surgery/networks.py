"""Networks to operate on: plain, with shortcuts, with concatenation, with blocks and repeats."""

from __future__ import annotations

from itertools import pairwise

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    ExposedParam,
    Graph,
    Node,
    ParamValue,
)
from netloom.templates import make_template

Nodes = dict[str, tuple[str, dict[str, ParamValue]]]
IMAGE: dict[str, ParamValue] = {"channels": 3, "height": 16, "width": 16}
SAME: dict[str, ParamValue] = {"kernel_size": 3, "padding": "same"}


def template(name: str, num_classes: int = 10) -> Document:
    """A template for images of 3 × 16 × 16."""
    return make_template(name, channels=3, height=16, width=16, num_classes=num_classes)


def nodes_of(listed: Nodes) -> dict[str, Node]:
    """Nodes whose id is their name."""
    return {
        name: Node(type=kind, name=name, params=params) for name, (kind, params) in listed.items()
    }


def edges_of(*paths: str) -> dict[str, Edge]:
    """Edges from paths such as `image>conv>add.input_1`."""
    edges: dict[str, Edge] = {}
    for path in paths:
        stops = path.split(">")
        for before, after in pairwise(stops):
            source, _, given = before.partition("@")
            source = source.partition(".")[0]
            target, _, port = after.partition("@")[0].partition(".")
            edge = Edge(
                source=Endpoint(node=source, port=given or "output"),
                target=Endpoint(node=target, port=port or "input"),
            )
            edges[f"{source}-{target}-{port or 'input'}"] = edge
    return edges


def residual() -> Document:
    """A stem, a shortcut around two convolutions, a classifier."""
    nodes: Nodes = {
        "image": ("ImageInput", IMAGE),
        "stem": ("Conv2d", {"out_channels": 8, **SAME}),
        "bn": ("BatchNorm2d", {}),
        "first": ("Conv2d", {"out_channels": 12, **SAME}),
        "act": ("ReLU", {}),
        "second": ("Conv2d", {"out_channels": 8, **SAME}),
        "add": ("Add", {}),
        "pool": ("GlobalAvgPool", {}),
        "fc": ("Linear", {"out_features": 10}),
        "out": ("Output", {}),
    }
    edges = edges_of("image>stem>bn>first>act>second>add.input_2>pool>fc>out", "bn>add.input_1")
    return Document(graph=Graph(name="Residual", nodes=nodes_of(nodes), edges=edges))


def tied() -> Document:
    """Two branches of the same weights, added; the second one is named first."""
    nodes: Nodes = {
        "image": ("ImageInput", IMAGE),
        "stem": ("Conv2d", {"out_channels": 8, **SAME}),
        "act": ("ReLU", {}),
        "left": ("Conv2d", {"out_channels": 6, **SAME}),
        "left_bn": ("BatchNorm2d", {}),
        "right": ("Conv2d", {"out_channels": 6, **SAME}),
        "right_bn": ("BatchNorm2d", {}),
        "add": ("Add", {}),
        "pool": ("GlobalAvgPool", {}),
        "fc": ("Linear", {"out_features": 10}),
        "out": ("Output", {}),
    }
    edges = edges_of(
        "image>stem>left>left_bn>add.input_1>pool>fc>out",
        "stem>act>right>right_bn>add.input_2",
    )
    drawn = nodes_of(nodes)
    for user, owner in (("left", "right"), ("left_bn", "right_bn")):
        drawn[user] = drawn[user].model_copy(update={"weights_of": owner})
    return Document(graph=Graph(name="Tied", nodes=drawn, edges=edges))


def concatenation() -> Document:
    """Three branches joined along channels, then flattened; one of them is depthwise."""
    nodes: Nodes = {
        "image": ("ImageInput", IMAGE),
        "stem": ("Conv2d", {"out_channels": 6, **SAME}),
        "a": ("Conv2d", {"out_channels": 4, **SAME}),
        "b": ("Conv2d", {"out_channels": 5, **SAME}),
        "depth": ("Conv2d", {"out_channels": 6, "groups": 6, **SAME}),
        "cat": ("Concatenate", {"num_inputs": 3}),
        "norm": ("BatchNorm2d", {}),
        "pool": ("MaxPool2d", {"kernel_size": 4, "stride": 4}),
        "flat": ("Flatten", {}),
        "fc": ("Linear", {"out_features": 10}),
        "out": ("Output", {}),
    }
    edges = edges_of(
        "image>stem>a>cat.input_1>norm>pool>flat>fc>out",
        "stem>b>cat.input_2",
        "stem>depth>cat.input_3",
    )
    return Document(graph=Graph(name="Concat", nodes=nodes_of(nodes), edges=edges))


def repeated(weights: str = "separate") -> Document:
    """A residual block used three times in sequence, its width exposed."""
    inner: Nodes = {
        "enter": ("BlockInput", {}),
        "inner_conv": ("Conv2d", {"out_channels": 4, **SAME}),
        "inner_bn": ("BatchNorm2d", {}),
        "inner_out": ("Conv2d", {"out_channels": 4, **SAME}),
        "inner_add": ("Add", {}),
        "leave": ("BlockOutput", {}),
    }
    block = BlockDefinition(
        name="Body",
        nodes=nodes_of(inner),
        edges=edges_of(
            "enter>inner_conv>inner_bn>inner_out>inner_add.input_1>leave",
            "enter>inner_add.input_2",
        ),
        inputs=["enter"],
        outputs=["leave"],
        exposed={"width": ExposedParam(node="inner_out", param="out_channels")},
    )
    nodes = nodes_of(
        {
            "image": ("ImageInput", IMAGE),
            "stem": ("Conv2d", {"out_channels": 8, **SAME}),
            "pool": ("GlobalAvgPool", {}),
            "fc": ("Linear", {"out_features": 10}),
            "out": ("Output", {}),
        }
    )
    nodes["stage"] = Node.model_validate(
        {
            "type": "Block",
            "name": "stage",
            "block": "body",
            "overrides": {"width": 8},
            "repeat": 3,
            "weights": weights,
        }
    )
    graph = Graph(
        name="Repeated",
        nodes=nodes,
        edges=edges_of("image>stem>stage>pool>fc>out".replace("stage>pool", "stage@leave>pool")),
        blocks={"body": block},
    )
    # Ports of an instance are called as the port nodes inside.
    edges = {
        key: edge.model_copy(update={"target": Endpoint(node="stage", port="enter")})
        if edge.target.node == "stage"
        else edge
        for key, edge in graph.edges.items()
    }
    return Document(graph=graph.model_copy(update={"edges": edges}))


TOKENS: dict[str, ParamValue] = {"length": 7, "vocabulary": 30}


def _line(name: str, nodes: Nodes, *paths: str) -> Document:
    graph = Graph(name=name, nodes=nodes_of(nodes), edges=edges_of(*paths))
    return Document(graph=graph)


def recurrent(kind: str, **params: ParamValue) -> Document:
    """Tokens, an embedding, two recurrent layers and a classifier."""
    nodes: Nodes = {
        "tokens": ("TokenInput", TOKENS),
        "embed": ("Embedding", {"num_features": 10}),
        "first": (kind, {"hidden_size": 6, **params}),
        "second": (kind, {"hidden_size": 5, "output": "last"}),
        "fc": ("Linear", {"out_features": 4}),
        "out": ("Output", {}),
    }
    return _line(kind, nodes, "tokens>embed>first>second>fc>out")


def states() -> Document:
    """An encoder that hands its states to a decoder."""
    nodes: Nodes = {
        "tokens": ("TokenInput", TOKENS),
        "embed": ("Embedding", {"num_features": 8}),
        "encoder": ("LSTM", {"hidden_size": 6, "gives_state": True, "output": "last"}),
        "decoder": ("LSTM", {"hidden_size": 6, "takes_state": True}),
        "add": ("Add", {}),
        "step": ("TakeStep", {}),
        "fc": ("Linear", {"out_features": 4}),
        "out": ("Output", {}),
    }
    return _line(
        "States",
        nodes,
        "tokens>embed>encoder>add.input_1>fc>out",
        "embed>decoder>step>add.input_2",
        "encoder@hidden>decoder.hidden",
        "encoder@cell>decoder.cell",
    )


def attention(norm: str = "LayerNorm", *, is_rotary: bool = False) -> Document:
    """A transformer written out: attention and linear layers with shortcuts and norms."""
    nodes: Nodes = {
        "tokens": ("TokenInput", TOKENS),
        "embed": ("Embedding", {"num_features": 8}),
        "positions": ("LearnedPositions", {}),
        "attend": ("SelfAttention", {"num_heads": 2, "is_rotary": is_rotary}),
        "add": ("Add", {}),
        "norm": (norm, {}),
        "up": ("Linear", {"out_features": 12}),
        "act": ("GELU", {}),
        "down": ("Linear", {"out_features": 8}),
        "join": ("Add", {}),
        "cross": ("CrossAttention", {"num_heads": 2}),
        "mean": ("TakeStep", {}),
        "fc": ("Linear", {"out_features": 4}),
        "out": ("Output", {}),
    }
    return _line(
        "Attention",
        nodes,
        "tokens>embed>positions>attend>add.input_1>norm>up>act>down>join.input_1",
        "positions>add.input_2",
        "norm>join.input_2",
        "join>cross.query",
        "positions>cross.memory",
        "cross>mean>fc>out",
    )


def transformer(*, norm_first: bool = False) -> Document:
    """Stacked encoder and decoder layers over a memory of other features."""
    params: dict[str, ParamValue] = {
        "num_heads": 2,
        "hidden_features": 12,
        "dropout": 0.0,
        "norm_first": norm_first,
    }
    nodes: Nodes = {
        "tokens": ("TokenInput", TOKENS),
        "embed": ("Embedding", {"num_features": 8}),
        "token": ("ClassToken", {}),
        "encoder": ("TransformerEncoderLayer", params),
        "memory": ("Linear", {"out_features": 6}),
        "decoder": ("TransformerDecoderLayer", params),
        "flat": ("Flatten", {}),
        "fc": ("Linear", {"out_features": 4}),
        "out": ("Output", {}),
    }
    return _line(
        "Transformer",
        nodes,
        "tokens>embed>token>encoder>decoder>flat>fc>out",
        "token>memory>decoder.memory",
    )


SEQUENCES = {
    "lstm": lambda: recurrent("LSTM"),
    "bilstm": lambda: recurrent("LSTM", bidirectional=True, num_layers=2),
    "gru": lambda: recurrent("GRU", num_layers=2),
    "rnn": lambda: recurrent("RNN", nonlinearity="relu", bias=False),
    "states": states,
    "attention": attention,
    "transformer": transformer,
}

ALL = {
    "small_cnn": lambda: template("small_cnn"),
    "small_resnet": lambda: template("small_resnet"),
    "lenet5": lambda: template("lenet5"),
    "mlp": lambda: template("mlp"),
    "residual": residual,
    "concatenation": concatenation,
    "repeated": repeated,
    "shared": lambda: repeated("shared"),
    "tied": tied,
}
