"""Layers that make one vector of a sequence: one of its positions, or what its positions share.

Legend: B batch, T time, F features.
"""

from __future__ import annotations

from typing import Literal

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import (
    INPUT,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import Reach, whole
from netloom.layers.sequence import (
    expect_sequence,
    length_of,
    mask_param,
    mask_problem,
    masked_port,
)
from netloom.layers.shapes import BATCH, elements_per_sample

MAX_STEP = 1_000_000


class TakeStepParams(LayerParams):
    """Which position."""

    step: int = param(
        -1,
        "Step",
        "Position to take: 0 is the first or a class token, −1 the last.",
        minimum=-MAX_STEP,
        maximum=MAX_STEP,
        on_card=True,
    )
    takes_padding_mask: bool = mask_param("only positions that are no padding count.")


class TakeStep(LayerType[TakeStepParams]):
    type_name = "TakeStep"
    name_stem = "step"
    title = "Take step"
    category = "Embedding"
    summary = "Takes the features of one position of a sequence, such as the last or a class token."
    docs = (
        "Turns (B, T, F) into (B, F). Negative steps count from the end. With sequences of "
        "different lengths only steps near the ends are sure to be there; of padded ones, a mask "
        "finds the last real step."
    )
    aliases = ("last step", "last time step", "class token", "select", "index", "pooling")
    icon = "arrow-bar-to-right"
    has_own_activation = False
    has_weights = False
    inputs = (INPUT, masked_port("takes_padding_mask"))
    Params = TakeStepParams

    def infer(self, params: TakeStepParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape) or mask_problem(shape, inputs):
            return problem
        length = length_of(shape)
        if length is not None and not -length <= params.step < length:
            return ShapeProblem(
                f"The sequence has {length} positions, so there is no step {params.step}.",
                code=DiagnosticCode.SHAPE_TOO_SMALL,
                port="input",
                param="step",
                suggestions=(SetParams("Take the last step", {"step": -1}),),
            )
        return Inference({"output": (BATCH, shape[2])})

    def constructor(self, params: TakeStepParams, inputs: Inputs) -> Constructor:
        target = "MaskedTakeStep" if params.takes_padding_mask else "TakeStep"
        return Constructor(target, (params.step,))


class MaskedPoolParams(LayerParams):
    """What is made of the positions."""

    mode: Literal["mean", "max"] = param(
        "mean", "Mode", "The mean of all positions, or the largest number.", on_card=True
    )


class MaskedPool(LayerType[MaskedPoolParams]):
    type_name = "MaskedPool"
    name_stem = "pool"
    title = "Masked pooling"
    category = "Pooling"
    summary = "Takes the mean or the maximum over the positions of a sequence that are no padding."
    docs = (
        "Turns (B, T, F) into (B, F); where the mask is true, nothing counts. A sequence of "
        "padding alone gives zeros. Without a mask, the layers Mean and Max do the same."
    )
    aliases = ("masked mean", "mean pooling", "sentence embedding", "GlobalAveragePooling1D")
    icon = "arrows-minimize"
    inputs = (INPUT, Port("padding_mask", "Padding mask", takes_mask=True))
    Params = MaskedPoolParams

    def infer(self, params: MaskedPoolParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape) or mask_problem(shape, inputs):
            return problem
        return Inference({"output": (BATCH, shape[2])}, flops=elements_per_sample(shape))

    def reach(self, params: MaskedPoolParams, inputs: Inputs) -> Reach:
        return whole("T")

    def constructor(self, params: MaskedPoolParams, inputs: Inputs) -> Constructor:
        return Constructor("MaskedPool", (params.mode,))


LAYERS = (TakeStep(), MaskedPool())
