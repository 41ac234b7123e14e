"""LSTM, GRU and SimpleRNN of Keras, also in both directions.

Legend for shapes: F features, U units; gates stand one behind the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.keras.activations import activation_name
from netloom.formats.keras.dialects import in_todays_words
from netloom.formats.keras.settings import JsonObject, Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.graph.document import ParamValue

if TYPE_CHECKING:
    from netloom.formats.keras.sheet import Array

_TYPES = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
_GATES = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "SimpleRNN": (0,)}
"""Place in Keras of each gate of torch: i, f, g, o; r, z, n."""


def recurrent(
    sheet: Sheet, value: Value, kind: str, settings: Settings, arrays: list[Array]
) -> Value:
    """Draw a layer that reads a sequence in one direction."""
    if settings.flag("go_backwards", False):
        raise NoLayer("it reads backwards")
    weights = _weights(sheet, kind, settings, arrays, "")
    return _draw(sheet, value, kind, settings, weights, is_bidirectional=False)


def bidirectional(sheet: Sheet, value: Value, settings: Settings, arrays: list[Array]) -> Value:
    """Draw Bidirectional around an LSTM, GRU or SimpleRNN."""
    inner = settings.part("layer")
    kind, config = in_todays_words(
        str(inner.get("class_name")), cast("JsonObject", inner.get("config") or {})
    )
    if kind not in _TYPES:
        raise NoLayer(f"it goes both ways with a {kind[:80]}")
    if settings.text("merge_mode", "concat") != "concat":
        raise NoLayer(f"it joins both directions by “{settings.text('merge_mode', '')}”")
    own = Settings(config, settings.owner)
    half = len(arrays) // 2
    weights = {
        **_weights(sheet, kind, own, arrays[:half], ""),
        **_weights(sheet, kind, own, arrays[half:], "_reverse"),
    }
    return _draw(sheet, value, kind, own, weights, is_bidirectional=True)


def _draw(
    sheet: Sheet,
    value: Value,
    kind: str,
    settings: Settings,
    weights: dict[str, Array],
    *,
    is_bidirectional: bool,
) -> Value:
    if settings.flag("return_state", False):
        raise NoLayer("it gives its state")
    if settings.flag("stateful", False):
        sheet.say("Every batch starts from a state of zeros; in Keras it went on from the last.")
    if settings.number("dropout", 0) or settings.number("recurrent_dropout", 0):
        sheet.say("Its dropout inside the steps is left out; that matters in training only.")
    value = sheet.as_sequence(value)
    name = activation_name(settings, default="tanh")
    more: dict[str, ParamValue] = {}
    if kind == "GRU" and not settings.flag("reset_after", sheet.keras_major >= 3):
        more["reset_after"] = False
    if kind == "SimpleRNN" and name == "relu":
        more["nonlinearity"] = "relu"
    elif name != "tanh":
        raise NoLayer(f"its activation is {name}, not tanh")
    padding = sheet.padding_of(value)
    is_sequence = settings.flag("return_sequences", False)
    if padding is not None:
        more["takes_padding_mask"] = True
        if is_sequence:
            sheet.say("At padding it gives zeros, where Keras repeats the step before.")
    return sheet.add(
        _TYPES[kind],
        *([value] if padding is None else [value, padding]),
        weights=weights,
        hidden_size=settings.whole("units"),
        bidirectional=is_bidirectional,
        output="sequence" if is_sequence else "last",
        more=more,
    )


def _weights(
    sheet: Sheet, kind: str, settings: Settings, arrays: list[Array], suffix: str
) -> dict[str, Array]:
    """Turn kernel (F, gates · U), recurrent kernel (U, gates · U) and bias into those of torch."""
    default_gate = "hard_sigmoid" if sheet.keras_major < 3 else "sigmoid"
    if kind != "SimpleRNN":
        gate = activation_name(settings, "recurrent_activation", default_gate)
        if gate == "hard_sigmoid":
            sheet.say(
                "Its gates use a sigmoid; in the file it is a hard sigmoid, straight lines close "
                "to it. Results differ a little."
            )
        elif gate != "sigmoid":
            raise NoLayer(f"the activation of its gates is {gate}")
    if not arrays:
        return {}
    has_bias = settings.flag("use_bias", True)
    if len(arrays) != 2 + has_bias or arrays[0].ndim != 2 or arrays[1].ndim != 2:
        raise NoLayer(f"it has {len(arrays)} weights for one direction")
    units, order = settings.whole("units"), _GATES[kind]
    weights = {
        f"weight_ih_l0{suffix}": _in_order(arrays[0], order, units).T,
        f"weight_hh_l0{suffix}": _in_order(arrays[1], order, units).T,
    }
    size = len(order) * units
    inputs, states = np.zeros(size), np.zeros(size)
    if has_bias and arrays[2].ndim == 2:
        inputs, states = (_in_order(row, order, units) for row in arrays[2])
    elif has_bias:
        inputs = _in_order(arrays[2], order, units)
    return {**weights, f"bias_ih_l0{suffix}": inputs, f"bias_hh_l0{suffix}": states}


def _in_order(array: Array, order: tuple[int, ...], units: int) -> Array:
    """Bring gates, on the last axis, into the order of torch."""
    if array.shape[-1] != len(order) * units:
        raise NoLayer(f"its weights are not those of {len(order)} gates of {units}")
    parts = [array[..., at * units : (at + 1) * units] for at in order]
    return np.concatenate(parts, axis=-1)
