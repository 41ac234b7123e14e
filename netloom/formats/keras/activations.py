"""Activation functions of Keras, as layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from netloom.formats.keras.settings import JsonObject, Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.graph.document import ParamValue

_PLAIN: Mapping[str, tuple[str, dict[str, ParamValue]]] = {
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {}),
    "log_softmax": ("LogSoftmax", {}),
    "elu": ("ELU", {}),
    "selu": ("SELU", {}),
    "celu": ("CELU", {}),
    "gelu": ("GELU", {}),
    "swish": ("SiLU", {}),
    "silu": ("SiLU", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "mish": ("Mish", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "hard_swish": ("Hardswish", {}),
    "hard_silu": ("Hardswish", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "hard_tanh": ("Hardtanh", {}),
}


def activation_name(settings: Settings, name: str = "activation", default: str = "linear") -> str:
    """Return the name of an activation, also where Keras 3 wrote it as a configuration."""
    value = settings.values.get(name)
    if isinstance(value, dict):
        inner = cast("JsonObject", value)
        found = inner.get("config") if inner.get("class_name") == "function" else None
        value = found if isinstance(found, str) else inner.get("class_name")
    if value is None:
        return default if name not in settings.values else "linear"
    return str(value)[:200].lower() if isinstance(value, str) else "unknown"


def activate(sheet: Sheet, value: Value, name: str) -> Value:
    """Draw an activation behind a value; none for `linear`.

    Raises:
        NoLayer: There is no such activation.
    """
    if name in ("linear", ""):
        return value
    if name == "softmax":
        return softmax(sheet, value, -1)
    if name == "hard_sigmoid":
        if sheet.keras_major < 3:
            raise NoLayer("the hard sigmoid of Keras before 3 has no layer here")
        return sheet.add("Hardsigmoid", value, suffix="hard_sigmoid")
    if name not in _PLAIN:
        raise NoLayer(f"the activation {name} is not known here")
    type_name, params = _PLAIN[name]
    return sheet.add(type_name, value, suffix=name, more=params)


def softmax(sheet: Sheet, value: Value, axis: int, suffix: str = "softmax") -> Value:
    """Draw a softmax over an axis as Keras counts it; ours works over channels or features."""
    if sheet.axis_of(value, axis) not in ("C", "F"):
        value = sheet.as_sequence(value)
    if sheet.axis_of(value, axis) not in ("C", "F"):
        raise NoLayer(f"a softmax over axis {axis} has no layer here")
    return sheet.add("Softmax", value, suffix=suffix)


def relu(sheet: Sheet, value: Value, settings: Settings) -> Value:
    """Draw the ReLU layer with its slope, threshold and largest value."""
    slope = settings.number("negative_slope", 0.0)
    threshold = settings.number("threshold", 0.0)
    if threshold != 0:
        raise NoLayer(f"a ReLU that begins at {threshold} has no layer here")
    if not settings.has("max_value"):
        if slope == 0:
            return sheet.add("ReLU", value)
        return sheet.add("LeakyReLU", value, negative_slope=slope)
    most = settings.number("max_value", 6.0)
    if slope != 0:
        raise NoLayer("a ReLU with both a slope and a largest value has no layer here")
    if most == 6:
        return sheet.add("ReLU6", value)
    return sheet.add("Hardtanh", value, min_val=0.0, max_val=most)
