"""All layer types by name: the built-in families, and those of installed packages."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import cast, get_args

from netloom.layers.base import AnyLayer, Category, LayerType

ENTRY_POINT_GROUP = "netloom.layers"
_FAMILIES = (
    "input_output",
    "sequence_input",
    "convolution",
    "transposed",
    "linear",
    "embedding",
    "positions",
    "recurrent",
    "attention",
    "transformer",
    "detection",
    "dense_prediction",
    "pooling",
    "adaptive_pooling",
    "normalization",
    "activation",
    "more_activations",
    "regularization",
    "reshape",
    "crop_pad",
    "resize",
    "reduction",
    "combine",
    "merge",
    "einsum",
    "block",
)
_log = logging.getLogger(__name__)


@cache
def _registry() -> dict[str, AnyLayer]:
    layers: dict[str, AnyLayer] = {}
    for family in _FAMILIES:
        module = import_module(f"netloom.layers.{family}")
        for layer in cast("tuple[AnyLayer, ...]", module.LAYERS):
            layers[layer.type_name] = layer
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        for layer in _third_party_layers(entry_point):
            if layer.type_name in layers:
                _log.warning("%s declares layer type %s again", entry_point, layer.type_name)
            else:
                layers[layer.type_name] = layer
    return layers


def _third_party_layers(entry_point: EntryPoint) -> tuple[AnyLayer, ...]:
    """Return what an installed package adds; a broken one must not take the studio down."""
    try:
        loaded: object = entry_point.load()
    except Exception:  # noqa: BLE001 - code of others fails as it likes
        _log.exception("Layer types of %s could not be loaded", entry_point)
        return ()
    candidates = cast("tuple[object, ...]", loaded) if isinstance(loaded, tuple) else (loaded,)
    layers = [cast("AnyLayer", item) for item in candidates if isinstance(item, LayerType)]
    if len(layers) < len(candidates):
        _log.warning("%s gives something that is not a LayerType instance", entry_point)
    return tuple(layers)


def get_layer(type_name: str) -> AnyLayer | None:
    """Return the declaration of a layer type, None when nothing of that name is installed."""
    return _registry().get(type_name)


def all_layers() -> list[AnyLayer]:
    """Return every layer type, in palette order: category by category."""
    order = {category: index for index, category in enumerate(get_args(Category))}
    return sorted(_registry().values(), key=lambda layer: order.get(layer.category, len(order)))
