"""LSTM, GRU and RNN in Keras, one layer for each of theirs.

Legend for shapes: F features, U units; gates stand one behind the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.writing.tensor import Tensor
from netloom.formats.keras.writing.use import Use, wants
from netloom.layers.recurrent import GRUParams, RecurrentParams
from netloom.layers.shapes import Dim

if TYPE_CHECKING:
    from netloom.formats.keras.writing.use import Array

_KINDS = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN"}
_GATES = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2), "RNN": (0,)}
"""Place in torch of each gate of Keras: i, f, c, o; z, r, h."""


def recurrent(use: Use) -> Tensor:
    """Say a recurrent layer; several on top of each other become as many in Keras."""
    params = cast("RecurrentParams", use.step.params)
    wants(
        not params.takes_state and not params.gives_state,
        "States that are given or taken are not written yet.",
    )
    wants(not params.takes_padding_mask, "Keras takes its masks on another way.")
    value = use.value
    features = params.hidden_size * params.num_directions
    for number in range(params.num_layers):
        is_last = number == params.num_layers - 1
        suffix = "" if params.num_layers == 1 else f"layer{number + 1}"
        returns_all = not is_last or params.output == "sequence"
        shape = use.shape if is_last else (*value.shape[:2], Dim("F", features))
        drawn = _layer(use, params, value, number, suffix, returns_all=returns_all)
        value = Tensor(drawn.layer, drawn.call, shape, tuple(range(len(shape))))
        if params.dropout and not is_last:
            value = use.add(
                "Dropout", value, shape=shape, suffix=f"dropout{number + 1}", rate=params.dropout
            )
    return value


def _layer(
    use: Use,
    params: RecurrentParams,
    value: Tensor,
    number: int,
    suffix: str,
    *,
    returns_all: bool,
) -> Tensor:
    kind = _KINDS[use.step.layer.type_name]
    config: JsonObject = {
        "units": params.hidden_size,
        "return_sequences": returns_all,
        "use_bias": params.bias,
        "activation": getattr(params, "nonlinearity", "tanh"),
    }
    if kind != "SimpleRNN":
        config["recurrent_activation"] = "sigmoid"
    if kind == "GRU":
        config["reset_after"] = _resets_after(params)
    shape = (*value.shape[:2], Dim("F", params.hidden_size * params.num_directions))
    if not params.bidirectional:
        return use.add(
            kind,
            value,
            shape=shape,
            suffix=suffix,
            arrays=lambda: {f"cell/{k}": v for k, v in _arrays(use, params, number, "").items()},
            more=config,
        )

    def both() -> dict[str, Array]:
        found: dict[str, Array] = {}
        for part, ending in (("forward_layer", ""), ("backward_layer", "_reverse")):
            arrays = _arrays(use, params, number, ending)
            found |= {f"{part}/cell/{name}": array for name, array in arrays.items()}
        return found

    layer: JsonObject = {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": f"{use.name}_{kind.lower()}", **config},
        "registered_name": None,
    }
    return use.add(
        "Bidirectional",
        value,
        shape=shape,
        suffix=suffix,
        arrays=both,
        layer=layer,
        merge_mode="concat",
    )


def _arrays(use: Use, params: RecurrentParams, number: int, ending: str) -> dict[str, Array]:
    """Turn the weights of torch into kernel (F, gates · U), recurrent kernel and bias."""
    type_name = use.step.layer.type_name
    order, units = _GATES[type_name], params.hidden_size

    def taken(name: str) -> Array:
        array = use.array(f"{name}_l{number}{ending}")
        parts = [array[at * units : (at + 1) * units] for at in order]
        return np.concatenate(parts).T

    arrays = {"vars/0": taken("weight_ih"), "vars/1": taken("weight_hh")}
    if not params.bias:
        return arrays
    inputs, states = taken("bias_ih"), taken("bias_hh")
    # A reset gate behind the product acts on the bias of the state too: the two stay apart.
    is_apart = type_name == "GRU" and _resets_after(params)
    bias = np.stack([inputs, states]) if is_apart else inputs + states
    return {**arrays, "vars/2": bias}


def _resets_after(params: RecurrentParams) -> bool:
    return not isinstance(params, GRUParams) or params.reset_after
