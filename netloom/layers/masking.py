"""What in a sequence is padding, and what its other positions share.

Legend: B batch, T time, F features.
"""

from __future__ import annotations

from typing import Literal

from netloom.layers.base import INPUT, Constructor, Inference, Inputs, LayerType, Port, ShapeProblem
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach, whole
from netloom.layers.sequence import expect_sequence, index_problem, mask_problem, tokens_problem
from netloom.layers.sequence_input import MAX_VOCABULARY
from netloom.layers.shapes import BATCH, elements_per_sample, mask_shape


class PaddingMaskParams(LayerParams):
    """Which token fills up."""

    padding_index: int = param(
        0,
        "Padding index",
        "The token that fills sequences up to one length.",
        minimum=0,
        maximum=MAX_VOCABULARY - 1,
        on_card=True,
    )


class PaddingMask(FunctionLayer[PaddingMaskParams]):
    type_name = "PaddingMask"
    name_stem = "padding"
    title = "Padding mask"
    category = "Embedding"
    summary = "Says of every token whether it only fills the sequence up."
    docs = (
        "Gives (B, mask T), true where the token is the padding index. Connect it to the mask port "
        "of attention, transformer and recurrent layers, Class token, Take step or Masked pooling, "
        "beside the "
        "Embedding of the same tokens; each has a parameter that shows the port. True means "
        "“ignore”, as in torch's key_padding_mask."
    )
    aliases = ("key_padding_mask", "attention mask", "pad token", "mask_zero", "Masking")
    icon = "mask"
    inputs = (Port("input", "Tokens", takes_integers=True),)
    has_weights = False
    keeps_for_backward = "nothing"
    Params = PaddingMaskParams

    def infer(self, params: PaddingMaskParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := tokens_problem(self.title, shape) or index_problem(
            params.padding_index, shape
        ):
            return problem
        return Inference({"output": mask_shape(shape[1].size)})

    def reach(self, params: PaddingMaskParams, inputs: Inputs) -> Reach:
        return SAME_POSITION

    def function_call(self, params: PaddingMaskParams, inputs: Inputs) -> FunctionCall:
        return FunctionCall("eq", (params.padding_index,))


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


LAYERS = (PaddingMask(), MaskedPool())
