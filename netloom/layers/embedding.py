"""Layers that make sequences: from tokens and from images, and one vector out of a sequence.

Legend: B batch, C channels, H height, W width, T time, F features.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import (
    INPUT,
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import MAX_SIZE, FormKind, LayerParams, PositivePair, param
from netloom.layers.reach import Reach, Slide
from netloom.layers.sequence import (
    expect_sequence,
    index_problem,
    length_of,
    mask_param,
    mask_problem,
    masked_port,
    time_of,
    tokens_problem,
)
from netloom.layers.sequence_input import MAX_VOCABULARY
from netloom.layers.shapes import (
    BATCH,
    Dim,
    Shape,
    elements_per_sample,
    mask_shape,
    sequence_shape,
)

MAX_STEP = 1_000_000
OptionalToken = Annotated[
    Annotated[int, Field(ge=0, lt=MAX_VOCABULARY)] | None, FormKind("int", 0, MAX_VOCABULARY - 1)
]


class EmbeddingParams(LayerParams):
    """A table with one row for each token."""

    num_features: int = param(
        128,
        "Features",
        "Length of the vector each token becomes.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    padding_index: OptionalToken = param(
        None,
        "Padding index",
        "The token that fills sequences up: its vector starts as zeros and does not learn. Empty "
        "means that there is none.",
        is_advanced=True,
    )


class Embedding(LayerType[EmbeddingParams]):
    type_name = "Embedding"
    name_stem = "embedding"
    title = "Embedding"
    category = "Embedding"
    summary = "Gives every token a learned vector."
    docs = (
        "Turns tokens (B, T) into a sequence (B, T, F) by looking each up in a table. The size of "
        "the vocabulary is taken from the Token input."
    )
    aliases = ("word embedding", "lookup", "wordEmbeddingLayer", "vectors", "text")
    icon = "table"
    inputs = (Port("input", "Tokens", takes_integers=True),)
    inferred = {"num_embeddings": "Vocabulary"}
    Params = EmbeddingParams

    def infer(self, params: EmbeddingParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := tokens_problem(self.title, shape) or index_problem(
            params.padding_index or 0, shape
        ):
            return problem
        vocabulary = shape[-1].vocabulary or 1
        return Inference(
            {"output": (BATCH, time_of(shape), Dim("F", params.num_features))},
            inferred={"num_embeddings": vocabulary},
            parameters={"weight": (vocabulary, params.num_features)},
        )

    def constructor(self, params: EmbeddingParams, inputs: Inputs) -> Constructor:
        vocabulary = inputs["input"][-1].vocabulary or 1
        kwargs: dict[str, Argument] = {}
        if params.padding_index is not None:
            kwargs["padding_idx"] = params.padding_index
        return Constructor("nn.Embedding", (vocabulary, params.num_features), kwargs)


class PatchEmbeddingParams(LayerParams):
    """How an image is cut."""

    patch_size: PositivePair = param(
        (4, 4), "Patch size", "Height and width of a patch.", unit="px", on_card=True
    )
    num_features: int = param(
        128,
        "Features",
        "Length of the vector each patch becomes.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )


class PatchEmbedding(LayerType[PatchEmbeddingParams]):
    type_name = "PatchEmbedding"
    name_stem = "patches"
    title = "Patch embedding"
    category = "Embedding"
    summary = "Cuts an image into patches and makes a sequence of them."
    docs = (
        "A convolution whose stride is its kernel gives each patch a vector; they follow row by "
        "row, so (B, C, H, W) becomes (B, T, F). The first layer of a vision transformer "
        "(Dosovitskiy et al., 2020). Its weights are called projection.weight and "
        "projection.bias."
    )
    aliases = ("patchify", "vit", "vision transformer", "image tokens", "patchEmbeddingLayer")
    icon = "grid-dots"
    inferred = {"in_channels": "Input channels"}
    Params = PatchEmbeddingParams

    def infer(self, params: PatchEmbeddingParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels, height, width = (fixed_size(shape, axis) for axis in "CHW")
        patch_height, patch_width = params.patch_size
        if height % patch_height or width % patch_width:
            return self._patch_problem(params, height, width)
        num_patches = (height // patch_height) * (width // patch_width)
        output = sequence_shape(params.num_features, num_patches)
        taps = channels * patch_height * patch_width
        return Inference(
            {"output": output},
            inferred={"in_channels": channels},
            parameters={
                "projection.weight": (params.num_features, channels, patch_height, patch_width),
                "projection.bias": (params.num_features,),
            },
            flops=elements_per_sample(output) * (2 * taps + 1),
            macs=elements_per_sample(output) * taps,
        )

    def reach(self, params: PatchEmbeddingParams, inputs: Inputs) -> Reach:
        steps = {
            axis: Slide(size, size) for axis, size in zip("HW", params.patch_size, strict=True)
        }
        return Reach(steps, laid_out={"H": "T", "W": "T"})

    def _patch_problem(self, params: PatchEmbeddingParams, height: int, width: int) -> ShapeProblem:
        nearest = (_divisor(height, params.patch_size[0]), _divisor(width, params.patch_size[1]))
        fix = SetParams(f"Use patches of {nearest[0]} × {nearest[1]}", {"patch_size": [*nearest]})
        return ShapeProblem(
            f"Patches of {params.patch_size[0]} × {params.patch_size[1]} do not fill an image of "
            f"H {height} × W {width}.",
            code=DiagnosticCode.SHAPE_TOO_SMALL
            if params.patch_size[0] > height or params.patch_size[1] > width
            else DiagnosticCode.SHAPE_MISMATCH,
            port="input",
            param="patch_size",
            suggestions=(fix,),
        )

    def constructor(self, params: PatchEmbeddingParams, inputs: Inputs) -> Constructor:
        channels = fixed_size(inputs["input"], "C")
        kwargs: dict[str, Argument] = {"patch_size": params.patch_size}
        return Constructor("PatchEmbedding", (channels, params.num_features), kwargs)


def _divisor(size: int, wanted: int) -> int:
    """Return the divisor of a size that is nearest to what was wanted, not above it."""
    return next(patch for patch in range(min(size, wanted), 0, -1) if size % patch == 0)


class ClassTokenParams(LayerParams):
    """Whether the sequence is padded."""

    takes_padding_mask: bool = mask_param("it comes out longer too, for the layers behind.")


class ClassToken(LayerType[ClassTokenParams]):
    type_name = "ClassToken"
    name_stem = "class_token"
    title = "Class token"
    category = "Embedding"
    summary = "Puts a learned vector in front of a sequence, to gather what is to be classified."
    docs = (
        "The sequence becomes one position longer. After the transformer, Take step 0 gives that "
        "vector to the classifier (Devlin et al., 2018). The weight is called token."
    )
    aliases = ("cls token", "prepend", "vit", "bert", "embeddingConcatenationLayer")
    icon = "plus"
    inputs = (INPUT, masked_port("takes_padding_mask"))
    outputs = (OUTPUT, masked_port("takes_padding_mask"))
    inferred = {"num_features": "Features"}
    Params = ClassTokenParams

    def infer(self, params: ClassTokenParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape) or mask_problem(shape, inputs):
            return problem
        num_features, length = fixed_size(shape, "F"), shape[1].size + 1
        outputs: dict[str, Shape] = {"output": (BATCH, Dim("T", length), shape[2])}
        if params.takes_padding_mask:
            outputs["padding_mask"] = mask_shape(length)
        return Inference(
            outputs,
            inferred={"num_features": num_features},
            parameters={"token": (num_features,)},
        )

    def reach(self, params: ClassTokenParams, inputs: Inputs) -> Reach:
        return Reach({"T": Slide(padding=1)})

    def constructor(self, params: ClassTokenParams, inputs: Inputs) -> Constructor:
        target = "MaskedClassToken" if params.takes_padding_mask else "ClassToken"
        return Constructor(target, (fixed_size(inputs["input"], "F"),))


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


LAYERS = (Embedding(), PatchEmbedding(), ClassToken(), TakeStep())
