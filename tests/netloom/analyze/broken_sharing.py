"""Networks whose layers are to use weights that they cannot use."""

from __future__ import annotations

from netloom.graph.diagnostics import DiagnosticCode as Code
from netloom.graph.document import Document, Node, ParamValue
from tests.netloom.analyze.broken import Broken
from tests.netloom.graph.build import block, document, edge, instance, node


def _towers(left: Node, right: Node, **blocks: object) -> Document:
    """Two inputs, a layer each, joined: `rig` uses the weights of `lef`."""
    image = {"height": 9, "width": 9, "channels": 3}
    return document(
        {
            "one": node("ImageInput", "one", **image),
            "two": node("ImageInput", "two", **image),
            "lef": left,
            "rig": right.model_copy(update={"weights_of": "lef"}),
            "pla": node("AdaptiveAvgPool2d", "pool_left"),
            "plb": node("AdaptiveAvgPool2d", "pool_right"),
            "joi": node("Concatenate", "joined"),
            "out": node("Output", "output"),
        },
        {
            "e1": edge("one", "lef"),
            "e2": edge("two", "rig"),
            "e3": edge("lef", "pla"),
            "e4": edge("rig", "plb"),
            "e5": edge("pla", "joi", "input_1"),
            "e6": edge("plb", "joi", "input_2"),
            "e7": edge("joi", "out"),
        },
        blocks,  # type: ignore[arg-type]
    )


def _conv(name: str, **params: ParamValue) -> Node:
    return node("Conv2d", name, **params)


def _without(found: Document, *gone: str) -> Document:
    """The network without the layer whose weights are used."""
    graph = found.graph
    nodes = {key: each for key, each in graph.nodes.items() if key not in gone}
    edges = {
        key: each
        for key, each in graph.edges.items()
        if each.source.node in nodes and each.target.node in nodes
    }
    return found.model_copy(
        update={"graph": graph.model_copy(update={"nodes": nodes, "edges": edges})}
    )


_SMALL = block("Small", "s", _conv("conv", out_channels=4), channels=("s1", "out_channels"))
_INSIDE = block("Inside", "i", _conv("conv").model_copy(update={"weights_of": "lef"}))

SHARING: dict[str, Broken] = {
    "weights of another shape": Broken(
        Code.SHARED_WEIGHTS,
        _towers(_conv("left", out_channels=8), _conv("right", out_channels=16)),
        "right cannot use the weights of left: its weight has 16 × 3 × 3 × 3, the other's has "
        "8 × 3 × 3 × 3",
        num_fixes=2,
    ),
    "weights of another type": Broken(
        Code.SHARED_WEIGHTS,
        _towers(_conv("left"), node("SeparableConv2d", "right")),
        "one is a SeparableConv2d and the other a Conv2d",
    ),
    "weights of a block set otherwise": Broken(
        Code.SHARED_WEIGHTS,
        _towers(
            instance("sma", "left"),
            instance("sma", "right").model_copy(update={"overrides": {"channels": 5}}),
            sma=_SMALL,
        ),
        "its conv.weight has 5 × 3 × 3 × 3, the other's has 4 × 3 × 3 × 3",
        num_fixes=2,
    ),
    "weights of a block applied more often": Broken(
        Code.SHARED_WEIGHTS,
        _towers(
            instance("rel", "left"),
            instance("rel", "right", repeat=2),
            rel=block("Scale", "r", node("BatchNorm2d", "norm")),
        ),
        "its block is applied 2 times with separate weights, that of left once",
        num_fixes=2,
    ),
    "weights of a layer in another scope": Broken(
        Code.SHARED_WEIGHTS,
        _towers(_conv("left"), instance("ins", "right"), ins=_INSIDE),
        "conv is to use the weights of left, which is on the top level. Weights are shared within "
        "one scope",
        scope="ins",
    ),
    "weights of a layer that is gone": Broken(
        Code.SHARED_WEIGHTS,
        _without(_towers(_conv("left"), _conv("right")), "one", "lef", "pla", "joi"),
        "right was to share its weights with a layer that is gone",
        severity="warning",
    ),
    "shared weights frozen in one place": Broken(
        Code.SHARED_WEIGHTS,
        _towers(_conv("left"), _conv("right").model_copy(update={"is_frozen": True})),
        "right is frozen and left uses the same weights",
        severity="warning",
        num_fixes=2,
    ),
    "shared weights with two starts": Broken(
        Code.SHARED_WEIGHTS,
        _towers(_conv("left"), _conv("right", weight_init="zeros")),
        "How the weights of right start and learn is what left says",
        severity="warning",
    ),
}
