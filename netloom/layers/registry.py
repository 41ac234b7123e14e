"""All layer types by name: the built-in families, and those of installed packages."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast, get_args

from netloom.layers.base import AnyLayer, Category
from netloom.layers.installed import InstalledLayers, load_installed

_FAMILIES = (
    "input_output",
    "sequence_input",
    "convolution",
    "transposed",
    "separable",
    "linear",
    "embedding",
    "positions",
    "recurrent",
    "attention",
    "transformer",
    "detection",
    "dense_prediction",
    "detections",
    "raw_boxes",
    "dense_detections",
    "regions",
    "pooling",
    "adaptive_pooling",
    "unpooling",
    "masking",
    "normalization",
    "activation",
    "rectifiers",
    "squashing",
    "shrinking",
    "gated_linear",
    "regularization",
    "reshape",
    "permute",
    "crop",
    "pad",
    "resize",
    "reduction",
    "combine",
    "merge",
    "einsum",
    "operator",
    "tensors",
    "tensor_input",
    "placeholder",
    "block",
)


@cache
def _own_layers() -> dict[str, AnyLayer]:
    layers: dict[str, AnyLayer] = {}
    for family in _FAMILIES:
        module = import_module(f"netloom.layers.{family}")
        for layer in cast("tuple[AnyLayer, ...]", module.LAYERS):
            layers[layer.type_name] = layer
    return layers


@cache
def installed_layers() -> InstalledLayers:
    """Return what packages add to Netloom's own layers, and what is wrong with it."""
    return load_installed(_own_layers())


@cache
def _registry() -> dict[str, AnyLayer]:
    added = {layer.type_name: layer for _, layer in installed_layers().layers}
    return {**_own_layers(), **added}


def get_layer(type_name: str) -> AnyLayer | None:
    """Return the declaration of a layer type, None when nothing of that name is installed."""
    return _registry().get(type_name)


def all_layers() -> list[AnyLayer]:
    """Return every layer type, in palette order: category by category."""
    order = {category: index for index, category in enumerate(get_args(Category))}
    return sorted(_registry().values(), key=lambda layer: order.get(layer.category, len(order)))
