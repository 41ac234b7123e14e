"""What the shape pass finds, for nodes and for whole scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from netloom.analyze.inference import NO_COST, Cost, Layer
from netloom.analyze.remembered import Remembered
from netloom.graph.diagnostics import Diagnostic
from netloom.layers.shapes import Shape

Shapes: TypeAlias = Mapping[str, Shape]
Weights: TypeAlias = Mapping[tuple[str, ...], tuple[int, ...]]
"""Shapes by the ids that lead to each tensor, with its name at the end."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What the shape pass found for one node of one use.

    Attributes:
        layer: What follows for the layer itself; None for an instance and a block's input.
        inside: For an instance: what happens within, in its first repeat.
    """

    outputs: Shapes = field(default_factory=dict[str, Shape])
    cost: Cost = NO_COST
    layer: Layer | None = None
    inside: ScopeRun | None = None


@dataclass(frozen=True, slots=True)
class ScopeRun:
    """One use of a scope.

    Attributes:
        nodes: Results of the nodes that were reached with known inputs.
        outputs: Shapes at the block's output ports that are known.
    """

    nodes: Mapping[str, NodeResult]
    outputs: Shapes
    cost: Cost
    diagnostics: list[Diagnostic]


_taken: Remembered[NodeResult] = Remembered()
_frozen: Remembered[NodeResult] = Remembered()
"""Results of layers that were made from others, so that the same is found again."""


@dataclass(slots=True)
class SharedWeights:
    """What follows for nodes that use the weights of others; each case is worked out once."""

    _weights: dict[int, Weights] = field(default_factory=dict[int, Weights])
    _runs: dict[int, tuple[ScopeRun, ScopeRun]] = field(
        default_factory=dict[int, tuple[ScopeRun, ScopeRun]]
    )

    def of(self, result: NodeResult) -> Weights:
        """Return the shapes of all weights of a node, those inside it included."""
        if result.layer is not None:
            found = result.layer.inference.parameters
            return {(name,): shape for name, shape in found.items()}
        if result.inside is None:
            return {}
        key = id(result.inside)
        if key not in self._weights:
            self._weights[key] = {
                (node_id, *names): shape
                for node_id, inner in result.inside.nodes.items()
                for names, shape in self.of(inner).items()
            }
        return self._weights[key]

    def taken_from(self, result: NodeResult) -> NodeResult:
        """Return the result of a node whose weights another one counts."""
        cost = replace(result.cost, parameters=0, trainable=0)
        if result.inside is not None:
            return replace(result, cost=cost, inside=self._run_taken_from(result.inside))
        known = _taken.find((result,))
        return known or _taken.keep(replace(result, cost=cost), (result,))

    def _run_taken_from(self, run: ScopeRun) -> ScopeRun:
        if id(run) not in self._runs:
            nodes = {node_id: self.taken_from(result) for node_id, result in run.nodes.items()}
            cost = replace(run.cost, parameters=0, trainable=0)
            self._runs[id(run)] = run, replace(run, nodes=nodes, cost=cost)
        return self._runs[id(run)][1]

    def frozen(self, result: NodeResult) -> NodeResult:
        """Return the result of a node whose weights another one keeps from learning."""
        cost = replace(result.cost, trainable=0)
        if result.inside is not None:
            return replace(result, cost=cost)
        known = _frozen.find((result,))
        return known or _frozen.keep(replace(result, cost=cost), (result,))
