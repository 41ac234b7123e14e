"""Named operations, and tensors that a network holds by itself."""

from __future__ import annotations

from netloom.layers.operators import arguments_text
from netloom.layers.shapes import (
    BATCH,
    Dim,
    Shape,
    feature_shape,
    image_shape,
    index_shape,
    sequence_shape,
)
from tests.netloom.layers.cases.table import Case, Cases, Given

IMAGE = image_shape(4, 6, 8)
SEQUENCE = sequence_shape(8)
FEATURES = feature_shape(6)
MASK = (BATCH, Dim("mask T", 8))
SCALE = (Dim("C", 4), Dim("H", 1), Dim("W", 1))
FLAT = feature_shape(8)
POOLED = index_shape(image_shape(4, 3, 4), image_shape(4, 6, 8))


def case(op: str, given: Given, **arguments: object) -> Case:
    """One use of an operator."""
    text = arguments_text(arguments)
    return Case(given, {"op": op, "arguments": text} if arguments else {"op": op})


def pair(one: Shape, other: Shape) -> Given:
    """What arrives at the two inputs of an operator."""
    return {"input_1": one, "input_2": other}


UNARY = (
    "abs", "neg", "exp", "expm1", "square", "erf", "sin", "cos", "tan", "atan", "sign", "floor",
    "ceil", "round", "identity", "reciprocal",
)  # fmt: skip
BETWEEN = ("add", "subtract", "multiply", "subtract_from")
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
REDUCTIONS = ("mean", "sum", "amax", "amin", "logsumexp", "norm", "var", "std")

OPERATOR_CASES = [
    *(case(op, IMAGE) for op in UNARY),
    *(case(op, SEQUENCE, other=2.5) for op in (*BETWEEN, "divide", "remainder")),
    *(case(op, pair(IMAGE, SCALE)) for op in (*BETWEEN, "divide")),
    case("pow", IMAGE),
    case("pow", FEATURES, exponent=3),
    case("clamp", IMAGE, min=-0.5, max=0.5),
    case("clamp", IMAGE, min=0),
    *(case(op, IMAGE, other=0) for op in COMPARISONS),
    case("greater", pair(FEATURES, FEATURES)),
    case("cast", POOLED),
    case("cast", IMAGE, to="integer"),
    *(case(op, IMAGE, dim=[2, 3]) for op in REDUCTIONS),
    *(case(op, IMAGE, dim=[-1], keepdim=True) for op in REDUCTIONS),
    case("mean", SEQUENCE, dim=[1]),
    case("norm", IMAGE, dim=[1], p=1),
    case("prod", IMAGE, dim=1),
    case("argmax", IMAGE, dim=1),
    case("argmin", IMAGE, dim=1, keepdim=True),
    *(case(op, IMAGE, dim=2) for op in ("softmax", "log_softmax", "cumsum", "cumprod")),
    case("softmax", SEQUENCE, dim=1),
    case("normalize", IMAGE),
    case("topk", IMAGE, k=3, dim=1),
    case("topk", FEATURES, k=2, largest=False),
    case("transpose", SEQUENCE, dim0=0, dim1=1),
    case("permute", IMAGE, dims=[0, 2, 3, 1]),
    case("permute", IMAGE, dims=[2, 0, 3, 1]),
    case("flip", IMAGE, dims=[1, 3]),
    case("reshape", IMAGE, shape=[-1, 2, 2, 24]),
    case("reshape", IMAGE, shape=[-1, 48]),
    case("flatten", IMAGE, start_dim=0, end_dim=1),
    case("squeeze", image_shape(4, 1, 8), dim=2),
    case("unsqueeze", IMAGE, dim=1),
    case("unsqueeze", SEQUENCE, dim=-1),
    case("expand", image_shape(4, 1, 8), shape=[-1, -1, 6, -1]),
    case("tile", IMAGE, dims=[1, 2, 1, 3]),
    case("roll", IMAGE, shifts=[-1, 2], dims=[2, 3]),
    case("pad", IMAGE, padding=[1, 0, 2, 3], value=1.5),
    case("pad", IMAGE, padding=[1, 2, 1, 1], mode="reflect"),
    case("pad", IMAGE, padding=[0, 0, 0, 0, 1, 2]),
    case("pad", IMAGE, padding=[-1, -2]),
    case("name_axes", SEQUENCE, axes="BCW"),
    case("stack", pair(IMAGE, IMAGE), dim=2),
    case("concatenate", pair(IMAGE, image_shape(4, 2, 8)), dim=2),
    case("slice", IMAGE, dim=2, start=1, stop=-1, step=2),
    case("slice", SEQUENCE, dim=1, start=3),
    case("select", IMAGE, dim=1, index=-1),
    case("split", IMAGE, sizes=[1, 3]),
    case("chunk", IMAGE, chunks=3, dim=3),
    case("unbind", IMAGE, count=4),
    case("matmul", pair(IMAGE, image_shape(4, 8, 5))),
    case("matmul", pair(SEQUENCE, (Dim("C", 8), Dim("F", 3)))),
    case(
        "scaled_dot_product_attention",
        {"query": IMAGE, "key": image_shape(4, 5, 8), "value": image_shape(4, 5, 3)},
    ),
    case(
        "scaled_dot_product_attention",
        {"query": IMAGE, "key": IMAGE, "value": IMAGE},
        is_causal=True,
        scale=0.5,
    ),
    case("einsum", pair(IMAGE, IMAGE), equation="bchw,bcdw->bchd"),
    case("einsum", SEQUENCE, equation="btf->bf"),
    case("where", {"condition": MASK, "input_1": FLAT, "input_2": FLAT}),
    case("masked_fill", {"input": FLAT, "mask": MASK}, value=-2.5),
    *(case(op, pair(MASK, MASK)) for op in ("logical_and", "logical_or", "logical_xor")),
    case("logical_not", MASK),
    case("index_select", {"input": IMAGE, "index": (Dim("index N", 5, 4),)}, dim=1),
    case("gather", {"input": image_shape(4, 64, 4), "index": POOLED}, dim=2),
    case("interpolate", IMAGE, size=[12, 5], mode="nearest-exact"),
    case("interpolate", IMAGE, size=[3, 4], mode="bilinear", antialias=True),
    case("interpolate", IMAGE, size=[3, 4], mode="area"),
]

CASES: Cases = {
    "Operator": OPERATOR_CASES,
    "Parameter": [
        Case({}, {}),
        Case({}, {"shape": [1, 3, 8]}),
        Case({}, {"shape": [4, 3], "axes": "NF"}),
    ],
    "Constant": [
        Case({}, {}),
        Case({}, {"shape": [1, 8], "kind": "integer"}),
        Case({}, {"shape": [3, 3], "kind": "boolean"}),
    ],
}
