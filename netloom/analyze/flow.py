"""The shape pass: from the inputs to the outputs, once for every different use of a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.analyze.fixes import Repairs
from netloom.analyze.inference import NO_COST, infer, total_cost
from netloom.analyze.learning import learning_problems
from netloom.analyze.plan import BlockPortsById, PlannedNode, ScopePlan, plan_node
from netloom.analyze.remembered import Remembered
from netloom.analyze.results import NodeResult, ScopeRun, Shapes, SharedWeights
from netloom.analyze.shape_problems import (
    limit_problem,
    override_problems,
    repeat_problem,
    shape_diagnostic,
)
from netloom.analyze.sharing import User, check_group
from netloom.graph.diagnostics import Diagnostic
from netloom.graph.document import BlockDefinition
from netloom.graph.topology import instance_nodes
from netloom.layers.base import ShapeProblem
from netloom.layers.block import BLOCK
from netloom.layers.learning import DEFAULT_LEARNING
from netloom.layers.shapes import Shape

_NO_SHAPES: Shapes = {}


_results: Remembered[NodeResult] = Remembered()
"""Of layers that need no word of diagnosis, by the shapes that arrive."""

_Use = tuple[str, tuple[Shape | None, ...], str]


@dataclass(slots=True)
class Flow:
    """Runs scopes and remembers blocks by what arrives at them, so that each case is done once."""

    plans: Mapping[str | None, ScopePlan]
    ports_of: BlockPortsById
    recursive: frozenset[str]
    repairs: Repairs
    weights: SharedWeights = field(default_factory=SharedWeights)
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
        for node_id in plan.order:
            planned = planned_nodes[node_id]
            role = None if planned.layer is None else planned.layer.role
            if role == "block_input":
                name = planned.node.name
                result = NodeResult({"output": arriving[name]} if name in arriving else {})
            else:
                shapes = self._inputs(plan, node_id, planned, results)
                if shapes is None:
                    continue
                result = self._run_node(plan, node_id, planned, shapes, path, diagnostics)
            if result is None:
                continue
            results[node_id] = result
            if role == "block_output" and plan.ports.outputs.get(planned.node.name) == node_id:
                outputs[planned.node.name] = result.outputs["output"]
        if plan.sharing.groups:
            self._share(plan, planned_nodes, results, path, diagnostics)
        costs = [result.cost for result in results.values() if result.cost is not NO_COST]
        return ScopeRun(results, outputs, total_cost(costs), diagnostics)

    def _share(
        self,
        plan: ScopePlan,
        planned_nodes: Mapping[str, PlannedNode],
        results: dict[str, NodeResult],
        path: str | None,
        diagnostics: list[Diagnostic],
    ) -> None:
        """Check nodes that use the same weights, and let only one of them count these."""
        for group in plan.sharing.groups.values():
            users = [
                User(node_id, planned_nodes[node_id], self.weights.of(results[node_id]))
                for node_id in group
                if node_id in results
            ]
            first = plan.sharing.holder(group[0], results)
            holder = next((user for user in users if user.node_id == first), None)
            for user in users:
                if holder is None or user is holder:
                    continue
                diagnostics += check_group(self.plans, plan, holder, user, path)
                results[user.node_id] = self.weights.taken_from(results[user.node_id])
            if any(user.planned.node.is_frozen for user in users):
                results[first] = self.weights.frozen(results[first])

    def _inputs(
        self,
        plan: ScopePlan,
        node_id: str,
        planned: PlannedNode,
        results: Mapping[str, NodeResult],
    ) -> tuple[Shape, ...] | None:
        """Return the shape at every input port; None when one is unknown."""
        if planned.inputs is None:
            return None
        sources = plan.sources[node_id]
        shapes: list[Shape] = []
        for port in planned.inputs:
            source = sources.get(port)
            result = None if source is None else results.get(source[0])
            if source is None or result is None:
                return None
            shape = result.outputs.get(source[1])
            if shape is None:
                return None
            shapes.append(shape)
        return tuple(shapes)

    def _run_node(
        self,
        plan: ScopePlan,
        node_id: str,
        planned: PlannedNode,
        shapes: tuple[Shape, ...],
        path: str | None,
        diagnostics: list[Diagnostic],
    ) -> NodeResult | None:
        own_path = node_id if path is None else f"{path}/{node_id}"
        if planned.node.type == BLOCK:
            inputs = dict(zip(planned.inputs or (), shapes, strict=True))
            return self._run_instance(plan, node_id, planned, inputs, own_path, diagnostics)
        if planned.layer is None or planned.params is None:
            return None
        same = (planned.node.type, planned.params_text, planned.node.is_frozen)
        if planned.params_text is not None:
            known = _results.find(shapes, *same)
            if known is not None and planned.learning is DEFAULT_LEARNING:
                return known
        found = infer(planned, dict(zip(planned.inputs or (), shapes, strict=True)))
        place = None if path is None else own_path
        if isinstance(found, ShapeProblem):
            diagnostics.append(shape_diagnostic(self.repairs, plan, node_id, planned, found, place))
            return None
        diagnostics += learning_problems(plan, node_id, planned, found.inference, place)
        result = NodeResult(found.inference.outputs, found.cost, found)
        if not found.is_large:
            return _results.keep(result, shapes, *same) if planned.params_text else result
        problem = limit_problem(plan, node_id, planned, found.inference, place)
        if problem is not None:
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
