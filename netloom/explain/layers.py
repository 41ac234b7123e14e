"""Which layers Grad-CAM can look at. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netloom.compile.plan import plan_network
from netloom.compile.steps import LayerStep, Scope
from netloom.graph.document import Document
from netloom.layers.base import ShapeProblem
from netloom.layers.shapes import Shape, axes_of, shape_text, size_of

_PASSES_ON = frozenset({"Pooling", "Regularization", "Shape"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    path: str
    category: str
    shape: Shape


def gradcam_layers(document: Document) -> list[tuple[str, str]]:
    """Return (node path, shape text) of every layer with image-shaped output, in calling order.

    A path inside a block is `instance/inner` and means the last repeat.

    Raises:
        CompileError: The network has errors.
    """
    found = _candidates(plan_network(document), "")
    return list({layer.path: (layer.path, shape_text(layer.shape)) for layer in found}.values())


def default_gradcam_layer(document: Document) -> str | None:
    """Return the last layer with an image-shaped output before pooling and flattening.

    None when no layer gives an image.

    Raises:
        CompileError: The network has errors.
    """
    return next(iter(ranked_gradcam_layers(document)), None)


def ranked_gradcam_layers(document: Document) -> list[str]:
    """Return the paths of all layers with image-shaped output, the most telling first.

    Late layers know most about the class. Pooling and dropout only pass on what an earlier layer
    found, and an output of one position says nothing about where.

    Raises:
        CompileError: The network has errors.
    """

    def rank(layer: _Candidate) -> tuple[bool, bool]:
        is_point = _num_positions(layer.shape) == 1
        return is_point, layer.category in _PASSES_ON

    latest_first = reversed(list(_candidates(plan_network(document), "")))
    return list(dict.fromkeys(layer.path for layer in sorted(latest_first, key=rank)))


def _candidates(scope: Scope, prefix: str) -> Iterator[_Candidate]:
    for step in scope.steps:
        path = prefix + step.node_id
        if not isinstance(step, LayerStep):
            yield from _candidates(step.bodies[-1], f"{path}/")
            continue
        inference = step.layer.infer(step.params, step.input_shapes)
        if isinstance(inference, ShapeProblem):
            continue
        shape = next(iter(inference.outputs.values()))
        # A module of several outputs gives a tuple, of which no gradient can be asked.
        if axes_of(shape) == "BCHW" and len(inference.outputs) == 1:
            yield _Candidate(path, step.layer.category, shape)


def _num_positions(shape: Shape) -> int:
    height, width = size_of(shape, "H"), size_of(shape, "W")
    return height * width if isinstance(height, int) and isinstance(width, int) else 2
