"""Checks that shape rules share, with errors in axis words and the fix that usually helps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from netloom.graph.diagnostics import DiagnosticCode
from netloom.layers.base import (
    AnyLayer,
    Inference,
    Inputs,
    InsertBefore,
    Port,
    ShapeProblem,
    Suggestion,
)
from netloom.layers.installed import is_own
from netloom.layers.params import LayerParams
from netloom.layers.shapes import (
    BATCH,
    Shape,
    axes_of,
    holds_integers,
    holds_mask,
    named_shape_text,
)
from netloom.layers.sizes import Expr, SizeTooComplicated

INSERT_FLATTEN = InsertBefore("Insert Flatten", "Flatten")
IMAGE_AXES = "BCHW"
LARGEST_SIZE = 2**53
MAX_COMPLEXITY = 48
_log = logging.getLogger(__name__)


def infer_layer(layer: AnyLayer, params: LayerParams, inputs: Inputs) -> Inference | ShapeProblem:
    """Return what follows for a layer, after the checks that hold for every layer.

    Sizes must stay of a kind that can be shown and computed with, whatever is drawn: products of
    products would grow without end.
    """
    if problem := kind_problem(layer, params, inputs):
        return problem
    try:
        found = layer.infer(params, inputs)
    except SizeTooComplicated:
        return ShapeProblem(
            f"A size that {layer.title} gives depends on the length of the data in too complicated "
            "a way. Give the input a fixed length.",
        )
    except Exception as error:
        if is_own(layer):
            raise
        _log.warning("Shapes of %s could not be inferred", layer.type_name, exc_info=True)
        return ShapeProblem(failure_text(layer, error))
    if isinstance(found, ShapeProblem):
        return found
    if layer.category != "Operators":  # They work out every axis, the first one too.
        found = _for_pieces(inputs, found)
    for shape in found.outputs.values():
        for dim in shape:
            if isinstance(dim.size, Expr) and dim.size.complexity() > MAX_COMPLEXITY:
                return ShapeProblem(
                    f"The size {dim.axis} that {layer.title} gives depends on the length of the "
                    "data in too complicated a way. Give the input a fixed length.",
                )
            if isinstance(dim.size, int) and dim.size > LARGEST_SIZE:
                return ShapeProblem(
                    f"{layer.title} would give more than {LARGEST_SIZE:,} numbers along "
                    f"{dim.axis}.",
                    code=DiagnosticCode.LIMIT_EXCEEDED,
                )
    return found


def _for_pieces(inputs: Inputs, found: Inference) -> Inference:
    """Keep how many pieces samples were cut into, `4·B`, where a shape rule says B alone."""
    first = next(iter(inputs.values()), ())
    if not first or first[0].axis != "B" or first[0].size == BATCH.size or first[0].size == 1:
        return found
    outputs = {
        port: (first[0], *shape[1:]) if shape and shape[0] == BATCH else shape
        for port, shape in found.outputs.items()
    }
    return replace(found, outputs=outputs)


def failure_text(layer: AnyLayer, error: Exception) -> str:
    """Say that a layer of an installed package failed, and who can help."""
    package = layer.type_name.partition(".")[0]
    return (
        f"{layer.title} failed ({type(error).__name__}: {str(error)[:200]}). It is of the package "
        f"{package}: update it, or ask its authors."
    )


def kind_problem(layer: AnyLayer, params: LayerParams, inputs: Inputs) -> ShapeProblem | None:
    """Return a problem when numbers, whole numbers or a mask arrive where another kind belongs."""
    if layer.role != "layer":
        return None
    for port in layer.input_ports(params):
        if port.takes_any:
            continue
        shape = inputs[port.name]
        problem = None
        if port.takes_mask and not holds_mask(shape):
            problem = _no_mask(layer, port, shape)
        elif holds_mask(shape) and not port.takes_mask:
            problem = _no_numbers(layer, port, shape, "a padding mask", "a port for masks")
        elif holds_integers(shape) and not port.takes_integers:
            is_tokens = axes_of(shape) == "BT"
            kind, only = ("tokens", "an Embedding") if is_tokens else ("indices", "an unpooling")
            problem = _no_numbers(layer, port, shape, kind, only)
        if problem is not None:
            return problem
    return None


def _no_mask(layer: AnyLayer, port: Port, shape: Shape) -> ShapeProblem:
    is_tokens = axes_of(shape) == "BT"
    fix = InsertBefore("Insert Padding mask", "PaddingMask", port.name)
    return ShapeProblem(
        f"The {port.title.lower()} of {layer.title} is (B, mask T), as a Padding mask gives it of "
        f"tokens, but it receives {named_shape_text(shape)}.",
        port=port.name,
        suggestions=(fix,) if is_tokens else (),
    )


def _no_numbers(layer: AnyLayer, port: Port, shape: Shape, kind: str, only: str) -> ShapeProblem:
    embed = InsertBefore("Insert Embedding", "Embedding", port.name)
    return ShapeProblem(
        f"{layer.title} computes with numbers but receives {kind}, "
        f"{named_shape_text(shape)}, which only {only} can take.",
        port=port.name,
        suggestions=(embed,) if kind == "tokens" else (),
    )


def expect_image(title: str, shape: Shape) -> ShapeProblem | None:
    """Return a problem unless the shape is (B, C, H, W) with sizes that are numbers."""
    return expect_axes(title, shape, (IMAGE_AXES,))


def expect_axes(title: str, shape: Shape, accepted: Sequence[str]) -> ShapeProblem | None:
    """Return a problem unless the shape has one of the orders of axes, e.g. `BCT` or `BCHW`.

    Every size but those of B and T must be a number.
    """
    axes = axes_of(shape)
    if axes not in accepted:
        words = " or ".join(f"({', '.join(order)})" for order in accepted)
        suggestions = _reordering(axes, accepted)
        hint = "" if suggestions else _hint(axes)
        return ShapeProblem(
            f"{title} needs {words} but receives {named_shape_text(shape)}.{hint}",
            port="input",
            suggestions=suggestions,
        )
    return expect_fixed(title, shape)


def expect_fixed(title: str, shape: Shape) -> ShapeProblem | None:
    """Return a problem when a size other than those of B and T depends on the data."""
    if any(isinstance(dim.size, Expr) for dim in shape if dim.axis not in ("B", "T")):
        return ShapeProblem(
            f"{title} needs fixed sizes but receives {named_shape_text(shape)}.", port="input"
        )
    return None


def _hint(axes: str) -> str:
    return " Feed it before the features are flattened." if axes == "BF" else ""


def _reordering(axes: str, accepted: Sequence[str]) -> tuple[Suggestion, ...]:
    """Offer to bring the axes of a sequence to those of a signal, and the other way round."""
    if axes == "BTF" and "BCT" in accepted:
        return (_INSERT_SIGNAL,)
    return ()


INSERT_SEQUENCE = InsertBefore(
    "Insert Permute to (B, T, F)", "Permute", params={"order": [0, 2, 1]}
)
_INSERT_SIGNAL = InsertBefore("Insert Permute to (B, C, T)", "Permute", params={"order": [0, 2, 1]})


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
