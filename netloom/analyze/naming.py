"""Problems of names: they become modules and variables, so they are checked before anything."""

from __future__ import annotations

from collections.abc import Iterator

from netloom.analyze.fixes import Repairs
from netloom.analyze.plan import ScopePlan
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.graph.names import name_problem


def check_names(repairs: Repairs, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield names that are no identifiers, are reserved, or are used twice in the scope."""
    all_names = {planned.node.name for planned in plan.nodes.values()}
    seen: set[str] = set()
    for node_id, planned in plan.nodes.items():
        name = planned.node.name
        reason = name_problem(name)
        if reason is None and name not in seen:
            seen.add(name)
            continue
        code = DiagnosticCode.DUPLICATE_NAME if reason is None else DiagnosticCode.INVALID_NAME
        message = (
            f"Two nodes here are called {name}. Names must differ, as each becomes a module."
            if reason is None
            else f"{_quoted(name)} cannot be a name: {reason}."
        )
        yield Diagnostic(
            code=code,
            severity="error",
            message=message,
            scope=plan.scope_id,
            node_id=node_id,
            fixes=repairs.rename(plan.scope_id, node_id, all_names),
        )


def _quoted(name: str) -> str:
    printable = "".join(letter if letter.isprintable() else "�" for letter in name)
    return f"“{printable}”"
