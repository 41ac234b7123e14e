"""Diagnostics of the shape pass: what a layer says is wrong, pinned to an edge, with fixes."""

from __future__ import annotations

from collections.abc import Mapping

from netloom.analyze import fixes
from netloom.analyze.fixes import NewLayer, Repairs
from netloom.analyze.plan import PlannedNode, ScopePlan
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.graph.document import BlockDefinition
from netloom.graph.limits import BYTES_PER_ELEMENT, MAX_TENSOR_BYTES
from netloom.layers.base import Inference, InsertBefore, SetParams, ShapeProblem, Suggestion
from netloom.layers.shapes import Shape, elements_per_sample, named_shape_text
from netloom.layers.sizes import product


def shape_diagnostic(
    repairs: Repairs,
    plan: ScopePlan,
    node_id: str,
    planned: PlannedNode,
    problem: ShapeProblem,
    path: str | None,
) -> Diagnostic:
    """Pin a layer's complaint to its node and the edge that brought the shape."""
    edges = plan.wiring.arriving[node_id].get(problem.port or "")
    edge_id = edges[0] if edges else None
    return Diagnostic(
        code=problem.code,
        severity="error",
        message=problem.message + _sources(plan, node_id, planned),
        scope=plan.scope_id,
        node_id=node_id,
        port=problem.port,
        param=problem.param,
        edge_id=edge_id,
        path=path,
        fixes=[
            fix
            for suggestion in problem.suggestions
            for fix in _fixes(repairs, plan, node_id, suggestion)
        ],
    )


def _sources(plan: ScopePlan, node_id: str, planned: PlannedNode) -> str:
    """Name the layers behind the ports of a layer that has several."""
    ports = planned.inputs or ()
    if len(ports) < 2:
        return ""
    words: list[str] = []
    for port in ports[:8]:
        source = plan.scope.edges[plan.wiring.arriving[node_id][port][0]].source
        words.append(f"{port} comes from {plan.nodes[source.node].node.name}")
    more = "" if len(ports) <= 8 else ", …"
    return f" ({', '.join(words)}{more})"


def _fixes(repairs: Repairs, plan: ScopePlan, node_id: str, suggestion: Suggestion) -> list[Fix]:
    match suggestion:
        case SetParams(label=label, values=values):
            return [fixes.set_params(label, plan.scope_id, node_id, values)]
        case InsertBefore(label=label, type_name=type_name, port=port, params=params):
            edge_ids = plan.wiring.arriving[node_id].get(port)
            if not edge_ids:
                return []
            layer = NewLayer(type_name, params)
            return repairs.insert_on_edge(plan.scope_id, edge_ids[0], label, [layer])
        case _:
            return repairs.remove_and_join(plan.scope_id, node_id, suggestion.label)


def limit_problem(
    plan: ScopePlan, node_id: str, planned: PlannedNode, found: Inference, path: str | None
) -> Diagnostic | None:
    """Return a problem when a weight or one sample's output is too large to exist."""
    largest = 0
    what = ""
    for name, shape in found.parameters.items():
        size = product(shape)
        if isinstance(size, int) and size > largest:
            largest, what = size, f"the {name} of {planned.node.name}"
    for shape in found.outputs.values():
        size = elements_per_sample(shape)
        if isinstance(size, int) and size > largest:
            largest, what = size, f"one sample's output of {planned.node.name}"
    if largest * BYTES_PER_ELEMENT <= MAX_TENSOR_BYTES:
        return None
    return Diagnostic(
        code=DiagnosticCode.LIMIT_EXCEEDED,
        severity="error",
        message=(
            f"{what[0].upper()}{what[1:]} would have {largest:,} numbers "
            f"({_bytes_text(largest * BYTES_PER_ELEMENT)}); a tensor may take "
            f"{_bytes_text(MAX_TENSOR_BYTES)}."
        ),
        scope=plan.scope_id,
        node_id=node_id,
        path=path,
    )


def _bytes_text(size_bytes: int) -> str:
    for unit, name in ((2**60, "EiB"), (2**50, "PiB"), (2**40, "TiB")):
        if size_bytes >= unit:
            return f"{size_bytes // unit:,} {name}"
    return f"{size_bytes // 2**30:,} GiB"


def repeat_problem(
    plan: ScopePlan,
    node_id: str,
    planned: PlannedNode,
    inputs: tuple[Shape, ...],
    outputs: tuple[Shape, ...],
) -> Diagnostic | None:
    """Return a problem when a block cannot follow itself: what leaves must be what arrives."""
    if inputs == outputs:
        return None
    node = planned.node
    message = (
        f"{node.name} cannot be repeated: it receives "
        f"{', '.join(map(named_shape_text, inputs))} but gives "
        f"{', '.join(map(named_shape_text, outputs)) or 'nothing'}. To follow itself, a block "
        "must give what it receives."
    )
    once = fixes.set_attribute("Do not repeat", plan.scope_id, node_id, "repeat", 1)
    return Diagnostic(
        code=DiagnosticCode.REPEAT_MISMATCH,
        severity="error",
        message=message,
        scope=plan.scope_id,
        node_id=node_id,
        param="repeat",
        fixes=[once],
    )


def override_problems(
    plan: ScopePlan,
    node_id: str,
    planned: PlannedNode,
    block: BlockDefinition,
    changed: Mapping[str, PlannedNode],
) -> list[Diagnostic]:
    """Return what is wrong with the values an instance gives to exposed parameters."""
    problems: list[Diagnostic] = []
    overrides = planned.node.overrides
    for name in sorted(overrides):
        exposed = block.exposed.get(name)
        targets = [] if exposed is None else exposed.targets
        inner = [(changed[each.node], each.param) for each in targets if each.node in changed]
        rest = {key: value for key, value in overrides.items() if key != name}
        removal = fixes.set_attribute("Remove it", plan.scope_id, node_id, "overrides", rest)
        if exposed is None or (inner and all(_ignores(*target) for target in inner)):
            problems.append(
                Diagnostic(
                    code=DiagnosticCode.UNKNOWN_PARAM,
                    severity="warning",
                    message=f"Block {block.name} has no parameter {name!r}; it is ignored.",
                    scope=plan.scope_id,
                    node_id=node_id,
                    param=name,
                    fixes=[removal],
                )
            )
            continue
        messages = [
            error.message
            for target, param in inner
            if target.parsed is not None
            for error in target.parsed.errors
            if error.param is None or error.param.partition(".")[0] == param
        ]
        problems += [
            Diagnostic(
                code=DiagnosticCode.INVALID_PARAM,
                severity="error",
                message=f"{name}: {message}",
                scope=plan.scope_id,
                node_id=node_id,
                param=name,
                fixes=[removal],
            )
            for message in dict.fromkeys(messages)
        ]
    return problems


def _ignores(inner: PlannedNode, param: str) -> bool:
    return inner.parsed is not None and param in inner.parsed.unknown
