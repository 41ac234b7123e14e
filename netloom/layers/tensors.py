"""Tensors that a network holds by itself: learned ones, and saved ones that never change."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, Port
from netloom.layers.operators.layout import AXES
from netloom.layers.operators.naming import as_kind
from netloom.layers.params import MAX_SIZE, FormKind, LayerParams, as_ints, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.shapes import Dim, Shape

TensorSizes = Annotated[
    Annotated[
        tuple[Annotated[int, Field(ge=1, le=MAX_SIZE)], ...], Field(min_length=1, max_length=8)
    ],
    BeforeValidator(as_ints),
    FormKind("int_list", 1, MAX_SIZE),
]
_USUAL_AXES = {1: "F", 2: "TF", 3: "CHW", 4: "CDHW"}
_USUAL_FOR_EVERY_SAMPLE = {2: "BF", 3: "BTF", 4: "BCHW", 5: "BCDHW"}


class TensorParams(LayerParams):
    """What the tensor is."""

    shape: TensorSizes = param(
        (1, 64),
        "Shape",
        "Its sizes. A first size of 1 stands for the batch: one value for all samples.",
        on_card=True,
    )
    axes: str = param(
        "",
        "Axes",
        "A letter for each size, such as BTF; empty takes the usual ones.",
        is_advanced=True,
    )

    @model_validator(mode="after")
    def _letters_fit(self) -> Self:
        letters = self.axes
        if letters and (
            len(letters) != len(self.shape)
            or len(set(letters)) < len(letters)
            or set(letters) - set(AXES)
        ):
            raise ValueError("axes needs a different letter for each size")
        if letters and "B" in letters and [*self.shape][letters.index("B")] != 1:
            raise ValueError("the batch, B, has size 1 here: one value for all samples")
        return self


def tensor_shape(params: TensorParams) -> Shape:
    """Return the shape with names for its axes."""
    sizes = list(params.shape)
    usual = _USUAL_FOR_EVERY_SAMPLE if sizes[0] == 1 and len(sizes) > 1 else _USUAL_AXES
    letters = params.axes or usual.get(len(sizes)) or ("B" if sizes[0] == 1 else "") + "CDHWTFNM"
    return tuple(Dim(letter, size) for letter, size in zip(letters, sizes, strict=False))


class Parameter(LayerType[TensorParams]):
    type_name = "Parameter"
    name_stem = "parameter"
    title = "Parameter"
    category = "Operators"
    summary = "A tensor of its own that the network learns."
    docs = (
        "Needs no input: connect it to an Add, a Multiply or an Operator. A first size of 1 "
        "stands for the batch. It starts with small random numbers."
    )
    aliases = ("learned tensor", "weight", "bias", "embedding", "nn.Parameter", "variable")
    icon = "adjustments"
    has_weights = True
    inputs: tuple[Port, ...] = ()  # pyright: ignore[reportIncompatibleVariableOverride]
    Params = TensorParams

    def infer(self, params: TensorParams, inputs: Inputs) -> Inference:
        return Inference({"output": tensor_shape(params)}, parameters={"weight": params.shape})

    def reach(self, params: TensorParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def constructor(self, params: TensorParams, inputs: Inputs) -> Constructor:
        return Constructor("LearnedTensor", ([*params.shape],))


class ConstantParams(TensorParams):
    """What the tensor is and holds."""

    kind: Literal["number", "integer", "boolean"] = param(
        "number", "Kind", "Numbers, whole numbers such as indices, or yes and no.", on_card=True
    )


class Constant(LayerType[ConstantParams]):
    type_name = "Constant"
    name_stem = "constant"
    title = "Constant"
    category = "Operators"
    summary = "A tensor of fixed values that is saved with the weights."
    docs = (
        "Needs no input. Its values come with the weights of an imported network; a new one holds "
        "zeros. Training never changes it."
    )
    aliases = ("buffer", "saved tensor", "values", "mask", "table", "register_buffer")
    icon = "hash"
    has_weights = False
    inputs: tuple[Port, ...] = ()  # pyright: ignore[reportIncompatibleVariableOverride]
    Params = ConstantParams

    def infer(self, params: ConstantParams, inputs: Inputs) -> Inference:
        shape = as_kind(tensor_shape(params), params.kind)
        return Inference({"output": shape}, buffers={"values": params.shape})

    def reach(self, params: ConstantParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def constructor(self, params: ConstantParams, inputs: Inputs) -> Constructor:
        kwargs = {} if params.kind == "number" else {"kind": params.kind}
        return Constructor("SavedTensor", ([*params.shape],), kwargs)


LAYERS = (Parameter(), Constant())
