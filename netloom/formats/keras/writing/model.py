"""A network as a Keras model: every layer where its blocks stand, one after the other.

Blocks become names: `stage1.conv` is the layer `stage1_conv`. Without weights the same walk tells
what Keras cannot say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netloom.compile.plan import plan_network
from netloom.compile.steps import BlockStep, LayerStep, Scope, ScopePort, Value
from netloom.formats.error_gaps import named_node
from netloom.formats.exported import ExportGap
from netloom.formats.keras.settings import JsonObject
from netloom.formats.keras.writing.board import Board
from netloom.formats.keras.writing.inputs import draw_input
from netloom.formats.keras.writing.table import SAYERS
from netloom.formats.keras.writing.tensor import NotInKeras, Tensor, keras_order
from netloom.formats.keras.writing.turning import Turning
from netloom.formats.keras.writing.use import Use
from netloom.graph.document import Document
from netloom.layers.base import ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.shapes import Shape

if TYPE_CHECKING:
    from netloom.formats.keras.writing.use import Array

_NEXT_STEP = "Replace it by layers that Keras has, or export to ONNX."


@dataclass(slots=True)
class KerasSketch:
    """A Keras model with its weights.

    Attributes:
        inputs: In the order of the network's own.
        gaps: What Keras cannot say; the model is not whole while there are any.
    """

    name: str
    board: Board
    inputs: list[Tensor]
    outputs: list[Tensor]
    gaps: list[ExportGap]
    notes: list[str]

    @property
    def config(self) -> JsonObject:
        """What `config.json` holds."""
        return self.board.config(self.name, self.inputs, self.outputs)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a scope stands: names for people, ids without and with repeats, owner of weights."""

    name: str = ""
    node: str = ""
    weight: str = ""
    owner: str = ""


def sketch(
    document: Document, weights: Mapping[str, Array] | None, *, takes_pixels: bool
) -> KerasSketch:
    """Say a network in Keras.

    Args:
        weights: By weight key; None to learn what Keras cannot say.
        takes_pixels: Images go in as 0 to 255, and are scaled by a layer.

    Raises:
        CompileError: The network has errors.
    """
    plan = plan_network(document)
    walk = _Walk(document, _by_path(weights or {}))
    inputs: list[Tensor] = []
    values: dict[Value, Tensor] = {}
    for port in plan.inputs:
        node = document.graph.nodes[port.value.node_id]
        given, used = draw_input(walk.board, port, node, takes_pixels=takes_pixels)
        inputs.append(given)
        values[port.value] = used
    ends = walk.scope(plan, _Place(), values)
    outputs = [walk.end(port, end) for port, end in zip(plan.outputs, ends, strict=True)]
    if not walk.gaps:
        walk.board.arrange(inputs, outputs)
    return KerasSketch(document.graph.name, walk.board, inputs, outputs, walk.gaps, walk.notes)


@dataclass(slots=True)
class _Walk:
    document: Document
    weights: Mapping[str, Mapping[str, Array]]
    board: Board = field(default_factory=Board)
    gaps: list[ExportGap] = field(default_factory=list[ExportGap])
    notes: list[str] = field(default_factory=list[str])

    def scope(self, scope: Scope, place: _Place, values: dict[Value, Tensor]) -> list[Tensor]:
        """Say the layers of a scope and return what leaves it."""
        for step in scope.steps:
            given = tuple(values[value] for value in step.arguments)
            if isinstance(step, LayerStep):
                made = self._layer(step, place, given)
            else:
                made = self._block(step, place, given)
            values.update(zip(step.results, made, strict=True))
        return [values[port.value] for port in scope.outputs]

    def end(self, port: ScopePort, value: Tensor) -> Tensor:
        """Return an output with its numbers in the usual order."""
        if value.least_around:
            reason = "Only a max pooling takes a border of very small numbers."
            self.gaps.append(ExportGap(path=port.value.node_id, name=port.name, reason=reason))
        return Turning(self.board, port.name).usual(value)

    def _block(self, step: BlockStep, place: _Place, given: tuple[Tensor, ...]) -> list[Tensor]:
        results = list(given)
        for index, body in enumerate(step.bodies):
            number = "" if len(step.bodies) == 1 else f"_{index}"
            inner = _Place(
                f"{place.name}{step.name}{number}_",
                f"{place.node}{step.node_id}/",
                f"{place.weight}{step.node_id}/{index}/",
                f"{place.owner}{step.weights_id}/{0 if step.is_shared else index}/",
            )
            ports = [port.value for port in body.inputs]
            results = self.scope(body, inner, dict(zip(ports, results, strict=True)))
        return results

    def _layer(self, step: LayerStep, place: _Place, given: tuple[Tensor, ...]) -> list[Tensor]:
        shapes = _shapes(step)
        owner = f"{place.owner}{step.weights_id}"
        use = Use(
            board=self.board,
            step=step,
            name=f"{place.name}{step.name}",
            given=given,
            shapes=shapes,
            weights=self._weights_of(owner, f"{place.weight}{step.node_id}"),
            shared_key=owner,
            notes=self.notes,
        )
        sayer = SAYERS.get(step.layer.type_name)
        try:
            if sayer is None:
                raise NotInKeras("Keras has no such layer.")
            if any(each.least_around for each in given) and "MaxPool" not in step.layer.type_name:
                raise NotInKeras("Only a max pooling takes a border of very small numbers.")
            if len(shapes) != 1:
                raise NotInKeras("Keras gives one tensor here.")
            return [sayer(use)]
        except NotInKeras as reason:
            self._miss(step, place, str(reason))
            return [
                Tensor("missing", 0, shape, keras_order(shape), is_nonnegative=True)
                for shape in shapes
            ]

    def _weights_of(self, owner: str, own: str) -> dict[str, Array]:
        """Return parameters, which may be another use's, and buffers of a layer by their names."""
        return {**self.weights.get(owner, {}), **self.weights.get(own, {})}

    def _miss(self, step: LayerStep, place: _Place, reason: str) -> None:
        path = f"{place.node}{step.node_id}"
        if any(gap.path == path for gap in self.gaps):
            return  # a repeat of the same node
        name, _ = named_node(self.document, path)
        self.gaps.append(
            ExportGap(
                path=path,
                name=name[:2000],
                type=step.layer.type_name,
                reason=reason,
                next_step=_NEXT_STEP,
            )
        )


def _shapes(step: LayerStep) -> tuple[Shape, ...]:
    inferred = infer_layer(step.layer, step.params, step.input_shapes)
    if isinstance(inferred, ShapeProblem):
        raise NotInKeras(inferred.message)
    return tuple(inferred.outputs[value.port] for value in step.results)


def _by_path(weights: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    found: dict[str, dict[str, Array]] = defaultdict(dict)
    for key, array in weights.items():
        path, _, name = key.partition(":")
        found[path][name] = array
    return found
