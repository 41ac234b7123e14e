"""Checks that shape rules share, with errors in axis words and the fix that usually helps."""

from __future__ import annotations

from netloom.layers.base import AnyLayer, Inputs, InsertBefore, ShapeProblem
from netloom.layers.params import LayerParams
from netloom.layers.shapes import Expr, Shape, axes_of, holds_integers, named_shape_text

INSERT_FLATTEN = InsertBefore("Insert Flatten", "Flatten")
IMAGE_AXES = "BCHW"


def integers_problem(layer: AnyLayer, params: LayerParams, inputs: Inputs) -> ShapeProblem | None:
    """Return a problem when tokens or indices arrive where a layer computes with numbers."""
    if layer.role != "layer":
        return None
    for port in layer.input_ports(params):
        shape = inputs[port.name]
        if holds_integers(shape) and not port.takes_integers:
            kind = "tokens" if axes_of(shape) == "BT" else "indices"
            only = "an Embedding" if kind == "tokens" else "an unpooling"
            return ShapeProblem(
                f"{layer.title} computes with numbers but receives {kind}, "
                f"{named_shape_text(shape)}, which only {only} can take.",
                port=port.name,
            )
    return None


def expect_image(title: str, shape: Shape) -> ShapeProblem | None:
    """Return a problem unless the shape is (B, C, H, W)."""
    if axes_of(shape) == IMAGE_AXES:
        return None
    return ShapeProblem(
        f"{title} needs (B, C, H, W) but receives {named_shape_text(shape)}. "
        "Feed it before the features are flattened.",
        port="input",
    )


def expect_features(title: str, shape: Shape) -> ShapeProblem | None:
    """Return a problem unless the last axis is F with a known size."""
    received = named_shape_text(shape)
    if shape[-1].axis != "F":
        return ShapeProblem(
            f"{title} needs (B, F) but receives {received}. Insert Flatten?",
            port="input",
            suggestions=(INSERT_FLATTEN,),
        )
    if isinstance(shape[-1].size, Expr):
        return ShapeProblem(
            f"{title} needs a fixed number of features but receives {received}, whose size "
            "depends on the data.",
            port="input",
        )
    return None


def fixed_size(shape: Shape, axis: str) -> int:
    """Return a size that the caller has checked to be a number."""
    for dim in shape:
        if dim.axis == axis and isinstance(dim.size, int):
            return dim.size
    raise KeyError(axis)
