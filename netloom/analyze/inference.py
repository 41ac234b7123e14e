"""What follows for one layer from its parameters and the shapes that arrive, remembered.

An edit changes one layer and the shapes behind it. Everything else is found again under the same
parameters and shapes, so that analysing after an edit costs what the edit changed.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netloom.analyze.plan import PlannedNode
from netloom.graph.limits import BYTES_PER_ELEMENT
from netloom.layers.base import AnyLayer, Inference, ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.params import LayerParams
from netloom.layers.reach import Reach
from netloom.layers.shapes import DimJson, Shape, elements_per_sample, shape_json, shape_text
from netloom.layers.sizes import Expr, Size

MAX_REMEMBERED = 16_384
_LARGE_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node or a scope costs, for one sample."""

    parameters: int = 0
    trainable: int = 0
    flops: int = 0
    macs: int = 0
    activation_bytes: int = 0
    input_bytes: int = 0
    largest_bytes: int = 0
    num_layers: int = 0

    def repeated(self, times: int, *, shares_weights: bool, is_frozen: bool) -> Cost:
        """Return the cost of applying this several times in sequence."""
        copies = 1 if shares_weights else times
        return Cost(
            self.parameters * copies,
            0 if is_frozen else self.trainable * copies,
            self.flops * times,
            self.macs * times,
            self.activation_bytes * times,
            self.input_bytes,
            self.largest_bytes,
            self.num_layers * times,
        )


NO_COST = Cost()


def total_cost(costs: Sequence[Cost]) -> Cost:
    """Return what all of these cost together."""
    return Cost(
        sum([cost.parameters for cost in costs]),
        sum([cost.trainable for cost in costs]),
        sum([cost.flops for cost in costs]),
        sum([cost.macs for cost in costs]),
        sum([cost.activation_bytes for cost in costs]),
        sum([cost.input_bytes for cost in costs]),
        max([cost.largest_bytes for cost in costs], default=0),
        sum([cost.num_layers for cost in costs]),
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """What follows for a layer, for one sample.

    Attributes:
        reach: What one of its output positions sees of its input.
        elements: Numbers that each output port gives.
        kept_elements: Numbers that training holds beside the tensors at the ports.
        outputs_json: The shapes as the API tells them.
        output_text: The shape at the first port.
        is_large: A weight or an output might be beyond what can exist.
    """

    inference: Inference
    cost: Cost
    reach: Reach
    elements: Mapping[str, int]
    kept_elements: int
    outputs_json: Mapping[str, list[DimJson]]
    output_text: str
    is_large: bool


_Key = tuple[str, str, bool, tuple[Shape, ...]]
_remembered: OrderedDict[_Key, Layer | ShapeProblem] = OrderedDict()


def infer(planned: PlannedNode, inputs: Mapping[str, Shape]) -> Layer | ShapeProblem:
    """Return what follows for a layer whose parameters could be read.

    Args:
        inputs: A shape for every input port.
    """
    layer, params = planned.layer, planned.params
    if layer is None or params is None:
        raise ValueError(f"{planned.node.name} has no layer type or no readable parameters")
    is_trained = planned.learning.is_trained and not planned.node.is_frozen
    text = planned.params_text
    if text is None:
        return _infer(layer, params, inputs, is_trained=is_trained)
    key = (layer.type_name, text, is_trained, tuple(inputs.values()))
    found = _remembered.get(key)
    if found is None:
        found = _infer(layer, params, inputs, is_trained=is_trained)
        _remembered[key] = found
        while len(_remembered) > MAX_REMEMBERED:
            _remembered.popitem(last=False)
    return found


def _infer(
    layer: AnyLayer, params: LayerParams, inputs: Mapping[str, Shape], *, is_trained: bool
) -> Layer | ShapeProblem:
    found = infer_layer(layer, params, inputs)
    if isinstance(found, ShapeProblem):
        return found
    weights = [math.prod(shape) for shape in found.parameters.values()]
    elements = {port: _number(elements_per_sample(out)) for port, out in found.outputs.items()}
    activation_bytes = sum(elements.values()) * BYTES_PER_ELEMENT
    flops = _number(found.flops)
    has_matrix = any(len(shape) > 1 for shape in found.parameters.values())
    macs = (flops // 2 if has_matrix else 0) if found.macs is None else _number(found.macs)
    texts = [shape_text(shape) for shape in found.outputs.values()]
    return Layer(
        inference=found,
        cost=Cost(
            parameters=sum(weights),
            trainable=sum(weights) if is_trained else 0,
            flops=flops,
            macs=macs,
            activation_bytes=activation_bytes if layer.has_own_activation else 0,
            input_bytes=activation_bytes if layer.role == "input" else 0,
            largest_bytes=activation_bytes,
            num_layers=1 if layer.role == "layer" else 0,
        ),
        reach=layer.reach(params, inputs),
        elements=elements,
        kept_elements=_number(layer.kept_inside(params, inputs)),
        outputs_json={port: shape_json(shape) for port, shape in found.outputs.items()},
        output_text=texts[0] if texts else "",
        is_large=max([activation_bytes, *(BYTES_PER_ELEMENT * n for n in weights)]) > _LARGE_BYTES,
    )


class _OneStep(dict[str, int]):
    """Values of the symbols in costs: one sample, one time step."""

    def __missing__(self, symbol: str) -> int:
        return 1


def _number(size: Size) -> int:
    # A window that is longer than one step would make it negative.
    return max(0, size.evaluate(_OneStep())) if isinstance(size, Expr) else size
