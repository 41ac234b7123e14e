"""The layers a transformer is stacked of.

Legend: B batch, T time of the target, S time of the memory, F features.
"""

from __future__ import annotations

from typing import Literal

from netloom.layers.attention import (
    MEMORY_MASK,
    attention_flops,
    attention_kept,
    attention_parameters,
    changed,
)
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
from netloom.layers.params import MAX_SIZE, LayerParams, param
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

_ACTIVATION_FLOPS = {"relu": 1, "gelu": 5, "silu": 4}


class TransformerParams(LayerParams):
    """Heads, the two linear layers, and where normalisation stands."""

    num_heads: int = param(
        4,
        "Heads",
        "The features are split among heads, each with an attention of its own.",
        minimum=1,
        maximum=MAX_HEADS,
        on_card=True,
    )
    hidden_features: int = param(
        512,
        "Hidden features",
        "Features between the two linear layers; usually four times those of the sequence.",
        minimum=1,
        maximum=MAX_SIZE,
        on_card=True,
    )
    dropout: float = param(
        0.1, "Dropout", "Share of numbers set to zero in training.", minimum=0, maximum=1
    )
    activation: Literal["relu", "gelu", "silu"] = param(
        "relu", "Activation", "Between the two linear layers.", is_advanced=True
    )
    norm_first: bool = param(
        False,
        "Normalise first",
        "Normalises before attention and linear layers instead of after their shortcuts; deep "
        "networks then train more easily.",
        is_advanced=True,
    )
    is_rotary: bool = param(
        False,
        "Rotary positions",
        "Turns queries and keys of the self-attention by their position.",
        is_advanced=True,
    )

    takes_padding_mask: bool = mask_param("nobody looks at positions that are padding.")


class EncoderParams(TransformerParams):
    """What an encoder may see."""

    is_causal: bool = param(
        False,
        "Causal",
        "Positions see only themselves and earlier ones, as in a language model.",
        is_advanced=True,
    )


class DecoderParams(TransformerParams):
    """What a decoder may see."""

    is_causal: bool = param(
        True,
        "Causal",
        "Positions see only themselves and earlier ones of the target.",
        is_advanced=True,
    )
    takes_memory_mask: bool = mask_param(
        "nobody looks at positions of the memory that are padding.", title="Mask of the memory"
    )


class TransformerEncoderLayer(LayerType[EncoderParams]):
    type_name = "TransformerEncoderLayer"
    name_stem = "encoder"
    title = "Transformer encoder layer"
    category = "Attention"
    summary = "Self-attention and two linear layers, with shortcuts and normalisation."
    docs = (
        "One layer of a transformer encoder (Vaswani et al., 2017) on (B, T, F); causal, it is a "
        "layer of a language model. Stack several, for example by a block with repeats. Weights "
        "are called as in torch's nn.TransformerEncoderLayer."
    )
    aliases = ("bert", "vit", "gpt", "encoder block", "self-attention", "language model")
    icon = "stack-2"
    inputs = (INPUT, masked_port("takes_padding_mask"))
    inferred = {"num_features": "Features"}
    Params = EncoderParams

    def infer(self, params: EncoderParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := (
            expect_sequence(self.title, shape)
            or mask_problem(shape, inputs)
            or _heads(self.title, params, shape)
        ):
            return problem
        num_features = fixed_size(shape, "F")
        return Inference(
            {"output": shape},
            inferred={"num_features": num_features},
            parameters={
                **attention_parameters(num_features, num_features, prefix="self_attn."),
                **_feed_forward(num_features, params.hidden_features, num_norms=2),
            },
            flops=_self_flops(params, shape) + _rest_flops(params, shape, num_parts=2),
        )

    def kept_inside(self, params: EncoderParams, inputs: Inputs) -> Size:
        shape = inputs["input"]
        attended = attention_kept(shape, shape, params.num_heads, params.dropout)
        return attended + _rest_kept(params, shape, num_parts=2)

    def constructor(self, params: EncoderParams, inputs: Inputs) -> Constructor:
        arguments = (fixed_size(inputs["input"], "F"), params.num_heads)
        target = f"Masked{self.type_name}" if params.takes_padding_mask else self.type_name
        return Constructor(target, arguments, _kwargs(params))


class TransformerDecoderLayer(LayerType[DecoderParams]):
    type_name = "TransformerDecoderLayer"
    name_stem = "decoder"
    title = "Transformer decoder layer"
    category = "Attention"
    summary = "Causal self-attention, attention to a memory and two linear layers, with shortcuts."
    docs = (
        "One layer of a transformer decoder (Vaswani et al., 2017). The target is what is being "
        "written, the memory what the encoder gave; they may differ in length and features. "
        "Weights are called as in torch's nn.TransformerDecoderLayer."
    )
    aliases = ("decoder block", "cross-attention", "translation", "sequence to sequence")
    icon = "stack-2"
    inputs = (
        Port("input", "Target"),
        Port("memory", "Memory"),
        masked_port("takes_padding_mask", title="Mask of the target"),
        MEMORY_MASK,
    )
    outputs = (OUTPUT,)
    inferred = {"num_features": "Features", "memory_features": "Features of the memory"}
    Params = DecoderParams

    def infer(self, params: DecoderParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape, memory = inputs["input"], inputs["memory"]
        for port, given in (("input", shape), ("memory", memory)):
            if problem := expect_sequence(self.title, given, port):
                return problem
        if problem := mask_problem(shape, inputs) or mask_problem(memory, inputs, MEMORY_MASK.name):
            return problem
        if problem := _heads(self.title, params, shape):
            return problem
        num_features, memory_features = fixed_size(shape, "F"), fixed_size(memory, "F")
        crossing = attention_flops(shape, memory, params.num_heads)
        return Inference(
            {"output": shape},
            inferred={"num_features": num_features, "memory_features": memory_features},
            parameters={
                **attention_parameters(num_features, num_features, prefix="self_attn."),
                **attention_parameters(num_features, memory_features, prefix="multihead_attn."),
                **_feed_forward(num_features, params.hidden_features, num_norms=3),
            },
            flops=_self_flops(params, shape) + crossing + _rest_flops(params, shape, num_parts=3),
        )

    def kept_inside(self, params: DecoderParams, inputs: Inputs) -> Size:
        shape, memory = inputs["input"], inputs["memory"]
        heads, dropout = params.num_heads, params.dropout
        attended = attention_kept(shape, shape, heads, dropout)
        crossed = attention_kept(shape, memory, heads, dropout)
        return attended + crossed + _rest_kept(params, shape, num_parts=3)

    def constructor(self, params: DecoderParams, inputs: Inputs) -> Constructor:
        num_features = fixed_size(inputs["input"], "F")
        kwargs = _kwargs(params)
        if (memory_features := fixed_size(inputs["memory"], "F")) != num_features:
            kwargs = {"memory_features": memory_features, **kwargs}
        masks = changed(params, ("takes_padding_mask", "takes_memory_mask"))
        target = f"Masked{self.type_name}" if masks else self.type_name
        return Constructor(target, (num_features, params.num_heads), {**kwargs, **masks})


def _heads(title: str, params: TransformerParams, shape: Shape) -> ShapeProblem | None:
    return heads_problem(
        title, fixed_size(shape, "F"), params.num_heads, needs_pairs=params.is_rotary
    )


def _feed_forward(
    num_features: int, hidden_features: int, *, num_norms: int
) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "linear1.weight": (hidden_features, num_features),
        "linear1.bias": (hidden_features,),
        "linear2.weight": (num_features, hidden_features),
        "linear2.bias": (num_features,),
    }
    for index in range(1, num_norms + 1):
        shapes[f"norm{index}.weight"] = (num_features,)
        shapes[f"norm{index}.bias"] = (num_features,)
    return shapes


def _self_flops(params: TransformerParams, shape: Shape) -> Size:
    turning = rotary_flops(shape) * 2 if params.is_rotary else 0
    return attention_flops(shape, shape, params.num_heads) + turning


def _rest_flops(params: TransformerParams, shape: Shape, *, num_parts: int) -> Size:
    """Return the two linear layers, and for each part a norm, a shortcut and a dropout."""
    num_features, hidden = fixed_size(shape, "F"), params.hidden_features
    per_step = hidden * (2 * num_features + 1) + num_features * (2 * hidden + 1)
    per_step += hidden * (_ACTIVATION_FLOPS[params.activation] + 1)
    return shape[1].size * per_step + elements_per_sample(shape) * (10 * num_parts)


def _rest_kept(params: TransformerParams, shape: Shape, *, num_parts: int) -> Size:
    """Return what is held of the linear layers, and of each part: its sum, norm and dropout."""
    draws = params.dropout > 0
    hidden = shape[1].size * (params.hidden_features * (2 + draws))
    return hidden + elements_per_sample(shape) * (num_parts * (2 + draws))


def _kwargs(params: EncoderParams | DecoderParams) -> dict[str, Argument]:
    kwargs: dict[str, Argument] = {"hidden_features": params.hidden_features}
    return kwargs | changed(
        params, ("dropout", "activation", "norm_first", "is_causal", "is_rotary")
    )


LAYERS = (TransformerEncoderLayer(), TransformerDecoderLayer())
