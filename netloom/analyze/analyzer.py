"""Analyse a document: shapes, costs and problems, in milliseconds and without torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from netloom.analyze.budget_fit import budget_problems, budget_uses
from netloom.analyze.exposed import check_exposed
from netloom.analyze.fixes import NewLayer, Repairs
from netloom.analyze.flow import Flow
from netloom.analyze.journey import FieldWalk, KeptRun, KeptWalk
from netloom.analyze.listing import Use, node_analyses
from netloom.analyze.model import Analysis, Binding, Totals
from netloom.analyze.naming import check_names
from netloom.analyze.plan import ScopePlan, plan_scope
from netloom.analyze.results import ScopeRun
from netloom.analyze.sharing import SharedNodes, check_alone
from netloom.analyze.structure import check_structure, endpoint, open_outputs
from netloom.analyze.task_fit import check_task_fit
from netloom.analyze.training_memory import training_memory
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.graph.document import Document
from netloom.graph.limits import (
    BYTES_PER_ELEMENT,
    MAX_NODES,
    MAX_PARAMETERS,
    Expansion,
    measure_expansion,
)
from netloom.graph.topology import block_ports
from netloom.layers.shapes import BATCH
from netloom.layers.sizes import Expr

MAX_DIAGNOSTICS = 1000


def analyze(document: Document, binding: Binding | None = None) -> Analysis:
    """Say everything about a network that can be said without running it.

    Never raises for what a person can draw or write: problems are diagnostics. The result depends
    on nothing but the arguments.

    Args:
        binding: What is known of the data it is meant for; adds checks of input and output.
    """
    expansion = measure_expansion(document.graph)
    if _num_drawn_nodes(document) > MAX_NODES:
        found = _Problems()
        found.add([_limit(expansion.problem or f"A network may have {MAX_NODES:,} nodes.")])
        return _refused(found, [])
    repairs = Repairs(document)
    graph = document.graph
    ports_of = {block_id: block_ports(block) for block_id, block in graph.blocks.items()}
    plans = {
        scope_id: plan_scope(graph, scope_id, ports_of)
        for scope_id in (None, *sorted(graph.blocks))
    }
    found = _Problems()
    if expansion.problem is not None:
        found.add([_limit(expansion.problem)])
    found.add(_check_ends(repairs, plans[None]))
    nodes = SharedNodes({None: graph, **graph.blocks})
    for plan in plans.values():
        found.add(check_names(repairs, plan))
        found.add(check_structure(repairs, plan))
        found.add(check_exposed(graph, plan))
        found.add(check_alone(nodes, plan))
    found.add(_check_recursion(repairs, plans, expansion))
    if expansion.problem is not None:
        return _refused(found, plans[None].order)
    run = Flow(plans, ports_of, expansion.recursive, repairs).run_top()
    found.add(_once(run.diagnostics))
    found.add(check_task_fit(repairs, plans[None], run, binding or Binding()))
    found.add(_check_parameters(run))
    fields = FieldWalk(plans).walk(plans[None], run, {})
    kept = KeptWalk(plans).walk(plans[None], run, frozenset())
    analysis = Analysis(
        nodes=dict(node_analyses(plans, Use(run, fields, kept))),
        totals=_totals(run, kept),
        diagnostics=found.listed,
        is_truncated=found.is_truncated,
        order=plans[None].order,
        is_trainable=not found.has_error,
    )
    if not document.view.budgets:
        return analysis
    uses = budget_uses(document, analysis)
    found.add(budget_problems(document, uses))
    return analysis.model_copy(
        update={
            "budgets": uses,
            "diagnostics": found.listed,
            "is_truncated": found.is_truncated,
        }
    )


@dataclass(slots=True)
class _Problems:
    """Collects problems until nobody could read more, and never misses that there is an error."""

    listed: list[Diagnostic] = field(default_factory=list[Diagnostic])
    has_error: bool = False
    is_truncated: bool = False

    def add(self, problems: Iterable[Diagnostic]) -> None:
        for problem in problems:
            is_full = len(self.listed) >= MAX_DIAGNOSTICS
            if is_full and self.has_error:
                self.is_truncated = True
                return
            if is_full and problem.severity != "error":
                self.is_truncated = True
                continue
            self.listed.append(problem)
            self.has_error = self.has_error or problem.severity == "error"


def _num_drawn_nodes(document: Document) -> int:
    blocks = document.graph.blocks.values()
    return len(document.graph.nodes) + sum(len(block.nodes) for block in blocks)


def _limit(message: str) -> Diagnostic:
    return Diagnostic(code=DiagnosticCode.LIMIT_EXCEEDED, severity="error", message=message)


def _refused(found: _Problems, order: list[str]) -> Analysis:
    return Analysis(
        nodes={},
        totals=Totals(),
        diagnostics=found.listed,
        is_truncated=found.is_truncated,
        order=order,
        is_trainable=False,
    )


def _check_parameters(run: ScopeRun) -> Iterator[Diagnostic]:
    if run.cost.parameters > MAX_PARAMETERS:
        yield _limit(
            f"The network has {run.cost.parameters:,} parameters; {MAX_PARAMETERS:,} are allowed. "
            "Make layers narrower, or pool before the first Linear."
        )


def _check_ends(repairs: Repairs, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield a problem when nothing enters or nothing leaves the network."""
    roles = {planned.layer.role for planned in plan.nodes.values() if planned.layer is not None}
    if "input" not in roles:
        yield Diagnostic(
            code=DiagnosticCode.NO_INPUT,
            severity="error",
            message="The network has no input. Add an Image input, or the input your data need.",
        )
    if "output" not in roles:
        yield Diagnostic(
            code=DiagnosticCode.NO_OUTPUT,
            severity="error",
            message="The network has no output. Add an Output behind the last layer.",
            fixes=_append_output(repairs, plan),
        )


def _append_output(repairs: Repairs, plan: ScopePlan) -> list[Fix]:
    """Offer an Output where just one layer is left open."""
    ends = open_outputs(plan)
    end = endpoint(*ends[0]) if len(ends) == 1 else None
    if end is None:
        return []
    label = f"Add an Output behind {plan.nodes[end.node].node.name}"
    return repairs.append_node(None, end, label, NewLayer("Output", {}))


def _check_recursion(
    repairs: Repairs, plans: dict[str | None, ScopePlan], expansion: Expansion
) -> Iterator[Diagnostic]:
    for block_id in sorted(expansion.recursive):
        plan = plans[block_id]
        for node_id, planned in plan.nodes.items():
            if planned.node.block not in expansion.recursive:
                continue
            yield Diagnostic(
                code=DiagnosticCode.RECURSIVE_BLOCK,
                severity="error",
                message=(
                    f"Block {plan.scope.name} contains itself through {planned.node.name}, so it "
                    "would never end."
                ),
                scope=block_id,
                node_id=node_id,
                fixes=repairs.remove_and_join(block_id, node_id, f"Remove {planned.node.name}"),
            )


def _once(diagnostics: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield each problem of a definition once, however many instances have it."""
    seen: set[tuple[str | None, str | None, str | None, str]] = set()
    for problem in diagnostics:
        key = (problem.scope, problem.node_id, problem.port, problem.message)
        if key not in seen:
            seen.add(key)
            yield problem


def _totals(run: ScopeRun, kept: KeptRun) -> Totals:
    cost = run.cost
    totals = Totals(
        parameters=cost.parameters,
        trainable_parameters=cost.trainable,
        flops=cost.flops,
        macs=cost.macs,
        activation_bytes=cost.activation_bytes,
        # The batch is there from the start, whether or not a layer needs it again.
        kept_bytes=kept.total_bytes + _inputs_not_kept(run, kept),
        input_bytes=cost.input_bytes,
        largest_bytes=cost.largest_bytes,
        gradient_bytes=cost.trainable * BYTES_PER_ELEMENT,
        parameter_bytes=cost.parameters * BYTES_PER_ELEMENT,
        num_layers=cost.num_layers,
        open_lengths=_open_lengths(run),
    )
    one, two = (training_memory(totals, samples).total_bytes for samples in (1, 2))
    update = {"training_fixed_bytes": 2 * one - two, "training_sample_bytes": two - one}
    return totals.model_copy(update=update)


def _open_lengths(run: ScopeRun) -> list[str]:
    """Return what the sizes of the inputs leave open, in order; it all begins there."""
    dims = [
        dim
        for result in run.nodes.values()
        if result.cost.input_bytes
        for shape in result.outputs.values()
        for dim in shape
    ]
    return sorted({str(dim.size) for dim in dims if isinstance(dim.size, Expr)} - {BATCH.axis})


def _inputs_not_kept(run: ScopeRun, kept: KeptRun) -> int:
    return sum(
        result.cost.input_bytes
        for node_id, result in run.nodes.items()
        if not kept.own_bytes.get(node_id)
    )
