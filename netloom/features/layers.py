"""Which layers give features, and how many numbers each. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from netloom.compile.plan import plan_network
from netloom.compile.steps import LayerStep, Scope
from netloom.features.results import FeatureError, Pooling
from netloom.graph.document import Document
from netloom.layers.base import ShapeProblem
from netloom.layers.shapes import Shape, axes_of, holds_numbers, shape_text

_LEARNED = ("Linear", "Conv1d", "Conv2d", "Conv3d")


@dataclass(frozen=True, slots=True)
class FeatureLayer:
    """A layer whose output can be taken as features.

    Attributes:
        path: Of its node; inside a block `instance/inner`, which means the last repeat.
        name: The same in the names that people see.
        type: Of the layer.
        shape: Of its output.
    """

    path: str
    name: str
    type: str
    shape: Shape

    @property
    def channel_axis(self) -> int | None:
        """Which axis tells features apart; None where there are only positions."""
        axes = axes_of(self.shape)
        return next((axes.index(axis) for axis in "CF" if axis in axes), None)

    @property
    def positions(self) -> list[int]:
        """The axes that say where something is, or when."""
        return [axis for axis in range(1, len(self.shape)) if axis != self.channel_axis]

    def num_features(self, pooling: Pooling) -> int | None:
        """Return how many numbers an image has; None where nobody can tell before it is run."""
        kept = range(1, len(self.shape)) if pooling == "flat" else [self.channel_axis]
        sizes = [None if axis is None else self.shape[axis].size for axis in kept]
        known = [size for size in sizes if isinstance(size, int)]
        return prod(known) if len(known) == len(sizes) else None

    def words(self, pooling: Pooling) -> str:
        """Say plainly what an image's features are, e.g. `conv2: 64 channels averaged over...`."""
        num = self.num_features(pooling)
        numbers = "numbers" if num is None else f"{num:,} numbers"
        inner = " × ".join(str(self.shape[axis].size) for axis in self.positions)
        if not inner:
            return f"{self.name}: {numbers} an image"
        if pooling == "flat":
            return f"{self.name}: all {shape_text(self.shape[1:])} values, {numbers} an image"
        how = "average" if pooling == "average" else "maximum"
        return f"{self.name}: {how} over {inner} positions, {numbers} an image"


def feature_layers(document: Document) -> list[FeatureLayer]:
    """Return every layer that gives numbers, in calling order.

    Raises:
        CompileError: The network has errors.
    """
    found = _layers(plan_network(document), "", "")
    return list({layer.path: layer for layer in found}.values())


def default_feature_layer(document: Document) -> FeatureLayer:
    """Return the last layer before the classifier: what knows most, and not yet the classes.

    A network that ends in an image or a sequence has no classifier: its last layer is taken.

    Raises:
        CompileError: The network has errors.
        FeatureError: No layer gives numbers.
    """
    scope = plan_network(document)
    layers = feature_layers(document)
    if not layers:
        raise FeatureError("No layer of the network gives numbers that could be features.")
    is_classifier = len(scope.outputs) == 1 and len(scope.outputs[0].shape) == 2
    if is_classifier:
        for place in range(len(layers) - 1, 0, -1):
            if layers[place].type in _LEARNED:
                return layers[place - 1]
    return layers[-1]


def find_layer(document: Document, name: str | None) -> FeatureLayer:
    """Return a layer by its path, or by its name as lists show it; None gives the default.

    Raises:
        CompileError: The network has errors.
        FeatureError: There is no such layer.
    """
    if name is None:
        return default_feature_layer(document)
    layers = feature_layers(document)
    dotted = name.replace(".", "/")
    for layer in layers:
        if name in (layer.path, layer.name) or dotted == layer.name:
            return layer
    known = ", ".join(layer.name for layer in layers[-20:])
    raise FeatureError(f"There is no layer {name!r} that gives features. The last ones: {known}.")


def _layers(scope: Scope, prefix: str, names: str) -> Iterator[FeatureLayer]:
    for step in scope.steps:
        path, name = prefix + step.node_id, names + step.name
        if not isinstance(step, LayerStep):
            yield from _layers(step.bodies[-1], f"{path}/", f"{name}/")
            continue
        inference = step.layer.infer(step.params, step.input_shapes)
        if isinstance(inference, ShapeProblem):
            continue
        shape = next(iter(inference.outputs.values()))
        # A module of several outputs gives a tuple; one whose samples were cut has no row of each.
        if (
            len(inference.outputs) == 1
            and len(shape) > 1
            and str(shape[0].size) == "B"
            and holds_numbers(shape)
        ):
            yield FeatureLayer(path, name, step.layer.type_name, shape)
