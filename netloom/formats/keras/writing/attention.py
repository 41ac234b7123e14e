"""Attention and encoder layers in Keras.

Legend for shapes: F features, N heads, D features of a head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.keras.writing.tensor import Tensor
from netloom.formats.keras.writing.use import Use, wants
from netloom.layers.shapes import Dim

if TYPE_CHECKING:
    from netloom.formats.keras.writing.use import Array
    from netloom.layers.attention import CrossAttentionParams, SelfAttentionParams
    from netloom.layers.transformer import EncoderParams

_MASK = "Keras takes its masks on another way."


def self_attention(use: Use) -> Tensor:
    """Say SelfAttention."""
    params = cast("SelfAttentionParams", use.step.params)
    wants(not params.takes_padding_mask, _MASK)
    wants(not params.is_rotary, "Keras has no rotary positions.")
    value = use.value
    return _attended(
        use, value, value, params.num_heads, bias=params.bias, dropout=params.dropout,
        is_causal=params.is_causal,
    )  # fmt: skip


def cross_attention(use: Use) -> Tensor:
    """Say CrossAttention."""
    params = cast("CrossAttentionParams", use.step.params)
    wants(not params.takes_memory_mask, _MASK)
    query, memory = use.values
    return _attended(use, query, memory, params.num_heads, bias=params.bias, dropout=params.dropout)


def _attended(
    use: Use,
    query: Tensor,
    memory: Tensor,
    num_heads: int,
    *,
    bias: bool,
    dropout: float,
    is_causal: bool = False,
    prefix: str = "",
    suffix: str = "",
) -> Tensor:
    features = query.size("F")
    return use.add(
        "MultiHeadAttention",
        query,
        memory,
        shape=query.shape,
        suffix=suffix,
        kwargs={"use_causal_mask": True} if is_causal else {},
        arrays=lambda: _arrays(use, prefix, num_heads, has_bias=bias),
        num_heads=num_heads,
        key_dim=features // num_heads,
        dropout=dropout,
        use_bias=bias,
    )


def _arrays(use: Use, prefix: str, num_heads: int, *, has_bias: bool) -> dict[str, Array]:
    """Turn projections (F, F) into kernels (F, N, D) and, for the output, (N, D, F)."""
    if f"{prefix}in_proj_weight" in use.weights:
        weights = np.split(use.array(f"{prefix}in_proj_weight"), 3)
    else:
        weights = [use.array(f"{prefix}{each}_proj_weight") for each in "qkv"]
    arrays: dict[str, Array] = {}
    for name, weight in zip(("query", "key", "value"), weights, strict=True):
        kernel = weight.T
        arrays[f"{name}_dense/vars/0"] = kernel.reshape(kernel.shape[0], num_heads, -1)
    out = use.array(f"{prefix}out_proj.weight")
    arrays["output_dense/vars/0"] = out.T.reshape(num_heads, -1, out.shape[0])
    if has_bias:
        biases = np.split(use.array(f"{prefix}in_proj_bias"), 3)
        for name, each in zip(("query", "key", "value"), biases, strict=True):
            arrays[f"{name}_dense/vars/1"] = each.reshape(num_heads, -1)
        arrays["output_dense/vars/1"] = use.array(f"{prefix}out_proj.bias")
    return arrays


def encoder_layer(use: Use) -> Tensor:
    """Say TransformerEncoderLayer: attention and two linear layers, each with a shortcut."""
    params = cast("EncoderParams", use.step.params)
    wants(not params.takes_padding_mask, _MASK)
    wants(not params.is_rotary, "Keras has no rotary positions.")
    value = use.value

    def normed(given: Tensor, number: int) -> Tensor:
        return use.add(
            "LayerNormalization",
            given,
            suffix=f"norm{number}",
            arrays=lambda: {
                "vars/0": use.array(f"norm{number}.weight"),
                "vars/1": use.array(f"norm{number}.bias"),
            },
            axis=[2],
            epsilon=1e-5,
        )

    def attend(given: Tensor) -> Tensor:
        attended = _attended(
            use, given, given, params.num_heads, bias=True, dropout=params.dropout,
            is_causal=params.is_causal, prefix="self_attn.", suffix="attention",
        )  # fmt: skip
        return _left_out(use, attended, params.dropout, "dropout1")

    def feed(given: Tensor) -> Tensor:
        wide = _dense(use, given, "linear1", params.hidden_features, params.activation)
        wide = _left_out(use, wide, params.dropout, "dropout")
        narrow = _dense(use, wide, "linear2", given.size("F"), "linear")
        return _left_out(use, narrow, params.dropout, "dropout2")

    for number, part in ((1, attend), (2, feed)):
        if params.norm_first:
            value = use.add("Add", [value, part(normed(value, number))], suffix=f"add{number}")
        else:
            value = normed(use.add("Add", [value, part(value)], suffix=f"add{number}"), number)
    return value


def _dense(use: Use, value: Tensor, name: str, units: int, activation: str) -> Tensor:
    return use.add(
        "Dense",
        value,
        shape=(*value.shape[:-1], Dim("F", units)),
        suffix=name,
        arrays=lambda: {
            "vars/0": use.array(f"{name}.weight").T,
            "vars/1": use.array(f"{name}.bias"),
        },
        units=units,
        activation=activation,
    )


def _left_out(use: Use, value: Tensor, rate: float, suffix: str) -> Tensor:
    if not rate:
        return value
    return use.add("Dropout", value, shape=value.shape, suffix=suffix, rate=rate)
