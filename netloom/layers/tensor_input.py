"""A tensor of any shape as input, for networks of others that take none of the usual ones."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, Port
from netloom.layers.operators.layout import AXES
from netloom.layers.operators.naming import as_kind
from netloom.layers.params import MAX_SIZE, FormKind, LayerParams, as_ints, param
from netloom.layers.shapes import BATCH, Dim, Shape

InputSizes = Annotated[
    Annotated[
        tuple[Annotated[int, Field(ge=0, le=MAX_SIZE)], ...], Field(min_length=1, max_length=8)
    ],
    BeforeValidator(as_ints),
    FormKind("int_list", 0, MAX_SIZE),
]
_USUAL_AXES = {1: "N", 2: "BF", 3: "BTF", 4: "BCHW", 5: "BCDHW"}


class TensorInputParams(LayerParams):
    """What arrives."""

    shape: InputSizes = param(
        (0, 16),
        "Shape",
        "Its sizes. 0 stands for the batch; without a 0 the network takes just so many samples.",
        on_card=True,
    )
    axes: str = param(
        "",
        "Axes",
        "A letter for each size, such as BTF; empty takes the usual ones.",
        is_advanced=True,
    )
    kind: Literal["number", "integer", "boolean"] = param(
        "number", "Kind", "Numbers, whole numbers such as indices, or yes and no.", on_card=True
    )

    @model_validator(mode="after")
    def _letters_fit(self) -> Self:
        if self.shape.count(0) > 1:
            raise ValueError("one size at most is that of the batch, 0")
        letters = self.axes
        if letters and (
            len(letters) != len(self.shape)
            or len(set(letters)) < len(letters)
            or set(letters) - set(AXES)
        ):
            raise ValueError("axes needs a different letter for each size")
        if letters and 0 in self.shape and letters.find("B") != self.shape.index(0):
            raise ValueError("the batch, 0, is called B")
        return self


def input_shape(params: TensorInputParams) -> Shape:
    """Return the shape with names for its axes."""
    sizes = params.shape
    letters = params.axes or _USUAL_AXES.get(len(sizes)) or AXES
    if not params.axes and 0 in sizes:
        at = sizes.index(0)
        others = [letter for letter in letters if letter != "B"] + [*"NMKGPQR"]
        letters = "".join([*others[:at], "B", *others[at:]])
    return tuple(
        BATCH if size == 0 else Dim(letter, size)
        for letter, size in zip(letters, sizes, strict=False)
    )


class TensorInput(LayerType[TensorInputParams]):
    type_name = "TensorInput"
    name_stem = "tensor"
    title = "Tensor input"
    category = "Input and output"
    summary = "A tensor of any shape, as imported networks may take it."
    docs = (
        "For networks whose input is no image, sequence, signal, volume or row of a table, or "
        "that take a fixed number of samples. Values are used as they are."
    )
    aliases = ("array", "any shape", "state", "source", "data")
    icon = "box-multiple"
    role = "input"
    Params = TensorInputParams

    def input_ports(self, params: TensorInputParams) -> tuple[Port, ...]:
        return ()

    def infer(self, params: TensorInputParams, inputs: Inputs) -> Inference:
        return Inference({"output": as_kind(input_shape(params), params.kind)})

    def constructor(self, params: TensorInputParams, inputs: Inputs) -> Constructor:
        return Constructor("nn.Identity")


LAYERS = (TensorInput(),)
