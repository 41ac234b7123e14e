"""Whether a network keeps its budgets, and which layers make up the excess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from netloom.analyze.model import Analysis, BudgetUse, NodeAnalysis
from netloom.analyze.training_memory import training_memory
from netloom.graph.budgets import DEFAULT_BATCH_SIZE, Budget
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.graph.document import Document

MAX_NAMED = 3
_TITLES: dict[Budget, str] = {
    "parameters": "Parameters",
    "weight_bytes": "Weights",
    "flops": "FLOPs per sample",
    "training_bytes": "Training memory",
    "receptive_field": "Receptive field",
}
_COSTS: dict[Budget, Callable[[NodeAnalysis], int]] = {
    "parameters": lambda found: found.parameters,
    "weight_bytes": lambda found: found.parameters,
    "flops": lambda found: found.flops,
    "training_bytes": lambda found: found.kept_bytes,
}


def budget_uses(document: Document, analysis: Analysis) -> list[BudgetUse]:
    """Return every budget of the document with what is used of it.

    The offenders are the fewest layers of the top level, most costly first, without which the
    rest would fit.
    """
    budgets = document.view.budgets
    batch_size = int(budgets.get("batch_size", DEFAULT_BATCH_SIZE))
    totals = analysis.totals
    used: dict[Budget, int | None] = {
        "parameters": totals.parameters,
        "weight_bytes": totals.parameter_bytes,
        "flops": totals.flops,
        "training_bytes": training_memory(totals, max(1, batch_size)).total_bytes,
        "receptive_field": _widest_field(analysis),
    }
    uses: list[BudgetUse] = []
    for budget, title in _TITLES.items():
        limit = budgets.get(budget)
        if limit is None:
            continue
        value = used[budget]
        is_least = budget == "receptive_field"
        is_kept = value is None or (value >= limit if is_least else value <= limit)
        offenders: list[str] = []
        if not is_kept and not is_least and value is not None:
            offenders = _offenders(budget, analysis.nodes, value, limit)
        uses.append(
            BudgetUse(
                budget=budget, title=title, limit=limit, used=value, is_kept=is_kept,
                offenders=offenders,
            )
        )  # fmt: skip
    return uses


def _offenders(
    budget: Budget, nodes: Mapping[str, NodeAnalysis], used: int, limit: float
) -> list[str]:
    cost = _COSTS[budget]
    top = [(cost(found), node_id) for node_id, found in nodes.items() if "/" not in node_id]
    share = sum(value for value, _ in top)
    if share == 0:
        return []
    offenders: list[str] = []
    excess = (used - limit) / used
    for value, node_id in sorted(top, key=lambda each: (-each[0], each[1])):
        if excess <= 0 or value == 0:
            break
        offenders.append(node_id)
        excess -= value / share
    return offenders


def _widest_field(analysis: Analysis) -> int | None:
    """Return the narrowest side of the widest field of any layer; None for a whole input."""
    widest = 0
    for found in analysis.nodes.values():
        sizes = [field.size for field in found.receptive_field]
        if not sizes:
            continue
        numbers = [size for size in sizes if size is not None]
        if len(numbers) < len(sizes):
            return None
        widest = max(widest, min(numbers))
    return widest


def budget_problems(document: Document, uses: list[BudgetUse]) -> Iterator[Diagnostic]:
    """Yield a warning for each budget that is not kept, naming the layers behind it."""
    for use in uses:
        if use.is_kept or use.used is None:
            continue
        names = [document.graph.nodes[node_id].name for node_id in use.offenders]
        more = "" if len(names) <= MAX_NAMED else f" and {len(names) - MAX_NAMED} more"
        who = f" Most of it: {', '.join(names[:MAX_NAMED])}{more}." if names else ""
        if use.budget == "receptive_field":
            message = (
                f"The receptive field reaches {use.used:,} positions; the budget asks for at "
                f"least {use.limit:,.0f}. Add layers, strides or dilation."
            )
        else:
            message = (
                f"{use.title} are {_amount(use.budget, use.used)}; the budget allows "
                f"{_amount(use.budget, use.limit)}.{who}"
            ).replace("Training memory are", "Training memory is")
        yield Diagnostic(
            code=DiagnosticCode.OVER_BUDGET,
            severity="warning",
            message=message,
            node_id=use.offenders[0] if use.offenders else None,
        )


def _amount(budget: Budget, value: float) -> str:
    if budget.endswith("_bytes"):
        return f"{value / 1e6:,.1f} MB"
    return f"{value / 1e9:,.2f} G" if budget == "flops" and value >= 1e8 else f"{value:,.0f}"
