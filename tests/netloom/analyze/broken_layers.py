"""Networks broken at one layer: axes in another order, indices, sizes that leave a remainder."""

from __future__ import annotations

from netloom.graph.diagnostics import DiagnosticCode as Code
from tests.netloom.analyze.broken import OUTPUT, Broken
from tests.netloom.graph.build import chain, document, edge, node

IMAGE = node("ImageInput", "image", height=8, width=12, channels=6)
SIGNAL = node("SignalInput", "signal", channels=4)
SHAPE = Code.SHAPE_MISMATCH


def image_into(type_name: str, words: str, num_fixes: int = 1, **params: object) -> Broken:
    layer = node(type_name, "layer", **params)  # type: ignore[arg-type]
    return Broken(SHAPE, chain(IMAGE, layer, OUTPUT), words, num_fixes=num_fixes)


def pooled_twice(second: str) -> Broken:
    """The indices of a pooling arrive at a layer that computes with numbers."""
    nodes = {
        "i": IMAGE,
        "p": node("MaxPool2d", "pool", return_indices=True),
        "x": node(second, "next"),
        "o": OUTPUT,
        "n": node("Output", "numbers"),
    }
    edges = {
        "e1": edge("i", "p"),
        "e2": edge("p", "x", source_port="indices"),
        "e3": edge("x", "o"),
        "e4": edge("p", "n"),
    }
    words = f"{second} computes with numbers but receives indices, (B, index C=6"
    return Broken(SHAPE, document(nodes, edges), words, num_fixes=0)


def two_inputs(type_name: str, first: str, second: str, words: str, **params: object) -> Broken:
    nodes = {
        "i": IMAGE,
        "k": node("Conv2d", "conv", out_channels=6, stride=2),
        "x": node(type_name, "layer", **params),  # type: ignore[arg-type]
        "o": OUTPUT,
    }
    edges = {
        "e1": edge("i", "k"),
        "e2": edge("i", "x", first),
        "e3": edge("k", "x", second),
        "e4": edge("x", "o"),
    }
    return Broken(SHAPE, document(nodes, edges), words, num_fixes=0)


def unpooled_by_another_window() -> Broken:
    nodes = {
        "i": IMAGE,
        "p": node("MaxPool2d", "pool", return_indices=True),
        "x": node("MaxUnpool2d", "unpool", kernel_size=4),
        "o": OUTPUT,
    }
    edges = {
        "e1": edge("i", "p"),
        "e2": edge("p", "x"),
        "e3": edge("p", "x", "indices", "indices"),
        "e4": edge("x", "o"),
    }
    words = "Give it the kernel, stride and padding of the pooling"
    return Broken(SHAPE, document(nodes, edges), words, num_fixes=0)


GROWING = [node("Upsample", f"up_{index}", scale_factor=65_536) for index in range(4)]

BROKEN_LAYERS: dict[str, Broken] = {
    "sequence into a convolution": Broken(
        SHAPE,
        chain(node("SequenceInput", "steps"), node("Conv1d", "conv"), OUTPUT),
        "Conv1d needs (B, C, T) but receives (B, T, F=",
    ),
    "signal into LayerNorm": Broken(
        SHAPE,
        chain(SIGNAL, node("LayerNorm", "norm"), OUTPUT),
        "LayerNorm needs its features last but receives (B, C=4, T).",
    ),
    "partial windows of any length": Broken(
        SHAPE,
        chain(SIGNAL, node("AvgPool1d", "pool", stride=3, ceil_mode=True), OUTPUT),
        "cannot keep partial windows of a length that depends on the data",
    ),
    "indices as numbers": pooled_twice("ReLU"),
    "numbers as indices": two_inputs(
        "MaxUnpool2d", "input", "indices", "needs the indices that a pooling gave"
    ),
    "unpooling by another window": unpooled_by_another_window(),
    "output padding": image_into(
        "ConvTranspose2d", "Output padding 2 × 2 must be smaller", output_padding=2
    ),
    "groups of channels": image_into("GroupNorm", "4 groups must divide the 6", num_groups=4),
    "odd gate": Broken(
        SHAPE,
        chain(node("FeatureInput", "row", num_features=7), node("GLU", "glu"), OUTPUT),
        "GLU halves F, which must be even",
        num_fixes=0,
    ),
    "reshape": image_into("Reshape", "does not fit the 576 numbers", shape="C=7, H=?"),
    "permute": image_into("Permute", "The order must name each axis", order=[0, 2, 1]),
    "squeeze": image_into("Squeeze", "Squeeze needs H of size 1", 0, axis="H"),
    "slice of nothing": image_into("Slice", "Nothing certain is left", start=6),
    "slice of another axis": image_into("Slice", "Slice cuts T but receives", 3, axis="T"),
    "crop": image_into("Crop2d", "needs at least that much", height=20),
    "pad": image_into("Pad", "has 4 sides", padding=[1, 2, 3]),
    "mirrored too far": image_into(
        "Conv2d", "Mode reflect cannot add 9", padding=9, padding_mode="reflect"
    ),
    "wrapped too far": image_into(
        "Conv2d",
        "Mode circular cannot add 13",
        kernel_size=3,
        padding=[1, 13],
        padding_mode="circular",
    ),
    "taps too far apart": Broken(
        Code.SHAPE_TOO_SMALL,
        chain(IMAGE, node("MaxPool2d", "pool", dilation=9), OUTPUT),
        "MaxPool2d spans 10 × 10",
    ),
    "taps beside the image": Broken(
        Code.SHAPE_TOO_SMALL,
        chain(IMAGE, node("MaxPool2d", "pool", padding=1, dilation=9), OUTPUT),
        "some windows would hold only padding",
    ),
    "pad too far": image_into("Pad", "Mode reflect cannot add 9", padding=9, mode="reflect"),
    "cubic volumes": Broken(
        SHAPE,
        chain(node("VolumeInput", "scan"), node("Upsample", "up", mode="cubic"), OUTPUT),
        "Cubic resizing works on images",
    ),
    "pixel shuffle": image_into("PixelShuffle", "needs channels that 4 divides, such as 8", 0),
    "mean of what is not there": image_into("Mean", "needs axes of (B, C=6", axes="F"),
    "rank": Broken(
        SHAPE,
        chain(node("FeatureInput", "row", num_features=4), node("LowRankLinear", "low"), OUTPUT),
        "A rank of 8 is more than the 4 inputs",
    ),
    "stack": two_inputs("Stack", "input_1", "input_2", "of one shape but receives"),
    "gate": two_inputs("Gate", "input", "gate", "Gate needs a gate like its input"),
    "matrices": two_inputs("MatMul", "input_1", "input_2", "must be as many as the rows"),
    "einsum": two_inputs("Einsum", "input_1", "input_2", "does not fit", pattern="bchw,bchw->bc"),
    "rearrange": image_into("Rearrange", "splits that come out even", 0, sizes="p=5, q=5"),
    "placeholder": Broken(
        Code.PLACEHOLDER,
        chain(IMAGE, node("Placeholder", "lost", op="NonMaxSuppression", domain="ai.onnx"), OUTPUT),
        "lost stands for NonMaxSuppression of ai.onnx, which Netloom cannot compute",
    ),
    "larger than anything": Broken(
        Code.LIMIT_EXCEEDED, chain(IMAGE, *GROWING, OUTPUT), "numbers along H.", num_fixes=0
    ),
}
