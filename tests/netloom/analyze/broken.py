"""Broken networks, one for each way in which a network can be broken."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.analyze import Binding
from netloom.graph.diagnostics import DiagnosticCode as Code
from netloom.graph.document import Document, ExposedParam, ExposedTarget
from tests.netloom.graph.build import block, chain, document, edge, instance, node


@dataclass(frozen=True)
class Broken:
    """A network, the problem it has, and part of the sentence a person reads."""

    code: Code
    document: Document
    words: str
    binding: Binding | None = None
    severity: str = "error"
    num_fixes: int = 1
    scope: str | None = None
    is_from_outside: bool = False
    """No operation makes such a document, so none can bring it back after a repair."""


IMAGE = node("ImageInput", "image", height=7, width=7, channels=64)
OUTPUT = node("Output", "output")
RELU = node("ReLU", "relu")
DIGITS = Binding(num_classes=10, channels=1, typical_size=(28, 28))
CONV_5 = block("Widen", "p", node("Conv2d", "conv", out_channels=5))


def with_node(*middle: object) -> Document:
    return chain(IMAGE, *middle, OUTPUT)  # type: ignore[arg-type]


def two_paths(join: object, left: object, right: object) -> Document:
    """An image through two layers into one, then out."""
    return document(
        {"img": IMAGE, "lef": left, "rig": right, "joi": join, "out": OUTPUT},  # type: ignore[dict-item]
        {
            "e1": edge("img", "lef"),
            "e2": edge("img", "rig"),
            "e3": edge("lef", "joi", "input_1"),
            "e4": edge("rig", "joi", "input_2"),
            "e5": edge("joi", "out"),
        },
    )


ADD = node("Add", "total")


def budgeted(document: Document, **budgets: float) -> Document:
    view = document.view.model_copy(update={"budgets": budgets})
    return document.model_copy(update={"view": view})


def conv(name: str, **params: object):
    return node("Conv2d", name, **params)  # type: ignore[arg-type]


def _offering(node_id: str, param: str) -> Document:
    """A block whose `filters` set those of a convolution, and something else as well."""
    found = block("Offer", "p", conv("conv"), RELU.model_copy(update={"name": "bend"}))
    also = [ExposedTarget(node=node_id, param=param)]
    filters = ExposedParam(node="p1", param="out_channels", also=also)
    return document(
        {"img": IMAGE, "ins": instance("blk", "use", overrides={"filters": 3}), "out": OUTPUT},
        {"e1": edge("img", "ins"), "e2": edge("ins", "out")},
        {"blk": found.model_copy(update={"exposed": {"filters": filters}})},
    )


BROKEN: dict[str, Broken] = {
    "over_budget": Broken(
        Code.OVER_BUDGET,
        budgeted(with_node(conv("wide", out_channels=128)), parameters=1000),
        "Most of it: wide",
        severity="warning",
        num_fixes=0,
    ),
    "linear on an image": Broken(
        Code.SHAPE_MISMATCH,
        with_node(node("Linear", "linear")),
        "Linear needs (B, F) but receives (B, C=64, H=7, W=7). Insert Flatten?",
    ),
    "convolution on features": Broken(
        Code.SHAPE_MISMATCH,
        with_node(node("Flatten", "flatten"), conv("conv")),
        "Conv2d needs (B, C, H, W) but receives (B, F=3136)",
        num_fixes=0,
    ),
    "groups that do not divide": Broken(
        Code.SHAPE_MISMATCH,
        with_node(conv("conv", out_channels=10, groups=4)),
        "4 groups must divide both the 64 input channels and the 10 filters",
        num_fixes=2,
    ),
    "even kernel with a stride": Broken(
        Code.SHAPE_MISMATCH,
        with_node(conv("conv", kernel_size=4, stride=2)),
        "needs an odd kernel",
        num_fixes=2,
    ),
    "kernel larger than the image": Broken(
        Code.SHAPE_TOO_SMALL,
        with_node(conv("conv", kernel_size=9, padding=0)),
        "Conv2d spans 9 × 9 but its input is only H 7 × W 7",
        num_fixes=2,
    ),
    "dilated kernel larger than the image": Broken(
        Code.SHAPE_TOO_SMALL,
        with_node(conv("conv", kernel_size=3, dilation=4, padding=0)),
        "spans 9 × 9",
        num_fixes=2,
    ),
    "pooling larger than the image": Broken(
        Code.SHAPE_TOO_SMALL,
        with_node(node("MaxPool2d", "pool", kernel_size=8)),
        "MaxPool2d spans 8 × 8",
    ),
    "pooling with too much padding": Broken(
        Code.SHAPE_MISMATCH,
        with_node(node("MaxPool2d", "pool", kernel_size=2, padding=2)),
        "more than half of the kernel",
    ),
    "add of different channels": Broken(
        Code.SHAPE_MISMATCH,
        two_paths(ADD, conv("narrow", out_channels=8), conv("wide", out_channels=32)),
        "(B, C=8, H=7, W=7) at input_1, (B, C=32, H=7, W=7) at input_2. (input_1 comes from "
        "narrow, input_2 comes from wide)",
    ),
    "add of different sizes": Broken(
        Code.SHAPE_MISMATCH,
        two_paths(ADD, conv("small", out_channels=8, stride=2), conv("large", out_channels=32)),
        "Add needs inputs of the same shape",
    ),
    "multiply of different features": Broken(
        Code.SHAPE_MISMATCH,
        document(
            {
                "img": node("FeatureInput", "features"),
                "lef": node("Linear", "left", out_features=8),
                "rig": node("Linear", "right", out_features=9),
                "joi": node("Multiply", "product"),
                "out": OUTPUT,
            },
            {
                "e1": edge("img", "lef"),
                "e2": edge("img", "rig"),
                "e3": edge("lef", "joi", "input_1"),
                "e4": edge("rig", "joi", "input_2"),
                "e5": edge("joi", "out"),
            },
        ),
        "Multiply needs inputs of the same shape",
    ),
    "concatenate of different sizes": Broken(
        Code.SHAPE_MISMATCH,
        two_paths(node("Concatenate", "join"), conv("small", stride=2), conv("large")),
        "Concatenate along C needs all other dimensions equal",
        num_fixes=0,
    ),
    "concatenate along a missing axis": Broken(
        Code.SHAPE_MISMATCH,
        two_paths(node("Concatenate", "join", axis="T"), conv("one"), conv("other")),
        "Concatenate along T",
        num_fixes=0,
    ),
    "classifier that gives images": Broken(
        Code.SHAPE_MISMATCH,
        with_node(conv("conv")),
        "A classifier gives (B, F=10)",
        binding=Binding(num_classes=10),
    ),
    "unknown type": Broken(
        Code.UNKNOWN_TYPE, with_node(node("Conv9d", "strange")), "no layer type 'Conv9d'"
    ),
    "block port on the top level": Broken(
        Code.UNKNOWN_TYPE,
        chain(IMAGE, OUTPUT, node("BlockOutput", "port")),
        "has no meaning on the top level",
    ),
    "image input in a block": Broken(
        Code.UNKNOWN_TYPE,
        document({"a": IMAGE, "b": OUTPUT}, {"e": edge("a", "b")}, {"blk": block("B", "p", IMAGE)}),
        "belongs to the top level",
        scope="blk",
    ),
    "name that is code": Broken(
        Code.INVALID_NAME, with_node(node("ReLU", "x = __import__('os')")), "cannot be a name"
    ),
    "name of torch": Broken(
        Code.INVALID_NAME, with_node(node("ReLU", "forward")), "already means something in PyTorch"
    ),
    "name used twice": Broken(
        Code.DUPLICATE_NAME, with_node(RELU, RELU), "Two nodes here are called relu"
    ),
    "port of a block with a bad name": Broken(
        Code.INVALID_NAME,
        document(
            {"img": IMAGE, "ins": instance("blk", "use"), "out": OUTPUT},
            {"e1": edge("img", "ins", "lambda"), "e2": edge("ins", "out")},
            {
                "blk": block("B", "p", RELU).model_copy(
                    update={
                        "nodes": {
                            "p0": node("BlockInput", "lambda"),
                            "p1": RELU,
                            "p2": node("BlockOutput", "output"),
                        }
                    }
                )
            },
        ),
        "is a word of Python itself",
        scope="blk",
    ),
    "unknown parameter": Broken(
        Code.UNKNOWN_PARAM,
        with_node(node("ReLU", "relu", inplace=True)),
        "ReLU has no parameter 'inplace'; it is ignored.",
        severity="warning",
    ),
    "unknown override": Broken(
        Code.UNKNOWN_PARAM,
        document(
            {"img": IMAGE, "ins": instance("blk", "use", overrides={"depth": 3}), "out": OUTPUT},
            {"e1": edge("img", "ins"), "e2": edge("ins", "out")},
            {"blk": CONV_5},
        ),
        "Block Widen has no parameter 'depth'",
        severity="warning",
    ),
    "exposed parameter of a layer that is gone": Broken(
        Code.UNKNOWN_PARAM,
        _offering("gone", "out_channels"),
        "filters of block Offer is to set 'out_channels' of a layer that is not in it",
        severity="warning",
        scope="blk",
        is_from_outside=True,
    ),
    "exposed parameter that its layer does not have": Broken(
        Code.UNKNOWN_PARAM,
        _offering("p2", "out_channels"),
        "filters of block Offer is to set 'out_channels' of bend, which has no such parameter",
        severity="warning",
        scope="blk",
    ),
    "parameter out of range": Broken(
        Code.INVALID_PARAM,
        with_node(conv("conv", out_channels=-3)),
        "Filters must be a whole number from 1",
        num_fixes=2,
    ),
    "parameters that do not fit together": Broken(
        Code.INVALID_PARAM,
        chain(node("ImageInput", "image", mean=[0.1, 0.2]), OUTPUT),
        "mean has 2 values",
    ),
    "override out of range": Broken(
        Code.INVALID_PARAM,
        document(
            {"img": IMAGE, "ins": instance("blk", "use", overrides={"filters": 0}), "out": OUTPUT},
            {"e1": edge("img", "ins"), "e2": edge("ins", "out")},
            {"blk": block("Widen", "p", conv("conv"), filters=("p1", "out_channels"))},
        ),
        "filters: Filters must be",
    ),
    "edge to nowhere": Broken(
        Code.DANGLING_EDGE,
        chain(IMAGE, OUTPUT).model_copy(
            update={
                "graph": chain(IMAGE, OUTPUT).graph.model_copy(
                    update={"edges": {"e0": edge("n0", "n1"), "e1": edge("n0", "gone")}}
                )
            }
        ),
        "A connection of image ends at a node that does not exist",
        is_from_outside=True,
    ),
    "edge to an unknown port": Broken(
        Code.UNKNOWN_PORT,
        document({"a": IMAGE, "b": OUTPUT}, {"e": edge("a", "b"), "f": edge("a", "b", "other")}),
        "output has no input port other. It has input.",
    ),
    "two edges to one port": Broken(
        Code.PORT_TAKEN,
        document({"a": IMAGE, "b": OUTPUT}, {"e": edge("a", "b"), "f": edge("a", "b")}),
        "Port input of output has several connections",
        is_from_outside=True,
    ),
    "open input": Broken(
        Code.UNCONNECTED_INPUT,
        document({"a": IMAGE, "b": RELU, "c": OUTPUT}, {"e": edge("b", "c")}),
        "The input of relu is not connected.",
    ),
    "open input and nothing to feed it": Broken(
        Code.UNCONNECTED_INPUT,
        document({"a": IMAGE, "b": RELU, "c": OUTPUT}, {"e": edge("a", "c")}),
        "The input of relu is not connected.",
        num_fixes=0,
    ),
    "data without classes": Broken(
        Code.CLASS_COUNT_MISMATCH,
        with_node(node("Flatten", "flatten"), node("Linear", "linear", out_features=10)),
        "The data has no classes yet.",
        Binding(class_names=[]),
        severity="warning",
        num_fixes=0,
    ),
    "open port of add": Broken(
        Code.UNCONNECTED_INPUT,
        document(
            {"a": IMAGE, "b": node("Add", "total", num_inputs=3), "c": OUTPUT},
            {"e": edge("a", "b", "input_1"), "f": edge("a", "b", "input_2"), "g": edge("b", "c")},
        ),
        "Port input_3 of total is not connected.",
    ),
    "unused layer": Broken(
        Code.UNUSED_OUTPUT,
        document({"a": IMAGE, "b": RELU, "c": OUTPUT}, {"e": edge("a", "b"), "f": edge("a", "c")}),
        "The output of relu is not used.",
        severity="warning",
        num_fixes=0,
    ),
    "cycle": Broken(
        Code.CYCLE,
        document(
            {"a": IMAGE, "b": ADD, "c": RELU, "d": OUTPUT},
            {
                "e": edge("a", "b", "input_1"),
                "f": edge("b", "c"),
                "g": edge("c", "b", "input_2"),
                "h": edge("c", "d"),
            },
        ),
        "in a circle: total → relu → total",
    ),
    "nothing enters": Broken(
        Code.NO_INPUT, chain(RELU, OUTPUT), "The network has no input", num_fixes=0
    ),
    "nothing leaves": Broken(Code.NO_OUTPUT, chain(IMAGE, RELU), "The network has no output"),
    "missing block": Broken(
        Code.UNKNOWN_BLOCK,
        with_node(instance("gone", "use")),
        "a block that is not in this network",
        is_from_outside=True,
    ),
    "block that contains itself": Broken(
        Code.RECURSIVE_BLOCK,
        document(
            {"a": IMAGE, "b": OUTPUT},
            {"e": edge("a", "b")},
            {"blk": block("Loop", "p", instance("blk", "again"))},
        ),
        "Block Loop contains itself through again",
        scope="blk",
    ),
    "repeat that changes the shape": Broken(
        Code.REPEAT_MISMATCH,
        document(
            {"img": IMAGE, "ins": instance("blk", "use", repeat=3), "out": OUTPUT},
            {"e1": edge("img", "ins"), "e2": edge("ins", "out")},
            {"blk": CONV_5},
        ),
        "receives (B, C=64, H=7, W=7) but gives (B, C=5, H=7, W=7)",
    ),
    "too many parameters": Broken(
        Code.LIMIT_EXCEEDED,
        chain(
            node("FeatureInput", "features", num_features=1_000_000),
            node("Linear", "linear", out_features=1_000_000),
            OUTPUT,
        ),
        "The weight of linear would have 1,000,000,000,000 numbers",
        num_fixes=0,
    ),
    "too many classes": Broken(
        Code.CLASS_COUNT_MISMATCH,
        chain(
            node("ImageInput", "image", channels=1, height=28, width=28),
            node("Flatten", "flatten"),
            node("Linear", "classifier", out_features=3),
            node("Dropout", "dropout"),
            OUTPUT,
        ),
        "The data has 10 classes but the network gives 3 logits.",
        binding=DIGITS,
    ),
    "too many classes from a convolution": Broken(
        Code.CLASS_COUNT_MISMATCH,
        with_node(
            conv("conv", out_channels=3),
            node("AdaptiveAvgPool2d", "pool"),
            node("Flatten", "flatten"),
        ),
        "gives 3 logits",
        binding=Binding(num_classes=10),
    ),
    "too many classes without a layer that decides": Broken(
        Code.CLASS_COUNT_MISMATCH,
        with_node(node("Flatten", "flatten")),
        "gives 3136 logits",
        binding=Binding(num_classes=10),
    ),
    "images much larger than the input": Broken(
        Code.INPUT_SHAPE_MISMATCH,
        chain(node("ImageInput", "image"), OUTPUT),
        "Most images are H 375 × W 500",
        binding=Binding(typical_size=(375, 500)),
        severity="info",
        num_fixes=0,
    ),
    "grey images for a network in colour": Broken(
        Code.INPUT_SHAPE_MISMATCH,
        chain(node("ImageInput", "image", height=28, width=28, mean=[0.1, 0.2, 0.3]), OUTPUT),
        "The images are grey (1 channel) but the input makes 3.",
        binding=Binding(channels=1),
        severity="warning",
    ),
    "images of another size": Broken(
        Code.INPUT_SHAPE_MISMATCH,
        chain(node("ImageInput", "image"), OUTPUT),
        "Most images are H 28 × W 30; they are resized to H 32 × W 32.",
        binding=Binding(typical_size=(28, 30)),
        severity="info",
    ),
    "softmax before the loss": Broken(
        Code.SOFTMAX_BEFORE_LOSS,
        chain(
            node("FeatureInput", "features"),
            node("Linear", "linear"),
            node("Softmax", "softmax"),
            OUTPUT,
        ),
        "cross-entropy works on logits",
        severity="warning",
    ),
}
