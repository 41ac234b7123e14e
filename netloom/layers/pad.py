"""Borders around signals, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, SetParams, ShapeProblem
from netloom.layers.borders import border_problem
from netloom.layers.expect import expect_axes, fixed_size
from netloom.layers.params import MAX_KERNEL, FormKind, LayerParams, as_ints, param
from netloom.layers.reach import Reach, Slide, whole
from netloom.layers.shapes import named_shape_text
from netloom.layers.sliding import DIRECTIONS, sizes_of, slid

Borders = Annotated[
    Annotated[
        tuple[Annotated[int, Field(ge=0, le=MAX_KERNEL)], ...], Field(min_length=1, max_length=6)
    ],
    BeforeValidator(as_ints),
    FormKind("int_list", 0, MAX_KERNEL),
]


class PadParams(LayerParams):
    """How much is added where, and what."""

    padding: Borders = param(
        (1,),
        "Padding",
        "One number for all sides, or left, right, top, bottom (front, back).",
        on_card=True,
    )
    mode: Literal["constant", "reflect", "replicate", "circular"] = param(
        "constant", "Mode", "What the border is filled with.", on_card=True
    )
    value: float = param(
        0.0,
        "Value",
        "What a constant border holds.",
        minimum=-1_000_000_000,
        maximum=1_000_000_000,
        is_advanced=True,
    )


_PAD_CLASSES = {
    "constant": "ConstantPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


class Pad(LayerType[PadParams]):
    type_name = "Pad"
    name_stem = "pad"
    title = "Pad"
    category = "Shape"
    summary = "Puts a border around a signal, an image or a volume."
    docs = (
        "The border holds one value, the mirrored inside (reflect), the outermost numbers "
        "(replicate) or those of the other side (circular)."
    )
    aliases = ("padding", "border", "zero padding", "ZeroPadding2D", "ReflectionPad2d", "margin")
    icon = "border-outer"
    Params = PadParams

    def infer(self, params: PadParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        orders = tuple(f"BC{axes}" for axes in DIRECTIONS.values())
        if problem := expect_axes(self.title, shape, orders):
            return problem
        count = len(shape) - 2
        borders = _borders(params.padding, count)
        if borders is None:
            return ShapeProblem(
                f"{named_shape_text(shape)} has {2 * count} sides: give one number for all, or "
                f"{2 * count}, not {len(params.padding)}.",
                port="input",
                param="padding",
                suggestions=(
                    SetParams(
                        f"Use {params.padding[0]} everywhere", {"padding": params.padding[0]}
                    ),
                ),
            )
        sizes = sizes_of(shape, count)
        problem = border_problem(params.mode, "mode", shape, sizes, borders)
        padded = [
            size + before + after for size, (before, after) in zip(sizes, borders, strict=True)
        ]
        return problem or Inference({"output": slid(fixed_size(shape, "C"), padded)})

    def reach(self, params: PadParams, inputs: Inputs) -> Reach:
        count = len(inputs["input"]) - 2
        borders = _borders(params.padding, count) or [(0, 0)] * count
        if params.mode == "circular":
            return whole(DIRECTIONS[count])
        axes = DIRECTIONS[count]
        return Reach(
            {axis: Slide(padding=first) for axis, (first, _) in zip(axes, borders, strict=True)}
        )

    def constructor(self, params: PadParams, inputs: Inputs) -> Constructor:
        count = len(inputs["input"]) - 2
        name = f"nn.{_PAD_CLASSES[params.mode]}{count}d"
        padding = params.padding[0] if len(set(params.padding)) == 1 else params.padding
        return Constructor(
            name, (padding, params.value) if params.mode == "constant" else (padding,)
        )


def _borders(padding: Sequence[int], count: int) -> list[tuple[int, int]] | None:
    """Return (before, after) for each direction; torch counts from the last one."""
    if len(padding) == 1:
        return [(padding[0], padding[0])] * count
    if len(padding) != 2 * count:
        return None
    pairs = [(padding[index], padding[index + 1]) for index in range(0, len(padding), 2)]
    return pairs[::-1]


LAYERS = (Pad(),)
