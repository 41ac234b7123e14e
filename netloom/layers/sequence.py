"""Checks that layers of sequences share, and the ways from other shapes to (B, T, F)."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.graph.document import ParamValue
from netloom.layers.base import InsertBefore, Port, SetParams, ShapeProblem, Suggestion
from netloom.layers.params import param
from netloom.layers.shapes import Dim, Shape, axes_of, named_shape_text
from netloom.layers.sizes import Expr

SEQUENCE_AXES = "BTF"
_SIGNAL_TO_SEQUENCE: Mapping[str, ParamValue] = {"order": [0, 2, 1]}


def expect_sequence(title: str, shape: Shape, port: str = "input") -> ShapeProblem | None:
    """Return a problem unless the shape is (B, T, F) with a known F."""
    received = named_shape_text(shape)
    if axes_of(shape) == SEQUENCE_AXES:
        if isinstance(shape[-1].size, int):
            return None
        return ShapeProblem(
            f"{title} needs a fixed number of features but receives {received}, whose size "
            "depends on the data.",
            port=port,
        )
    words, suggestions = _way_to_sequence(shape, port)
    return ShapeProblem(
        f"{title} needs a sequence (B, T, F) but receives {received}. {words}",
        port=port,
        suggestions=suggestions,
    )


def _way_to_sequence(shape: Shape, port: str) -> tuple[str, tuple[Suggestion, ...]]:
    match axes_of(shape):
        case "BCT":
            fix = InsertBefore("Insert Permute to (B, T, F)", "Permute", port, _SIGNAL_TO_SEQUENCE)
            return "Channels come last in a sequence: insert a Permute.", (fix,)
        case "BCHW":
            fix = InsertBefore("Insert Patch embedding", "PatchEmbedding", port)
            return "A Patch embedding turns an image into a sequence.", (fix,)
        case _:
            return "Connect it where there still is a time axis.", ()


def masked_port(param: str, name: str = "padding_mask", title: str = "Padding mask") -> Port:
    """Return the port of a mask of padding, there while a parameter is on."""
    return Port(name, title, param, takes_mask=True)


def mask_param(what: str, *, title: str = "Padding mask") -> bool:
    """Declare the parameter that switches such a port on."""
    text = f"Adds a port for a mask (B, mask T): {what}"
    return param(False, title, text, is_advanced=True)


def mask_problem(
    sequence: Shape, inputs: Mapping[str, Shape], port: str = "padding_mask"
) -> ShapeProblem | None:
    """Return a problem when there is a mask, and it is for other positions than the sequence's."""
    mask = inputs.get(port)
    if mask is None or mask[-1].size == sequence[1].size:
        return None
    return ShapeProblem(
        f"The mask is for {mask[-1].size} positions but the sequence {named_shape_text(sequence)} "
        f"has {sequence[1].size}.",
        port=port,
    )


def tokens_problem(title: str, shape: Shape) -> ShapeProblem | None:
    """Return a problem unless the shape is (B, T) of tokens."""
    if len(shape) == 2 and shape[-1].vocabulary is not None:
        return None
    return ShapeProblem(
        f"{title} needs tokens (B, T) of a Token input but receives "
        f"{named_shape_text(shape)}. Connect a Token input.",
        port="input",
    )


def index_problem(padding_index: int, shape: Shape) -> ShapeProblem | None:
    """Return a problem when tokens cannot be the one that fills sequences up."""
    vocabulary = shape[-1].vocabulary or 0
    if padding_index < vocabulary:
        return None
    return ShapeProblem(
        f"There is no token {padding_index}: the vocabulary has {vocabulary}, counted from 0.",
        port="input",
        param="padding_index",
        suggestions=(SetParams("Use token 0", {"padding_index": 0}),),
    )


def time_of(shape: Shape) -> Dim:
    """Return the time axis of a sequence, without what its positions held before."""
    return Dim("T", shape[1].size)


def length_of(shape: Shape) -> int | None:
    """Return how many positions a sequence has; None where that varies."""
    size = shape[1].size
    return None if isinstance(size, Expr) else size


def heads_problem(
    title: str,
    num_features: int,
    num_heads: int,
    *,
    needs_pairs: bool = False,
    port: str = "input",
) -> ShapeProblem | None:
    """Return a problem unless features split evenly into heads.

    Args:
        needs_pairs: Each head needs an even number of features.
    """
    unit = 2 * num_heads if needs_pairs else num_heads
    if num_features % unit == 0:
        return None
    pairs = ", in pairs," if needs_pairs else ""
    step = 2 if needs_pairs else 1
    fitting = [count for count in range(1, 65) if num_features % (step * count) == 0]
    nearest = min(fitting, key=lambda count: (abs(count - num_heads), count), default=None)
    suggestions: tuple[Suggestion, ...] = ()
    if nearest is not None:
        label = f"Use {nearest} head{'' if nearest == 1 else 's'}"
        suggestions = (SetParams(label, {"num_heads": nearest}),)
    return ShapeProblem(
        f"{title} splits features among heads{pairs} but {num_heads} heads do not divide "
        f"{num_features} features.",
        port=port,
        param="num_heads",
        suggestions=suggestions,
    )
