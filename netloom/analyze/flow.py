"""The shape pass: from the inputs to the outputs, once for every different use of a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.analyze.fixes import Repairs
from netloom.analyze.learning import learning_problems
from netloom.analyze.plan import BlockPortsById, PlannedNode, ScopePlan, plan_node
from netloom.analyze.shape_problems import (
    limit_problem,
    override_problems,
    repeat_problem,
    shape_diagnostic,
)
from netloom.graph.diagnostics import Diagnostic
from netloom.graph.document import BlockDefinition, ParamValue
from netloom.graph.limits import BYTES_PER_ELEMENT
from netloom.graph.topology import instance_nodes
from netloom.layers.base import Inference, ShapeProblem
from netloom.layers.block import BLOCK
from netloom.layers.expect import infer_layer
from netloom.layers.shapes import Expr, Shape, Size, elements_per_sample

Shapes = Mapping[str, Shape]
_NO_SHAPES: Shapes = {}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a node or a scope costs, for one sample."""

    parameters: int = 0
    trainable: int = 0
    flops: int = 0
    activation_bytes: int = 0
    num_layers: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters,
            self.trainable + other.trainable,
            self.flops + other.flops,
            self.activation_bytes + other.activation_bytes,
            self.num_layers + other.num_layers,
        )

    def repeated(self, times: int, *, shares_weights: bool, is_frozen: bool) -> Cost:
        """Return the cost of applying this several times in sequence."""
        copies = 1 if shares_weights else times
        return Cost(
            self.parameters * copies,
            0 if is_frozen else self.trainable * copies,
            self.flops * times,
            self.activation_bytes * times,
            self.num_layers * times,
        )


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What the shape pass found for one node of one use.

    Attributes:
        inside: For an instance: what happens within, in its first repeat.
    """

    outputs: Shapes = field(default_factory=dict[str, Shape])
    inferred: Mapping[str, ParamValue] = field(default_factory=dict[str, ParamValue])
    cost: Cost = field(default_factory=Cost)
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


_Use = tuple[str, tuple[Shape | None, ...], str]


@dataclass(slots=True)
class Flow:
    """Runs scopes and remembers blocks by what arrives at them, so that each case is done once."""

    plans: Mapping[str | None, ScopePlan]
    ports_of: BlockPortsById
    recursive: frozenset[str]
    repairs: Repairs
    _runs: dict[_Use, ScopeRun] = field(default_factory=dict[_Use, ScopeRun])

    def run_top(self) -> ScopeRun:
        """Run the top level and everything it uses."""
        plan = self.plans[None]
        return self._run(plan, plan.nodes, _NO_SHAPES, None)

    def _run(
        self,
        plan: ScopePlan,
        planned_nodes: Mapping[str, PlannedNode],
        arriving: Shapes,
        path: str | None,
    ) -> ScopeRun:
        results: dict[str, NodeResult] = {}
        diagnostics: list[Diagnostic] = []
        outputs: dict[str, Shape] = {}
        total = Cost()
        for node_id in plan.order:
            planned = planned_nodes[node_id]
            role = None if planned.layer is None else planned.layer.role
            if role == "block_input":
                name = planned.node.name
                result = NodeResult({"output": arriving[name]} if name in arriving else {})
            else:
                inputs = self._inputs(plan, node_id, planned, results)
                if inputs is None:
                    continue
                result = self._run_node(plan, node_id, planned, inputs, path, diagnostics)
            if result is None:
                continue
            results[node_id] = result
            total = total + result.cost
            if role == "block_output" and plan.ports.outputs.get(planned.node.name) == node_id:
                outputs[planned.node.name] = result.outputs["output"]
        return ScopeRun(results, outputs, total, diagnostics)

    def _inputs(
        self,
        plan: ScopePlan,
        node_id: str,
        planned: PlannedNode,
        results: Mapping[str, NodeResult],
    ) -> dict[str, Shape] | None:
        """Return the shape at every input port; None when one is unknown."""
        if planned.inputs is None:
            return None
        arriving = plan.wiring.arriving[node_id]
        shapes: dict[str, Shape] = {}
        for port in planned.inputs:
            edge_ids = arriving.get(port)
            if edge_ids is None:
                return None
            source = plan.scope.edges[edge_ids[0]].source
            result = results.get(source.node)
            shape = None if result is None else result.outputs.get(source.port)
            if shape is None:
                return None
            shapes[port] = shape
        return shapes

    def _run_node(
        self,
        plan: ScopePlan,
        node_id: str,
        planned: PlannedNode,
        inputs: dict[str, Shape],
        path: str | None,
        diagnostics: list[Diagnostic],
    ) -> NodeResult | None:
        own_path = node_id if path is None else f"{path}/{node_id}"
        if planned.node.type == BLOCK:
            return self._run_instance(plan, node_id, planned, inputs, own_path, diagnostics)
        if planned.layer is None or planned.params is None:
            return None
        found = infer_layer(planned.layer, planned.params, inputs)
        place = None if path is None else own_path
        if isinstance(found, ShapeProblem):
            diagnostics.append(shape_diagnostic(self.repairs, plan, node_id, planned, found, place))
            return None
        diagnostics += learning_problems(plan, node_id, planned, found, place)
        result = _node_result(planned, found)
        if problem := limit_problem(plan, node_id, planned, found, place):
            diagnostics.append(problem)
        return result

    def _run_instance(
        self,
        plan: ScopePlan,
        node_id: str,
        planned: PlannedNode,
        inputs: dict[str, Shape],
        path: str,
        diagnostics: list[Diagnostic],
    ) -> NodeResult | None:
        node = planned.node
        if node.block is None or node.block not in self.ports_of or node.block in self.recursive:
            return None
        inner_plan = self.plans[node.block]
        key = (node.block, tuple(inputs.values()), repr(sorted(node.overrides.items())))
        run = self._runs.get(key)
        if run is None:
            inner_nodes, problems = self._inner_nodes(plan, node_id, planned, inner_plan)
            run = self._run(inner_plan, inner_nodes, inputs, path)
            if problems:
                run = ScopeRun(run.nodes, run.outputs, run.cost, [*problems, *run.diagnostics])
            self._runs[key] = run
            diagnostics.extend(run.diagnostics)
        cost = run.cost.repeated(
            node.repeat, shares_weights=node.weights == "shared", is_frozen=node.is_frozen
        )
        complete = len(run.outputs) == len(planned.outputs or ())
        if node.repeat > 1 and complete:
            outputs = tuple(run.outputs[port] for port in planned.outputs or ())
            problem = repeat_problem(plan, node_id, planned, tuple(inputs.values()), outputs)
            if problem is not None:
                diagnostics.append(problem)
                return None
        return NodeResult(run.outputs, cost=cost, inside=run)

    def _inner_nodes(
        self, plan: ScopePlan, node_id: str, planned: PlannedNode, inner_plan: ScopePlan
    ) -> tuple[Mapping[str, PlannedNode], list[Diagnostic]]:
        """Return a definition's nodes with the overrides of one instance, and what is wrong."""
        block = inner_plan.scope
        if not planned.node.overrides or not isinstance(block, BlockDefinition):
            return inner_plan.nodes, []
        changed = {
            inner_id: plan_node(node, self.ports_of)
            for inner_id, node in instance_nodes(block, planned.node.overrides).items()
            if node is not block.nodes[inner_id]
        }
        problems = override_problems(plan, node_id, planned, block, changed)
        return {**inner_plan.nodes, **changed}, problems


def _node_result(planned: PlannedNode, found: Inference) -> NodeResult:
    is_layer = planned.layer is not None and planned.layer.role == "layer"
    parameters = sum(_count(shape) for shape in found.parameters.values())
    elements = sum(_number(elements_per_sample(shape)) for shape in found.outputs.values())
    is_frozen = planned.node.is_frozen
    has_activation = planned.layer is not None and planned.layer.has_own_activation
    cost = Cost(
        parameters=parameters,
        trainable=parameters if planned.learning.is_trained and not is_frozen else 0,
        flops=_number(found.flops),
        activation_bytes=elements * BYTES_PER_ELEMENT if has_activation else 0,
        num_layers=1 if is_layer else 0,
    )
    return NodeResult(found.outputs, found.inferred, cost)


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


class _OneStep(dict[str, int]):
    """Values of the symbols in costs: one sample, one time step."""

    def __missing__(self, symbol: str) -> int:
        return 1


def _number(size: Size) -> int:
    # A window that is longer than one step would make it negative.
    return max(0, size.evaluate(_OneStep())) if isinstance(size, Expr) else size
