"""How layers lay out their tensors along the channels that arrive and those they make."""

from __future__ import annotations

from typing import cast

from netloom.layers.recurrent import Recurrent, RecurrentParams
from netloom.surgery.expand import LayerUse
from netloom.surgery.spaces import Axes, Layout, TensorAxis

CONVOLUTIONS = frozenset({"Conv1d", "Conv2d", "Conv3d"})
SEPARABLE = frozenset({"SeparableConv1d", "SeparableConv2d", "SeparableConv3d"})
TRANSPOSED = frozenset({"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"})


def made(layout: Layout) -> TensorAxis:
    return TensorAxis(layout)


def summed(layout: Layout) -> TensorAxis:
    return TensorAxis(layout, is_input=True)


def weighted_axes(kind: str, out: Layout, arriving: Layout) -> Axes:
    """Return the axes of convolutions, linear layers and embeddings."""
    match kind:
        case _ if kind in SEPARABLE:
            return {
                "depthwise.weight": {0: made(arriving)},
                "pointwise.weight": {0: made(out), 1: summed(arriving)},
                "pointwise.bias": {0: made(out)},
            }
        case "LowRankLinear":
            return {
                "down.weight": {1: summed(arriving)},
                "up.weight": {0: made(out)},
                "up.bias": {0: made(out)},
            }
        case "PatchEmbedding":
            return {
                "projection.weight": {0: made(out), 1: summed(arriving)},
                "projection.bias": {0: made(out)},
            }
        case "Embedding":
            return {"weight": {1: made(out)}}
        case _:
            first, second = (1, 0) if kind in TRANSPOSED else (0, 1)
            return {
                "weight": {first: made(out), second: summed(arriving)},
                "bias": {0: made(out)},
            }


def recurrent_axes(use: LayerUse, hidden: Layout, arriving: Layout) -> Axes:
    """Return the axes of a recurrent layer: its gates one behind the other.

    All its layers and directions remember equally much, so that one space counts for all.
    """
    layer = cast("Recurrent[RecurrentParams]", use.layer)
    params = cast("RecurrentParams", use.params)
    gates = hidden * layer.num_gates
    axes: dict[str, dict[int, TensorAxis]] = {}
    for tensor in use.parameters:
        axes[tensor.name] = {0: made(gates)}
        if tensor.name.startswith("weight_hh"):
            axes[tensor.name][1] = summed(hidden)
        elif tensor.name.startswith("weight_ih"):
            is_lowest = tensor.name.removesuffix("_reverse").endswith("_l0")
            axes[tensor.name][1] = summed(arriving if is_lowest else hidden * params.num_directions)
    return axes


def attention_axes(query: Layout, memory: Layout, prefix: str = "") -> Axes:
    """Return the axes of a multi-head attention, called as in torch.

    Its heads stand one behind the other along the features, so that copies of the features in
    their order are copies of whole heads.
    """
    axes: Axes = {
        "in_proj_weight": {0: made(query * 3), 1: summed(query)},
        "q_proj_weight": {0: made(query), 1: summed(query)},
        "k_proj_weight": {0: made(query), 1: summed(memory)},
        "v_proj_weight": {0: made(query), 1: summed(memory)},
        "in_proj_bias": {0: made(query * 3)},
        "out_proj.weight": {0: made(query), 1: summed(query)},
        "out_proj.bias": {0: made(query)},
    }
    return {f"{prefix}{name}": found for name, found in axes.items()}


def feed_forward_axes(features: Layout, hidden: Layout) -> Axes:
    """Return the axes of the linear layers and norms of a transformer layer."""
    norms = {f"norm{index}.{name}": features for index in (1, 2, 3) for name in ("weight", "bias")}
    return {
        "linear1.weight": {0: made(hidden), 1: summed(features)},
        "linear1.bias": {0: made(hidden)},
        "linear2.weight": {0: made(features), 1: summed(hidden)},
        "linear2.bias": {0: made(features)},
        **{name: {0: made(layout)} for name, layout in norms.items()},
    }
