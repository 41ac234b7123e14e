"""Activations and what is left out in training, in Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from netloom.formats.keras.writing.tensor import NotInKeras, Tensor
from netloom.formats.keras.writing.use import Use, wants

_BY_NAME: Mapping[str, str] = {
    "ReLU6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "SiLU": "silu",
    "SELU": "selu",
    "Mish": "mish",
    "Softsign": "softsign",
    "LogSigmoid": "log_sigmoid",
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_silu",
    "Tanhshrink": "tanh_shrink",
}
_ONLY_WITH: Mapping[str, tuple[str, str, object]] = {
    "GELU": ("gelu", "approximate", "none"),
    "CELU": ("celu", "alpha", 1.0),
    "Softplus": ("softplus", "beta", 1.0),
    "Hardshrink": ("hard_shrink", "lambd", 0.5),
    "Softshrink": ("soft_shrink", "lambd", 0.5),
}
"""Functions of Keras that stand for one setting alone."""
_NEVER_NEGATIVE = ("ReLU", "ReLU6", "Sigmoid", "Hardsigmoid", "Softplus", "Softmax")


def one_by_one(function: Callable[[Use, Tensor], Tensor]) -> Callable[[Use], Tensor]:
    """Let a layer that treats each number alike work on tensors in whatever order they are."""

    def say(use: Use) -> Tensor:
        given = use.given[0]
        made = function(use, given)
        return replace(
            made,
            order=given.order,
            flattened=given.flattened,
            is_nonnegative=use.step.layer.type_name in _NEVER_NEGATIVE,
        )

    return say


def activation(use: Use, given: Tensor) -> Tensor:
    """Say an activation that Keras knows by a name."""
    type_name, params = use.step.layer.type_name, use.step.params
    if type_name in _BY_NAME:
        name = _BY_NAME[type_name]
    else:
        name, setting, only = _ONLY_WITH[type_name]
        value: object = getattr(params, setting, only)
        wants(value == only, f"Keras has it for {setting} {only} alone, not {value}.")
    return use.add("Activation", given, activation=name)


def relu(use: Use, given: Tensor) -> Tensor:
    """Say ReLU."""
    return use.add("ReLU", given)


def leaky_relu(use: Use, given: Tensor) -> Tensor:
    """Say LeakyReLU."""
    return use.add("LeakyReLU", given, negative_slope=_number(use, "negative_slope"))


def elu(use: Use, given: Tensor) -> Tensor:
    """Say ELU."""
    return use.add("ELU", given, alpha=_number(use, "alpha"))


def hard_tanh(use: Use, given: Tensor) -> Tensor:
    """Say Hardtanh: from -1 to 1, or from 0 upwards."""
    least, most = _number(use, "min_val"), _number(use, "max_val")
    if (least, most) == (-1.0, 1.0):
        return use.add("Activation", given, activation="hard_tanh")
    wants(least == 0, f"Keras has no activation from {least} to {most}.")
    return use.add("ReLU", given, max_value=most)


def over_last(use: Use) -> Tensor:
    """Say Softmax, LogSoftmax or GLU, which work over channels or features."""
    value = use.value
    last = value.shape[value.order[-1]].axis
    wants(last in ("C", "F"), "Keras has it over the last axis alone.")
    type_name = use.step.layer.type_name
    if type_name == "Softmax":
        return replace(use.add("Softmax", value, axis=-1), is_nonnegative=True)
    return use.add(
        "Activation", value, activation={"LogSoftmax": "log_softmax", "GLU": "glu"}[type_name]
    )


def prelu(use: Use) -> Tensor:
    """Say PReLU: a slope for each channel, or one for all."""
    value = use.value
    by_channel = bool(getattr(use.step.params, "per_channel", False))
    count = value.rank - 1
    shared = list(range(1, count if by_channel else count + 1))
    sizes = [1] * count
    if by_channel:
        wants(value.order[-1] == 1, "Its slopes belong to an axis that is not the last in Keras.")
        sizes[-1] = value.size(value.axes[1])
    return use.add(
        "PReLU",
        value,
        arrays=lambda: {"vars/0": np.ascontiguousarray(use.array("weight").reshape(sizes))},
        order=value.order,
        shared_axes=shared or None,
    )


def dropout(use: Use, given: Tensor) -> Tensor:
    """Say Dropout, AlphaDropout or StochasticDepth, which leaves out whole samples."""
    type_name, rate = use.step.layer.type_name, _number(use, "p")
    if type_name == "StochasticDepth":
        shape = [None, *[1] * (given.rank - 1)]
        made = use.add("Dropout", given, rate=rate, noise_shape=shape)
    else:
        made = use.add(type_name, given, rate=rate)
    return made


def keeps_sign(use: Use) -> Tensor:
    """Say a dropout, behind which what was not negative still is not."""
    made = one_by_one(dropout)(use)
    is_alpha = use.step.layer.type_name == "AlphaDropout"
    return replace(made, is_nonnegative=use.given[0].is_nonnegative and not is_alpha)


def spatial_dropout(use: Use) -> Tensor:
    """Say Dropout1d, 2d or 3d."""
    value = use.value
    made = use.add(f"SpatialDropout{value.rank - 2}D", value, rate=_number(use, "p"))
    return replace(made, is_nonnegative=value.is_nonnegative)


def noise(use: Use, given: Tensor) -> Tensor:
    """Say GaussianNoise."""
    return use.add("GaussianNoise", given, stddev=_number(use, "std"))


def _number(use: Use, name: str) -> float:
    value: object = getattr(use.step.params, name, None)
    if not isinstance(value, int | float):
        raise NotInKeras(f"{name} is no number.")
    return float(value)
