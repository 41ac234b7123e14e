"""Layers that tell a sequence where each of its vectors stands.

Legend: B batch, T time, F features.
"""

from __future__ import annotations

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    SetParams,
    ShapeProblem,
)
from netloom.layers.expect import fixed_size
from netloom.layers.params import LayerParams, OptionalSize, param
from netloom.layers.sequence import expect_sequence, heads_problem, length_of
from netloom.layers.shapes import Shape, elements_per_sample
from netloom.layers.sizes import Size

DEFAULT_BASE = 10_000.0
MAX_HEADS = 4096
_DEFAULT_LENGTH = 512


class LearnedPositionsParams(LayerParams):
    """How many positions are known."""

    max_length: OptionalSize = param(
        None,
        "Longest sequence",
        "Positions that get a vector; empty takes the length of the sequence, where it is fixed.",
        on_card=True,
    )


class LearnedPositions(LayerType[LearnedPositionsParams]):
    type_name = "LearnedPositions"
    name_stem = "positions"
    title = "Learned positions"
    category = "Embedding"
    summary = "Adds a learned vector to every position of a sequence."
    docs = (
        "What stands in a place and the place itself are added up, so that attention can tell "
        "orders apart. Usual in vision transformers and BERT. The weight is called weight, one "
        "row per position."
    )
    aliases = ("positional embedding", "position embedding", "positionEmbeddingLayer", "vit")
    icon = "map-pin"
    inferred = {"num_features": "Features"}
    Params = LearnedPositionsParams

    def infer(self, params: LearnedPositionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape):
            return problem
        length = length_of(shape)
        known = params.max_length or length
        if known is None:
            fix = SetParams(f"Allow {_DEFAULT_LENGTH} positions", {"max_length": _DEFAULT_LENGTH})
            return ShapeProblem(
                "Sequences of varying length arrive, so the number of positions to learn has to "
                "be given.",
                port="input",
                param="max_length",
                suggestions=(fix,),
            )
        if length is not None and length > known:
            return ShapeProblem(
                f"The sequence has {length} positions but only {known} are learned.",
                code=DiagnosticCode.SHAPE_TOO_SMALL,
                port="input",
                param="max_length",
                suggestions=(SetParams(f"Learn {length} positions", {"max_length": length}),),
            )
        num_features = fixed_size(shape, "F")
        return Inference(
            {"output": shape},
            inferred={"num_features": num_features},
            parameters={"weight": (known, num_features)},
            flops=elements_per_sample(shape),
        )

    def constructor(self, params: LearnedPositionsParams, inputs: Inputs) -> Constructor:
        shape = inputs["input"]
        known = params.max_length or length_of(shape) or 1
        return Constructor("LearnedPositions", (known, fixed_size(shape, "F")))


class BaseParams(LayerParams):
    """The longest wave."""

    base: float = param(
        DEFAULT_BASE,
        "Base",
        "The slowest wave repeats after about 2π times as many positions.",
        minimum=1.0,
        maximum=1e9,
        is_advanced=True,
    )


class SinusoidalPositions(LayerType[BaseParams]):
    type_name = "SinusoidalPositions"
    name_stem = "positions"
    title = "Sinusoidal positions"
    category = "Embedding"
    summary = "Adds sine and cosine waves of many lengths to a sequence; nothing is learned."
    docs = (
        "Each pair of features gets a wave of its own length, so that every position has its own "
        "pattern and any length is possible (Vaswani et al., 2017)."
    )
    aliases = (
        "positional encoding", "position encoding", "sinusoidalPositionEncodingLayer",
        "transformer",
    )  # fmt: skip
    icon = "wave-sine"
    has_weights = False
    Params = BaseParams

    def infer(self, params: BaseParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape):
            return problem
        return Inference({"output": shape}, flops=elements_per_sample(shape))

    def constructor(self, params: BaseParams, inputs: Inputs) -> Constructor:
        return Constructor("SinusoidalPositions", (), _base(params.base))


class RotaryPositionsParams(BaseParams):
    """Heads and base."""

    num_heads: int = param(
        1,
        "Heads",
        "As many as the attention behind it has: each head is turned on its own.",
        minimum=1,
        maximum=MAX_HEADS,
        on_card=True,
    )


class RotaryPositions(LayerType[RotaryPositionsParams]):
    type_name = "RotaryPositions"
    name_stem = "rotary"
    title = "Rotary positions"
    category = "Embedding"
    summary = "Turns pairs of features by an angle that grows with the position."
    docs = (
        "Attention between turned queries and keys depends on their distance (Su et al., 2021). "
        "For queries and keys alone, switch on Rotary positions in an attention layer instead; "
        "this layer turns everything that passes."
    )
    aliases = ("rope", "positional embedding", "position encoding", "transformer")
    icon = "rotate-clockwise"
    has_weights = False
    Params = RotaryPositionsParams

    def infer(self, params: RotaryPositionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape):
            return problem
        if problem := heads_problem(
            self.title, fixed_size(shape, "F"), params.num_heads, needs_pairs=True
        ):
            return problem
        return Inference({"output": shape}, flops=rotary_flops(shape))

    def constructor(self, params: RotaryPositionsParams, inputs: Inputs) -> Constructor:
        kwargs = _base(params.base)
        if params.num_heads != 1:
            kwargs = {"num_heads": params.num_heads, **kwargs}
        return Constructor("RotaryPositions", (), kwargs)


def rotary_flops(shape: Shape) -> Size:
    """Return what turning a sequence costs: two products and a sum for every number."""
    return elements_per_sample(shape) * 3


def _base(base: float) -> dict[str, Argument]:
    return {} if base == DEFAULT_BASE else {"base": base}


LAYERS = (LearnedPositions(), SinusoidalPositions(), RotaryPositions())
