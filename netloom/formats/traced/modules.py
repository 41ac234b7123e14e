"""Modules of PyTorch that are a layer of Netloom as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from netloom.graph.document import ParamValue

Params = dict[str, ParamValue]


@dataclass(frozen=True, slots=True)
class MappedModule:
    """A layer for a module.

    Attributes:
        weights: By name in the layer's module.
        num_inputs: How many of the arguments are tensors that it takes.
    """

    type_name: str
    params: Params = field(default_factory=dict[str, ParamValue])
    weights: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    num_inputs: int = 1


_DECLARED: WeakKeyDictionary[nn.Module, MappedModule] = WeakKeyDictionary()


def declare(module: nn.Module, type_name: str, params: Params) -> nn.Module:
    """Remember which layer a module is that was made for it; returns the module."""
    _DECLARED[module] = MappedModule(type_name, params, _own_weights(module))
    return module


def is_declared(module: nn.Module) -> bool:
    """Say whether a module was made for a layer: it takes what the layer's ports take."""
    return module in _DECLARED


def _plain(value: object) -> ParamValue:
    """Return a number, or the numbers of each direction, as a document has them."""
    if isinstance(value, tuple | list):
        items = list(cast("tuple[int, ...]", value))
        return items[0] if len(items) == 1 else cast("ParamValue", items)
    return cast("ParamValue", value)


def _params(module: nn.Module, **names: str) -> Params:
    """Return attributes of a module under the names that the layer has for them."""
    return {ours: _plain(getattr(module, theirs)) for ours, theirs in names.items()}


def _own_weights(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.state_dict(keep_vars=True))


def _convolution(module: Any) -> MappedModule | None:
    count = len(module.kernel_size)
    params = _params(
        module,
        out_channels="out_channels",
        kernel_size="kernel_size",
        stride="stride",
        padding="padding",
        dilation="dilation",
        groups="groups",
    )
    params["bias"] = module.bias is not None
    if module.padding_mode != "zeros":
        params["padding_mode"] = module.padding_mode
    if isinstance(module.padding, str):
        if module.padding != "same":
            params["padding"] = _plain([0] * count)
        else:
            params["padding"] = "same"
    return MappedModule(f"Conv{count}d", params, _own_weights(module))


def _transposed(module: Any) -> MappedModule | None:
    count = len(module.kernel_size)
    params = _params(
        module,
        out_channels="out_channels",
        kernel_size="kernel_size",
        stride="stride",
        padding="padding",
        output_padding="output_padding",
        dilation="dilation",
        groups="groups",
    )
    params["bias"] = module.bias is not None
    return MappedModule(f"ConvTranspose{count}d", params, _own_weights(module))


def _linear(module: Any) -> MappedModule:
    params: Params = {"out_features": module.out_features, "bias": module.bias is not None}
    return MappedModule("Linear", params, _own_weights(module))


def _batch_norm(module: Any) -> MappedModule | None:
    if not module.track_running_stats or module.momentum is None:
        return None
    params = _params(module, eps="eps", momentum="momentum", affine="affine")
    return MappedModule(type(module).__name__, params, _own_weights(module))


def _instance_norm(module: Any) -> MappedModule | None:
    if module.track_running_stats:
        return None
    params = _params(module, eps="eps", affine="affine")
    return MappedModule(type(module).__name__, params, _own_weights(module))


def _layer_norm(module: Any) -> MappedModule | None:
    if module.elementwise_affine and module.bias is None:
        return None
    over = "last" if len(module.normalized_shape) == 1 else "sample"
    params: Params = {
        "eps": module.eps, "elementwise_affine": module.elementwise_affine, "over": over,
    }  # fmt: skip
    return MappedModule("LayerNorm", params, _own_weights(module))


def _group_norm(module: Any) -> MappedModule:
    params = _params(module, num_groups="num_groups", eps="eps", affine="affine")
    return MappedModule("GroupNorm", params, _own_weights(module))


def _max_pool(module: Any) -> MappedModule | None:
    if module.return_indices:
        return None
    params = _params(module, kernel_size="kernel_size", padding="padding", ceil_mode="ceil_mode",
                     dilation="dilation")  # fmt: skip
    params["stride"] = _plain(module.stride if module.stride is not None else module.kernel_size)
    return MappedModule(type(module).__name__, params)


def _avg_pool(module: Any) -> MappedModule | None:
    if getattr(module, "divisor_override", None) is not None:
        return None
    params = _params(module, kernel_size="kernel_size", padding="padding", ceil_mode="ceil_mode",
                     count_include_pad="count_include_pad")  # fmt: skip
    params["stride"] = _plain(module.stride if module.stride is not None else module.kernel_size)
    return MappedModule(type(module).__name__, params)


def _adaptive(module: Any) -> MappedModule | None:
    size = _plain(module.output_size)
    if size is None or (isinstance(size, list) and None in size):
        return None
    return MappedModule(type(module).__name__, {"output_size": size})


def _attention(module: Any) -> MappedModule | None:
    is_plain = module.bias_k is None and not module.add_zero_attn and module.batch_first
    if not is_plain or not module._qkv_same_embed_dim:
        return None
    params: Params = {"num_heads": module.num_heads, "dropout": module.dropout}
    params["bias"] = module.in_proj_bias is not None
    return MappedModule("SelfAttention", params, _own_weights(module), num_inputs=3)


def _dropout(module: Any) -> MappedModule:
    return MappedModule(type(module).__name__, {"p": module.p})


def _stochastic_depth(module: Any) -> MappedModule | None:
    return MappedModule("StochasticDepth", {"p": module.p}) if module.mode == "row" else None


def _upsample(module: Any) -> MappedModule | None:
    modes = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear",
             "bicubic": "cubic"}  # fmt: skip
    if module.mode not in modes:
        return None
    params: Params = {"mode": modes[module.mode], "align_corners": bool(module.align_corners)}
    if module.size is not None:
        return None
    factor = module.scale_factor
    if isinstance(factor, tuple) or factor != int(factor):
        return None
    params["scale_factor"] = int(factor)
    return MappedModule("Upsample", params)


def _embedding(module: Any) -> MappedModule | None:
    if module.max_norm is not None:
        return None
    params: Params = {"num_features": module.embedding_dim}
    if module.padding_idx is not None:
        params["padding_index"] = module.padding_idx
    return MappedModule("Embedding", params, _own_weights(module))


def _flatten(module: Any) -> MappedModule | None:
    return MappedModule("Flatten") if (module.start_dim, module.end_dim) == (1, -1) else None


def _activation(**names: str) -> Callable[[Any], MappedModule]:
    def map_it(module: Any) -> MappedModule:
        return MappedModule(type(module).__name__, _params(module, **names))

    return map_it


_BY_NAME: Mapping[str, Callable[[Any], MappedModule | None]] = {
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _convolution),
    **dict.fromkeys(("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"), _transposed),
    "Linear": _linear,
    "NonDynamicallyQuantizableLinear": _linear,
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), _batch_norm),
    **dict.fromkeys(("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"), _instance_norm),
    "LayerNorm": _layer_norm,
    "GroupNorm": _group_norm,
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "MaxPool3d"), _max_pool),
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "AvgPool3d"), _avg_pool),
    **{
        f"Adaptive{kind}Pool{count}d": _adaptive for kind in ("Avg", "Max") for count in (1, 2, 3)
    },
    "MultiheadAttention": _attention,
    **dict.fromkeys(
        ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"),
        _dropout,
    ),
    "StochasticDepth": _stochastic_depth,
    "Upsample": _upsample,
    "UpsamplingBilinear2d": _upsample,
    "UpsamplingNearest2d": _upsample,
    "Embedding": _embedding,
    "Flatten": _flatten,
    **dict.fromkeys(
        ("ReLU", "ReLU6", "SiLU", "Sigmoid", "Tanh", "Hardswish", "Hardsigmoid", "Mish", "SELU",
         "Softsign", "Tanhshrink", "LogSigmoid"), _activation(),
    ),
    "GELU": _activation(approximate="approximate"),
    "LeakyReLU": _activation(negative_slope="negative_slope"),
    "ELU": _activation(alpha="alpha"),
    "CELU": _activation(alpha="alpha"),
    "Softplus": _activation(beta="beta", threshold="threshold"),
    "Hardtanh": _activation(min_val="min_val", max_val="max_val"),
}  # fmt: skip
_OF_TORCHVISION = frozenset({"StochasticDepth"})


def map_module(module: nn.Module) -> MappedModule | None:
    """Return the layer that a module is as a whole; None where its inside is to be looked at."""
    if module in _DECLARED:
        return _DECLARED[module]
    kind = type(module)
    found = _BY_NAME.get(kind.__name__)
    is_torch = kind.__module__.startswith("torch.nn.modules.")
    is_known = kind.__name__ in _OF_TORCHVISION and kind.__module__.startswith("torchvision.ops")
    if found is None or not (is_torch or is_known) or hasattr(module, "parametrizations"):
        return None
    return found(module)


def is_leaf(module: nn.Module) -> bool:
    """Say whether a module is recorded as one call."""
    return map_module(module) is not None or isinstance(module, nn.RNNBase | nn.RNNCellBase)
