"""Dense layers, embeddings, normalisations and attention of Keras.

Legend for shapes: F features in, K features out, C channels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from netloom.formats.keras.activations import activate, activation_name
from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value

if TYPE_CHECKING:
    from netloom.formats.keras.sheet import Array


def to_our_order(array: Array, value: Value) -> Array:
    """Bring what belongs to features (first axis) from Keras's order of a flattened tensor to ours.

    Keras lays out (H, W, C), Netloom (C, H, W).
    """
    if value.flattened is None:
        return array
    channels, *positions = value.flattened
    if array.shape[0] != channels * int(np.prod(positions)):
        return array
    laid_out = array.reshape(*positions, channels, *array.shape[1:])
    return np.moveaxis(laid_out, len(positions), 0).reshape(array.shape)


def dense(sheet: Sheet, value: Value, settings: Settings, arrays: list[Array]) -> Value:
    """Draw Dense: a Linear, or a convolution of one position where there are channels."""
    units, has_bias = settings.whole("units"), settings.flag("use_bias", True)
    weights: dict[str, Array] = {}
    if arrays and arrays[0].ndim != 2:
        raise NoLayer(f"its weights have {arrays[0].ndim} axes")
    if has_bias and len(arrays) > 1:
        weights["bias"] = arrays[1]
    if value.axes == "BCT":
        value = sheet.as_sequence(value)
    if value.rank > 1 and "C" in value.axes:
        count = value.rank - 1
        if arrays:
            weights["weight"] = arrays[0].T.reshape(*arrays[0].T.shape, *[1] * count)
        ones = [1] * count
        drawn = sheet.add(
            f"Conv{count}d",
            value,
            weights=weights,
            out_channels=units,
            kernel_size=[*ones],
            padding=[0] * count,
            bias=has_bias,
        )
    else:
        if arrays:
            weights["weight"] = to_our_order(arrays[0], value).T
        drawn = sheet.add("Linear", value, weights=weights, out_features=units, bias=has_bias)
    return activate(sheet, drawn, activation_name(settings))


def embedding(sheet: Sheet, value: Value, settings: Settings, arrays: list[Array]) -> Value:
    """Draw Embedding; the vocabulary is the input's."""
    vocabulary = value.shape[-1].vocabulary
    if vocabulary is None:
        raise NoLayer("its tokens are computed by the network, not given to it")
    if vocabulary != settings.whole("input_dim"):
        raise NoLayer("it shares its tokens with an embedding of another vocabulary")
    weights = {"weight": arrays[0]} if arrays else {}
    size = settings.whole("output_dim")
    found = sheet.add("Embedding", value, weights=weights, num_features=size)
    return replace(found, tokens=value) if settings.flag("mask_zero", False) else found


def batch_normalization(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array]
) -> Value:
    """Draw BatchNormalization over channels or features."""
    axis = settings.numbers("axis")[0] if settings.has("axis") else -1.0
    if sheet.axis_of(value, int(axis)) not in ("C", "F"):
        raise NoLayer(f"it normalises over axis {int(axis)}, which is not that of the channels")
    turned = value.axes == "BTF"
    value = sheet.as_signal(value)
    count = value.rank if "C" in value.axes else 1
    has_scale, has_center = settings.flag("scale", True), settings.flag("center", True)
    size = value.size("C" if "C" in value.axes else "F")
    momentum = min(1.0, max(0.0, 1.0 - settings.number("momentum", 0.99)))
    weights: dict[str, Array] = {}
    if arrays:
        given = [to_our_order(array, value) for array in arrays]
        wanted = 2 + has_scale + has_center
        if len(given) != wanted:
            raise NoLayer(f"it has {len(given)} weights instead of {wanted}")
        weights["weight"] = given.pop(0) if has_scale else np.ones(size)
        weights["bias"] = given.pop(0) if has_center else np.zeros(size)
        weights["running_mean"], weights["running_var"] = given
    if not (has_scale and has_center):
        sheet.say("What it does not learn in Keras (scale or center) can learn here.")
    drawn = sheet.add(
        f"BatchNorm{max(1, count - 1) if 'C' in value.axes else 1}d",
        value,
        weights=weights,
        eps=settings.number("epsilon", 1e-3),
        momentum=round(momentum, 12),
    )
    return sheet.as_sequence(drawn) if turned else drawn


def layer_normalization(
    sheet: Sheet, value: Value, settings: Settings, arrays: list[Array]
) -> Value:
    """Draw LayerNormalization over the last axis of Keras."""
    value = sheet.in_order(value)
    axes = [int(each) for each in settings.numbers("axis")] if settings.has("axis") else [-1]
    if len(axes) != 1 or sheet.axis_of(value, axes[0]) not in ("C", "F"):
        raise NoLayer(f"it normalises over the axes {axes}")
    if settings.flag("rms_scaling", False):
        raise NoLayer("it scales by the root mean square")
    has_scale, has_center = settings.flag("scale", True), settings.flag("center", True)
    channels = value.rank > 1 and "C" in value.axes
    count = value.rank - 1
    if channels:
        order = [0, *range(2, count + 2), 1]
        value = sheet.add("Permute", value, suffix="channels_last", order=order)
    size = value.size(value.axes[-1])
    weights: dict[str, Array] = {}
    if arrays:
        given = list(arrays)
        weights["weight"] = given.pop(0) if has_scale and given else np.ones(size)
        weights["bias"] = given.pop(0) if has_center and given else np.zeros(size)
    drawn = sheet.add(
        "LayerNorm", value, weights=weights, eps=settings.number("epsilon", 1e-3), over="last"
    )
    if channels:
        order = [0, count + 1, *range(1, count + 1)]
        return sheet.add("Permute", drawn, suffix="channels_first", order=order)
    return drawn


def attention(sheet: Sheet, inputs: list[Value], settings: Settings, arrays: list[Array]) -> Value:
    """Draw MultiHeadAttention where one of torch computes the same."""
    query, *memories = (sheet.as_sequence(value) for value in inputs)
    if any(memory.tap != memories[0].tap for memory in memories):
        raise NoLayer("its keys and values come from different places")
    memory = memories[0] if memories else query
    features, heads = query.size("F"), settings.whole("num_heads")
    key_dim = settings.whole("key_dim")
    value_dim = settings.whole("value_dim", key_dim)
    if key_dim * heads != features or value_dim != key_dim:
        raise NoLayer(
            f"{heads} heads of {key_dim} do not make the {features} features of its query"
        )
    axes = settings.numbers("attention_axes") if settings.has("attention_axes") else [1.0]
    if settings.has("output_shape") or axes != [1.0]:
        raise NoLayer("it has an output shape or axes of its own")
    has_bias = settings.flag("use_bias", True)
    own = memory.tap == query.tap
    if not own and memory.size("F") != features:
        raise NoLayer("its memory has another number of features than its query")
    weights = _attention_weights(arrays, features, has_bias=has_bias)
    dropout = settings.number("dropout", 0.0)
    if own:
        return sheet.add(
            "SelfAttention", query, weights=weights, num_heads=heads, bias=has_bias, dropout=dropout
        )
    return sheet.add(
        "CrossAttention", query, memory, weights=weights, num_heads=heads, bias=has_bias,
        dropout=dropout,
    )  # fmt: skip


def _attention_weights(arrays: list[Array], features: int, *, has_bias: bool) -> dict[str, Array]:
    """Turn kernels (F, heads, key) of query, key and value, and (heads, value, F) of the output."""
    if not arrays:
        return {}
    if len(arrays) != (8 if has_bias else 4):
        raise NoLayer(f"it has {len(arrays)} weights")
    kernels = arrays[0::2] if has_bias else arrays
    flat = [kernel.reshape(kernel.shape[0], -1).T for kernel in kernels[:3]]
    weights = {
        "in_proj_weight": np.concatenate(flat),
        "out_proj.weight": kernels[3].reshape(-1, features).T,
    }
    if has_bias:
        biases = arrays[1::2]
        weights["in_proj_bias"] = np.concatenate([bias.reshape(-1) for bias in biases[:3]])
        weights["out_proj.bias"] = biases[3]
    return weights
