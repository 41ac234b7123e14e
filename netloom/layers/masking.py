"""What in a sequence is padding."""

from __future__ import annotations

from netloom.layers.base import Inference, Inputs, Port, ShapeProblem
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import LayerParams, param
from netloom.layers.reach import SAME_POSITION, Reach
from netloom.layers.sequence import index_problem, tokens_problem
from netloom.layers.sequence_input import MAX_VOCABULARY
from netloom.layers.shapes import mask_shape


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


LAYERS = (PaddingMask(),)
