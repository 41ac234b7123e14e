"""Which orders of axes a layer takes, found by asking its shape rule about one shape of each."""

from __future__ import annotations

from functools import cache

from netloom.layers.base import AnyLayer, Inference
from netloom.layers.expect import infer_layer
from netloom.layers.shapes import BATCH, Dim, Shape, axes_of, image_shape, volume_shape

_SAMPLES: tuple[Shape, ...] = (
    (BATCH, Dim("F", 64)),
    (BATCH, Dim("T", 16, vocabulary=1000)),
    (BATCH, Dim("T", 16), Dim("F", 64)),
    (BATCH, Dim("C", 64), Dim("T", 16)),
    image_shape(64, 32, 32),
    volume_shape(64, 16, 32, 32),
)
"""Sizes that ordinary parameters divide; `BT` are tokens."""


@cache
def accepted_axes(layer: AnyLayer) -> tuple[str, ...]:
    """Return what the first input takes with default parameters, e.g. `("BCHW",)`.

    Empty for a layer without inputs, and where the answer needs a parameter without a default.
    """
    if layer.role != "layer":
        return ()
    if any(field.is_required() for field in layer.Params.model_fields.values()):
        return ()
    return tuple(axes_of(shape) for shape in _SAMPLES if _takes(layer, shape))


def _takes(layer: AnyLayer, shape: Shape) -> bool:
    """Say whether the first input takes a shape that arrives at all of them.

    What is wrong at another input alone says nothing against the first.
    """
    params = layer.Params()
    ports = layer.input_ports(params)
    if not ports:
        return False
    found = infer_layer(layer, params, {port.name: shape for port in ports})
    if isinstance(found, Inference):
        return True
    return found.port not in (None, ports[0].name)
