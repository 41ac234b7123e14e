"""Attention: every position of a sequence looks at others and takes from them what it needs.

Legend: B batch, T time, F features.
"""

from __future__ import annotations

from collections.abc import Mapping

from netloom.layers.base import (
    INPUT,
    OUTPUT,
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.expect import fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.positions import MAX_HEADS, rotary_flops
from netloom.layers.sequence import (
    expect_sequence,
    heads_problem,
    mask_param,
    mask_problem,
    masked_port,
)
from netloom.layers.shapes import Shape, elements_per_sample
from netloom.layers.sizes import Size

ParameterShapes = Mapping[str, tuple[int, ...]]
MEMORY_MASK = masked_port("takes_memory_mask", "memory_mask", "Mask of the memory")


class AttentionParams(LayerParams):
    """Heads and what is dropped."""

    num_heads: int = param(
        4,
        "Heads",
        "The features are split among heads, each with an attention of its own.",
        minimum=1,
        maximum=MAX_HEADS,
        on_card=True,
    )
    dropout: float = param(
        0.0,
        "Dropout",
        "Share of attention weights set to zero in training.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    bias: bool = param(
        True, "Bias", "Adds learned numbers to queries, keys, values and output.", is_advanced=True
    )


class CrossAttentionParams(AttentionParams):
    """As every attention, and what of the memory may be seen."""

    takes_memory_mask: bool = mask_param(
        "nobody looks at positions of the memory that are padding.", title="Mask of the memory"
    )


class SelfAttentionParams(AttentionParams):
    """As every attention, and what a sequence may see of itself."""

    takes_padding_mask: bool = mask_param("nobody looks at positions that are padding.")
    is_causal: bool = param(
        False,
        "Causal",
        "Positions see only themselves and earlier ones, as when a text is written.",
        on_card=True,
    )
    is_rotary: bool = param(
        False,
        "Rotary positions",
        "Turns queries and keys by their position, so that attention depends on distances.",
        is_advanced=True,
    )


class SelfAttention(LayerType[SelfAttentionParams]):
    type_name = "SelfAttention"
    name_stem = "attention"
    title = "Self-attention"
    category = "Attention"
    summary = "Every position of a sequence gathers what it needs from the others."
    docs = (
        "Multi-head scaled dot-product attention (Vaswani et al., 2017) on (B, T, F). Without "
        "positions added before it, or Rotary positions, it does not know the order. Weights are "
        "called as in torch's nn.MultiheadAttention: in_proj_weight, in_proj_bias, "
        "out_proj.weight, out_proj.bias."
    )
    aliases = (
        "multi-head attention", "MultiheadAttention", "mha", "selfAttentionLayer", "causal",
        "masked", "transformer",
    )  # fmt: skip
    icon = "affiliate"
    inputs = (INPUT, masked_port("takes_padding_mask"))
    inferred = {"num_features": "Features"}
    Params = SelfAttentionParams

    def infer(self, params: SelfAttentionParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_sequence(self.title, shape) or mask_problem(shape, inputs):
            return problem
        num_features = fixed_size(shape, "F")
        if problem := heads_problem(
            self.title, num_features, params.num_heads, needs_pairs=params.is_rotary
        ):
            return problem
        turning = rotary_flops(shape) * 2 if params.is_rotary else 0
        return Inference(
            {"output": shape},
            inferred={"num_features": num_features},
            parameters=attention_parameters(num_features, num_features, bias=params.bias),
            flops=attention_flops(shape, shape, params.num_heads, bias=params.bias) + turning,
        )

    def kept_inside(self, params: SelfAttentionParams, inputs: Inputs) -> Size:
        return attention_kept(inputs["input"], inputs["input"], params.num_heads, params.dropout)

    def constructor(self, params: SelfAttentionParams, inputs: Inputs) -> Constructor:
        kwargs = changed(params, ("dropout", "bias", "is_causal", "is_rotary"))
        arguments = (fixed_size(inputs["input"], "F"), params.num_heads)
        target = "MaskedSelfAttention" if params.takes_padding_mask else "SelfAttention"
        return Constructor(target, arguments, kwargs)


class CrossAttention(LayerType[CrossAttentionParams]):
    type_name = "CrossAttention"
    name_stem = "attention"
    title = "Cross-attention"
    category = "Attention"
    summary = "Every position of one sequence gathers what it needs from another sequence."
    docs = (
        "Queries come from the first input, keys and values from the memory, which may have "
        "another length and another number of features; the output is shaped like the query. "
        "Weights are called as in torch's nn.MultiheadAttention, also where the memory has other "
        "features (q_proj_weight, k_proj_weight, v_proj_weight)."
    )
    aliases = (
        "multi-head attention", "MultiheadAttention", "mha", "attentionLayer", "encoder-decoder",
        "transformer",
    )  # fmt: skip
    icon = "affiliate"
    inputs = (Port("query", "Query"), Port("memory", "Memory"), MEMORY_MASK)
    outputs = (OUTPUT,)
    inferred = {"num_features": "Features", "memory_features": "Features of the memory"}
    Params = CrossAttentionParams

    def infer(self, params: CrossAttentionParams, inputs: Inputs) -> Inference | ShapeProblem:
        query, memory = inputs["query"], inputs["memory"]
        for port, shape in (("query", query), ("memory", memory)):
            if problem := expect_sequence(self.title, shape, port):
                return problem
        if problem := mask_problem(memory, inputs, MEMORY_MASK.name):
            return problem
        num_features, memory_features = fixed_size(query, "F"), fixed_size(memory, "F")
        if problem := heads_problem(self.title, num_features, params.num_heads, port="query"):
            return problem
        return Inference(
            {"output": query},
            inferred={"num_features": num_features, "memory_features": memory_features},
            parameters=attention_parameters(num_features, memory_features, bias=params.bias),
            flops=attention_flops(query, memory, params.num_heads, bias=params.bias),
        )

    def kept_inside(self, params: CrossAttentionParams, inputs: Inputs) -> Size:
        return attention_kept(inputs["query"], inputs["memory"], params.num_heads, params.dropout)

    def constructor(self, params: CrossAttentionParams, inputs: Inputs) -> Constructor:
        num_features = fixed_size(inputs["query"], "F")
        kwargs: dict[str, Argument] = {}
        if (memory_features := fixed_size(inputs["memory"], "F")) != num_features:
            kwargs["memory_features"] = memory_features
        kwargs |= changed(params, ("dropout", "bias"))
        target = "MaskedCrossAttention" if params.takes_memory_mask else "CrossAttention"
        return Constructor(target, (num_features, params.num_heads), kwargs)


def attention_parameters(
    num_features: int, memory_features: int, *, bias: bool = True, prefix: str = ""
) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a multi-head attention, called as in torch."""
    shapes: dict[str, tuple[int, ...]] = {}
    if memory_features == num_features:
        shapes["in_proj_weight"] = (3 * num_features, num_features)
    else:
        shapes["q_proj_weight"] = (num_features, num_features)
        shapes["k_proj_weight"] = (num_features, memory_features)
        shapes["v_proj_weight"] = (num_features, memory_features)
    if bias:
        shapes["in_proj_bias"] = (3 * num_features,)
    shapes["out_proj.weight"] = (num_features, num_features)
    if bias:
        shapes["out_proj.bias"] = (num_features,)
    return {prefix + name: shape for name, shape in shapes.items()}


def attention_kept(query: Shape, memory: Shape, num_heads: int, dropout: float) -> Size:
    """Return how many numbers attention holds for the backward pass.

    They are queries, keys, values and what was gathered. The weights are computed again, unless
    some of them are dropped: then torch holds them and what was drawn.
    """
    features = fixed_size(query, "F")
    held = elements_per_sample(query) * 2 + memory[1].size * (2 * features)
    return held + query[1].size * memory[1].size * (2 * num_heads) if dropout else held


def attention_flops(query: Shape, memory: Shape, num_heads: int, *, bias: bool = True) -> Size:
    """Return the operations: four projections, all pairs of positions twice, and the softmax."""
    num_features, memory_features = fixed_size(query, "F"), fixed_size(memory, "F")
    target, source = query[1].size, memory[1].size
    queries_and_output = target * (2 * num_features * (2 * num_features + bias))
    keys_and_values = source * (2 * num_features * (2 * memory_features + bias))
    pairs = target * source * (4 * num_features + 3 * num_heads)
    return queries_and_output + keys_and_values + pairs


def changed(params: LayerParams, names: tuple[str, ...]) -> dict[str, Argument]:
    """Return the arguments that differ from the defaults, which are those of the module too."""
    defaults = type(params)()
    return {
        name: getattr(params, name)
        for name in names
        if getattr(params, name) != getattr(defaults, name)
    }


LAYERS = (SelfAttention(), CrossAttention())
