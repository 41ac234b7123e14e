"""Problems of a scope that need no shapes: types, parameters, connections, cycles."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from netloom.analyze import fixes
from netloom.analyze.fixes import Repairs
from netloom.analyze.plan import PlannedNode, ScopePlan
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.graph.document import Edge, Endpoint
from netloom.graph.limits import params_problem
from netloom.graph.topology import find_cycles
from netloom.layers.block import BLOCK
from netloom.layers.placeholder import Placeholder, PlaceholderParams
from netloom.layers.refusals import ParamError

_TOP_LEVEL_ROLES = frozenset({"input", "output"})
_BLOCK_ROLES = frozenset({"block_input", "block_output"})


def check_structure(repairs: Repairs, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield everything wrong with one scope before shapes are looked at."""
    for node_id, planned in plan.nodes.items():
        has_role = planned.layer is not None and planned.layer.role == "layer"
        if has_role and planned.is_plain and not planned.node.overrides:
            continue
        yield from _check_type(repairs, plan, node_id, planned)
        yield from _check_sizes(plan, node_id, planned)
        yield from check_params(plan, node_id, planned)
    yield from _check_edges(plan)
    yield from _check_ports(repairs, plan)
    yield from _check_cycles(plan)


def _check_type(
    repairs: Repairs, plan: ScopePlan, node_id: str, planned: PlannedNode
) -> Iterator[Diagnostic]:
    node, layer = planned.node, planned.layer
    code, message = DiagnosticCode.UNKNOWN_TYPE, None
    if isinstance(layer, Placeholder) and isinstance(planned.params, PlaceholderParams):
        code, message = DiagnosticCode.PLACEHOLDER, layer.message(node.name, planned.params)
    elif layer is None:
        message = (
            f"There is no layer type {node.type!r} here. It may come from a package that is not "
            "installed."
        )
    elif plan.scope_id is None and layer.role in _BLOCK_ROLES:
        message = f"{layer.title} is a port of a block and has no meaning on the top level."
    elif plan.scope_id is not None and layer.role in _TOP_LEVEL_ROLES:
        message = f"{layer.title} belongs to the top level; a block has block inputs and outputs."
    elif node.type == BLOCK and node.block not in repairs.document.graph.blocks:
        code = DiagnosticCode.UNKNOWN_BLOCK
        message = f"{node.name} uses a block that is not in this network."
    if message is None:
        return
    yield Diagnostic(
        code=code,
        severity="error",
        message=message,
        scope=plan.scope_id,
        node_id=node_id,
        fixes=repairs.remove_and_join(plan.scope_id, node_id, f"Remove {node.name}"),
    )


def _check_sizes(plan: ScopePlan, node_id: str, planned: PlannedNode) -> Iterator[Diagnostic]:
    """Yield that a node's parameters are too many or too long: no layer needs such."""
    message = params_problem(planned.node)
    if message is not None:
        yield Diagnostic(
            code=DiagnosticCode.LIMIT_EXCEEDED,
            severity="error",
            message=message,
            scope=plan.scope_id,
            node_id=node_id,
        )


def check_params(plan: ScopePlan, node_id: str, planned: PlannedNode) -> Iterator[Diagnostic]:
    """Yield parameters that are unknown, missing or out of range."""
    if planned.parsed is None:
        return
    for name in planned.parsed.unknown:
        yield Diagnostic(
            code=DiagnosticCode.UNKNOWN_PARAM,
            severity="warning",
            message=f"{planned.node.type} has no parameter {name!r}; it is ignored.",
            scope=plan.scope_id,
            node_id=node_id,
            param=name,
            fixes=[fixes.set_params("Remove it", plan.scope_id, node_id, {name: None})],
        )
    for error in planned.parsed.errors:
        yield Diagnostic(
            code=DiagnosticCode.MISSING_PARAM if error.is_missing else DiagnosticCode.INVALID_PARAM,
            severity="error",
            message=error.message,
            scope=plan.scope_id,
            node_id=node_id,
            param=error.param,
            fixes=_param_fixes(plan, node_id, planned, error),
        )


def _param_fixes(
    plan: ScopePlan, node_id: str, planned: PlannedNode, error: ParamError
) -> list[Fix]:
    if error.is_missing or (error.param is not None and "." in error.param):
        return []  # a value within a parameter, such as `arguments.dim`, has a field of its own
    if error.param is None:
        reset = dict.fromkeys(sorted(planned.node.params))
        return [fixes.set_params("Use the defaults", plan.scope_id, node_id, reset)]
    found: list[Fix] = []
    if error.nearest is not None:
        values = {error.param: error.nearest}
        found.append(fixes.set_params(f"Use {error.nearest:,}", plan.scope_id, node_id, values))
    values = {error.param: None}
    found.append(fixes.set_params("Use the default", plan.scope_id, node_id, values))
    return found


def _check_edges(plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield edges that hang in the air, and ports with more than one."""
    arrived: set[tuple[str, str]] = set()
    for edge_id in sorted(plan.scope.edges):
        edge = plan.scope.edges[edge_id]
        problem = _edge_problem(plan, edge, arrived)
        arrived.add((edge.target.node, edge.target.port))
        if problem is None:
            continue
        code, message, node_id, port = problem
        yield Diagnostic(
            code=code,
            severity="error",
            message=message,
            scope=plan.scope_id,
            node_id=node_id,
            port=port,
            edge_id=edge_id,
            fixes=[fixes.remove_edges("Remove the connection", plan.scope_id, [edge_id])],
        )


def _edge_problem(
    plan: ScopePlan, edge: Edge, arrived: set[tuple[str, str]]
) -> tuple[DiagnosticCode, str, str | None, str | None] | None:
    source = plan.nodes.get(edge.source.node)
    target = plan.nodes.get(edge.target.node)
    if source is None or target is None:
        present = target if source is None else source
        end = edge.target if source is None else edge.source
        words = (
            "A connection has no nodes"
            if present is None
            else (f"A connection of {present.node.name} ends at a node that does not exist")
        )
        return (
            DiagnosticCode.DANGLING_EDGE,
            f"{words}.",
            None if present is None else end.node,
            None if present is None else end.port,
        )
    for end, planned, ports, side in (
        (edge.source, source, source.outputs, "output"),
        (edge.target, target, target.inputs, "input"),
    ):
        if ports is not None and end.port not in ports:
            known = f" It has {', '.join(ports)}." if ports else ""
            return (
                DiagnosticCode.UNKNOWN_PORT,
                f"{planned.node.name} has no {side} port {end.port}.{known}",
                end.node,
                end.port,
            )
    if (edge.target.node, edge.target.port) in arrived:
        return (
            DiagnosticCode.PORT_TAKEN,
            f"Port {edge.target.port} of {target.node.name} has several connections; "
            "use Add or Concatenate to join tensors.",
            edge.target.node,
            edge.target.port,
        )
    return None


def _check_ports(repairs: Repairs, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield inputs that nothing arrives at and outputs that nothing uses."""
    unused = open_outputs(plan)
    if len({node_id for node_id, _ in unused}) > 2:
        unused = []  # an input is not fed by its own node: of two nodes one can be the only one
    for node_id, planned in plan.nodes.items():
        arriving, leaving = plan.wiring.arriving[node_id], plan.wiring.leaving[node_id]
        for port in planned.inputs or ():
            if port not in arriving:
                yield Diagnostic(
                    code=DiagnosticCode.UNCONNECTED_INPUT,
                    severity="error",
                    message=f"{_port_words(planned, port, 'input')} is not connected.",
                    scope=plan.scope_id,
                    node_id=node_id,
                    port=port,
                    fixes=[
                        *_only_unused(repairs, plan, unused, (node_id, port)),
                        *_fewer_inputs(plan, node_id, planned, port),
                    ],
                )
        for port in planned.outputs or ():
            if port not in leaving:
                yield Diagnostic(
                    code=DiagnosticCode.UNUSED_OUTPUT,
                    severity="warning",
                    message=f"{_port_words(planned, port, 'output')} is not used.",
                    scope=plan.scope_id,
                    node_id=node_id,
                    port=port,
                )


def open_outputs(plan: ScopePlan) -> list[tuple[str, str]]:
    """Return (node, port) of the outputs of a scope that nothing uses."""
    return [
        (node_id, port)
        for node_id, planned in plan.nodes.items()
        for port in planned.outputs or ()
        if port not in plan.wiring.leaving[node_id]
    ]


def endpoint(node_id: str, port: str) -> Endpoint | None:
    """Return the endpoint; None when a block's port has a name that no edge can say."""
    try:
        return Endpoint(node=node_id, port=port)
    except ValidationError:
        return None


def _only_unused(
    repairs: Repairs,
    plan: ScopePlan,
    unused: list[tuple[str, str]],
    open_input: tuple[str, str],
) -> list[Fix]:
    """Offer the output to connect where there is no choice."""
    others = [output for output in unused if output[0] != open_input[0]]
    if len(others) != 1:
        return []
    source, target = endpoint(*others[0]), endpoint(*open_input)
    if source is None or target is None:
        return []
    return repairs.connect_open_output(plan.scope_id, source, target)


def _port_words(planned: PlannedNode, port: str, side: str) -> str:
    ports = planned.inputs if side == "input" else planned.outputs
    name = planned.node.name
    return f"The {side} of {name}" if len(ports or ()) == 1 else f"Port {port} of {name}"


def _fewer_inputs(plan: ScopePlan, node_id: str, planned: PlannedNode, port: str) -> list[Fix]:
    """Offer to drop the last port of Add and its like when it is the open one."""
    layer = planned.layer
    has_groups = layer is not None and (layer.variadic_inputs or layer.fixed_inputs)
    param = None if layer is None or has_groups else layer.variadic_param
    ports = planned.inputs or ()
    if param is None or len(ports) <= 2 or port != ports[-1]:
        return []
    count = len(ports) - 1
    return [fixes.set_params(f"Use {count} inputs", plan.scope_id, node_id, {param: count})]


def _check_cycles(plan: ScopePlan) -> Iterator[Diagnostic]:
    if len(plan.order) == len(plan.nodes):
        return
    edges = plan.scope.edges
    for cycle in find_cycles(plan.nodes, edges.values()):
        names = [plan.nodes[node_id].node.name for node_id in cycle]
        shown = names if len(names) <= 8 else [*names[:7], "…"]
        closing = sorted(
            edge_id
            for leaving in plan.wiring.leaving[cycle[-1]].values()
            for edge_id in leaving
            if edges[edge_id].target.node == cycle[0]
        )
        label = f"Remove the connection from {names[-1]} to {names[0]}"
        yield Diagnostic(
            code=DiagnosticCode.CYCLE,
            severity="error",
            message=(
                f"These layers feed each other in a circle: {' → '.join([*shown, names[0]])}. "
                "Remove one of the connections."
            ),
            scope=plan.scope_id,
            node_id=cycle[0],
            edge_id=closing[0],
            fixes=[fixes.remove_edges(label, plan.scope_id, closing)],
        )
