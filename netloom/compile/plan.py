"""From a document to the calls it stands for: the one reading of a graph that the module builder
and the source generator share. No torch here.

A plan is fully expanded: one `Scope` for each different use of a block (same definition, same
overrides, same input shapes share one object), so that what is generated is what is built.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netloom.analyze import analyze
from netloom.compile.errors import CompileError
from netloom.compile.order import execution_order, natural_key
from netloom.compile.steps import BlockStep, LayerStep, Scope, ScopePort, Step, Value
from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import Document, Edge, Graph, Node, ParamValue
from netloom.graph.names import name_problem
from netloom.graph.sharing import sharing_of
from netloom.graph.topology import block_ports, instance_nodes
from netloom.layers.base import AnyLayer, LayerParams, ShapeProblem
from netloom.layers.expect import infer_layer
from netloom.layers.learning import LearningParams
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape


def plan_network(document: Document, kept: Collection[str] = ()) -> Scope:
    """Return the calls of a network without errors, in the order they are made.

    Args:
        kept: Paths of placeholders that are no error: whoever builds has modules for them.

    Raises:
        CompileError: The analysis found errors; they are listed in the text and attached.
    """
    known = {path.rpartition("/")[2] for path in kept}
    errors = [
        found
        for found in analyze(document).diagnostics
        if found.severity == "error"
        and not (found.code is DiagnosticCode.PLACEHOLDER and found.node_id in known)
    ]
    if errors:
        raise CompileError.of(errors)
    return _Planner(document.graph).top_level()


@dataclass(slots=True)
class _Planner:
    graph: Graph
    bodies: dict[tuple[str, str, tuple[Shape, ...]], Scope] = field(
        default_factory=dict[tuple[str, str, tuple[Shape, ...]], Scope]
    )

    def top_level(self) -> Scope:
        nodes = self.graph.nodes
        _check_names(nodes.values())
        by_name = sorted(nodes, key=lambda node_id: natural_key(nodes[node_id].name))
        input_ids = [node_id for node_id in by_name if _role(nodes[node_id]) == "input"]
        output_ids = [node_id for node_id in by_name if _role(nodes[node_id]) == "output"]
        inputs = tuple(self._network_input(node_id) for node_id in input_ids)
        return self._scope(None, self.graph.name, nodes, self.graph.edges, inputs, output_ids)

    def body(
        self, block_id: str, overrides: Mapping[str, ParamValue], shapes: tuple[Shape, ...]
    ) -> Scope:
        """Return one use of a block, the same object for the same overrides and shapes."""
        key = (block_id, json.dumps(overrides, sort_keys=True), shapes)
        if key not in self.bodies:
            definition = self.graph.blocks[block_id]
            nodes, ports = instance_nodes(definition, overrides), block_ports(definition)
            _check_names(nodes.values())
            inputs = tuple(
                ScopePort(name, Value(node_id, "output"), shape)
                for (name, node_id), shape in zip(ports.inputs.items(), shapes, strict=True)
            )
            self.bodies[key] = self._scope(
                block_id,
                definition.name,
                nodes,
                definition.edges,
                inputs,
                list(ports.outputs.values()),
            )
        return self.bodies[key]

    def _network_input(self, node_id: str) -> ScopePort:
        node = self.graph.nodes[node_id]
        step = _layer_step(node_id, node, (), {})
        (value, shape), *_ = _result_shapes(step, node).items()
        return ScopePort(node.name, value, shape)

    def _scope(
        self,
        block_id: str | None,
        name: str,
        nodes: Mapping[str, Node],
        edges: Mapping[str, Edge],
        inputs: tuple[ScopePort, ...],
        output_ids: Iterable[str],
    ) -> Scope:
        sources = {
            (edge.target.node, edge.target.port): Value(edge.source.node, edge.source.port)
            for edge in edges.values()
        }
        output_ids = list(output_ids)
        shapes = {port.value: port.shape for port in inputs}
        steps: list[Step] = []
        is_given = {port.value.node_id for port in inputs}
        for node_id in execution_order(
            output_ids, {node_id: self._feeders(node_id, nodes, sources) for node_id in nodes}
        ):
            if node_id in is_given or node_id in output_ids:
                continue
            node = nodes[node_id]
            ports = self._input_ports(node)
            arguments = tuple(sources[node_id, port] for port in ports)
            argument_shapes = tuple(shapes[value] for value in arguments)
            if _role(node) == "block":
                step = self._block_step(node_id, node, arguments, argument_shapes)
                given = step.bodies[-1].outputs
                shapes |= {
                    value: port.shape for value, port in zip(step.results, given, strict=True)
                }
            else:
                named = dict(zip(ports, argument_shapes, strict=True))
                step = _layer_step(node_id, node, arguments, named)
                shapes |= _result_shapes(step, node)
            steps.append(step)
        outputs = tuple(
            ScopePort(nodes[node_id].name, value, shapes[value])
            for node_id in output_ids
            for value in (sources[node_id, "input"],)
        )
        return Scope(block_id, name, inputs, _shared(steps, nodes), outputs)

    def _block_step(
        self,
        node_id: str,
        node: Node,
        arguments: tuple[Value, ...],
        shapes: tuple[Shape, ...],
    ) -> BlockStep:
        block_id = node.block or ""
        bodies: list[Scope] = []
        for _ in range(node.repeat):
            bodies.append(self.body(block_id, node.overrides, shapes))
            shapes = tuple(port.shape for port in bodies[-1].outputs)
        results = tuple(Value(node_id, port.name) for port in bodies[-1].outputs)
        is_shared = node.repeat > 1 and node.weights == "shared"
        return BlockStep(
            node_id,
            node.name,
            node.is_frozen,
            block_id,
            tuple(bodies),
            is_shared,
            arguments,
            results,
            weights_id=node_id,
        )

    def _feeders(
        self, node_id: str, nodes: Mapping[str, Node], sources: Mapping[tuple[str, str], Value]
    ) -> list[str]:
        ports = self._input_ports(nodes[node_id])
        return [sources[node_id, port].node_id for port in ports if (node_id, port) in sources]

    def _input_ports(self, node: Node) -> list[str]:
        if _role(node) == "block":
            return list(block_ports(self.graph.blocks[node.block or ""]).inputs)
        layer = _layer(node)
        params, _ = _params(layer, node)
        return [port.name for port in layer.input_ports(params)]


def _check_names(nodes: Iterable[Node]) -> None:
    taken: set[str] = set()
    for node in nodes:
        problem = name_problem(node.name)
        if problem is not None:
            raise CompileError(f"{node.name!r} cannot name a node: {problem}.")
        if node.name in taken:
            raise CompileError(f"Two nodes are called {node.name!r}; rename one.")
        taken.add(node.name)


def _layer(node: Node) -> AnyLayer:
    layer = get_layer(node.type)
    if layer is None:
        raise CompileError(f"{node.name} has the unknown type {node.type!r}.")
    return layer


def _role(node: Node) -> str:
    return _layer(node).role


def _params(layer: AnyLayer, node: Node) -> tuple[LayerParams, LearningParams]:
    parsed = parse_params(layer, node.params)
    if parsed.params is None:
        reasons = " ".join(error.message for error in parsed.errors)
        raise CompileError(f"{node.name} has parameters that do not fit: {reasons}")
    return parsed.params, parsed.learning


def _layer_step(
    node_id: str, node: Node, arguments: tuple[Value, ...], shapes: Mapping[str, Shape]
) -> LayerStep:
    layer = _layer(node)
    params, learning = _params(layer, node)
    results = tuple(Value(node_id, port.name) for port in layer.output_ports(params))
    return LayerStep(
        node_id,
        node.name,
        node.is_frozen,
        layer,
        params,
        learning,
        shapes,
        arguments,
        results,
        weights_id=node_id,
    )


def _shared(steps: Sequence[Step], nodes: Mapping[str, Node]) -> tuple[Step, ...]:
    """Return steps that know whose weights they use."""
    sharing = sharing_of(nodes)
    if not sharing.keys:
        return tuple(steps)
    called = [step.node_id for step in steps]
    found: list[Step] = []
    for step in steps:
        holder = sharing.holder(step.node_id, called)
        name = None if holder == step.node_id else nodes[holder].name
        weights_id = sharing.key(step.node_id)
        found.append(replace(step, weights_id=weights_id, shares_with=name))
    return tuple(found)


def _result_shapes(step: LayerStep, node: Node) -> dict[Value, Shape]:
    inference = infer_layer(step.layer, step.params, step.input_shapes)
    if isinstance(inference, ShapeProblem):
        raise CompileError(f"{node.name}: {inference.message}")
    return {value: inference.outputs[value.port] for value in step.results}
