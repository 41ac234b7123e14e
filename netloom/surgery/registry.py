"""All acts by name, and the one way to plan any of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

from pydantic import ValidationError

from netloom.analyze import Analysis, Binding, analyze
from netloom.graph.collecting import collection_paused
from netloom.graph.diagnostics import Diagnostic
from netloom.graph.document import Document, Node, ParamValue
from netloom.graph.operations import OperationRefused
from netloom.surgery.act import ActRefused, AnyAct, Context, Outcome
from netloom.surgery.model import ActDescription, Change, Plan, Target
from netloom.surgery.survival import report_merged, report_survival

_ACTS = (
    "head", "attach", "boxes", "freeze", "insert", "swap", "placeholder", "width", "heads", "cut",
    "merge",
)  # fmt: skip
_MOST_PROBLEMS = 20


@cache
def _registry() -> dict[str, AnyAct]:
    found: dict[str, AnyAct] = {}
    for name in _ACTS:
        module = import_module(f"netloom.surgery.acts.{name}")
        for act in cast("tuple[AnyAct, ...]", module.ACTS):
            found[act.id] = act
    return found


def describe_acts() -> list[ActDescription]:
    """Return every act as data, in the order of menus."""
    return [act.describe() for act in _registry().values()]


def find_act(act_id: str) -> AnyAct | None:
    """Return an act by its id."""
    return _registry().get(act_id)


def plan_act(
    document: Document,
    act_id: str,
    target: Target | None = None,
    values: Mapping[str, ParamValue] | None = None,
    *,
    binding: Binding | None = None,
    other: Document | None = None,
    other_name: str = "",
) -> Plan:
    """Say what an act would do, without doing it.

    Args:
        values: Parameters of the act; what is left out takes the default that fits the network.
        binding: What is known of the data, e.g. how many classes.
        other: A second network, for acts that take one.

    Returns:
        The operations with a report on the weights; or the reason why it cannot be done.

    Raises:
        KeyError: There is no such act.
    """
    act = _registry()[act_id]
    context = Context(document, target or Target(), binding or Binding(), other, other_name)
    with collection_paused():
        return _plan(act, context, values or {})


def _plan(act: AnyAct, context: Context, values: Mapping[str, ParamValue]) -> Plan:
    plan = Plan(act=act.id)
    try:
        form = act.form(context)
        chosen = {field.name: field.default for field in form} | dict(values)
        asked = [field for field in form if act.asks(field.name, chosen)]
        plan = plan.model_copy(update={"form": asked, "values": chosen})
        if act.needs_network and context.other is None:
            raise ActRefused("Choose the other network.")
        outcome = act.perform(context, act.Params.model_validate(chosen))
    except (ActRefused, OperationRefused) as refusal:
        return plan.model_copy(update={"refusal": _sentence(str(refusal))})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        return plan.model_copy(update={"refusal": _sentence(f"{name}: {first['msg']}")})
    if not outcome.edit.operations:
        return plan.model_copy(update={"refusal": "It is like that already: nothing to change."})
    return _with_consequences(plan, context, outcome)


def _with_consequences(plan: Plan, context: Context, outcome: Outcome) -> Plan:
    before, after = context.document, outcome.edit.document
    then, now = analyze(before, context.binding), analyze(after, context.binding)
    known = {problem.message for problem in _errors(then)}
    messages = [each.message for each in _errors(now) if each.message not in known]
    left = {problem.message for problem in _errors(now)}
    return plan.model_copy(
        update={
            "label": outcome.label[:120],
            "operations": outcome.edit.operations,
            "select": list(outcome.select),
            "changes": _changes(before, after),
            "warnings": list(outcome.warnings),
            "survival": report_survival(before, after),
            "other_name": context.other_name,
            "other_survival": context.other and report_merged(context.other, after),
            "problems": list(dict.fromkeys(messages))[:_MOST_PROBLEMS],
            "solved": len(known - left),
            "totals": now.totals,
        }
    )


def _errors(analysis: Analysis) -> list[Diagnostic]:
    return [problem for problem in analysis.diagnostics if problem.severity == "error"]


def _changes(before: Document, after: Document) -> list[Change]:
    """Return added, removed and changed nodes over all scopes."""
    was, now = dict(_nodes(before)), dict(_nodes(after))
    lines = [_change("removed", key, node, "") for key, node in was.items() if key not in now]
    lines += [
        _change("added", key, node, _params_text(node))
        for key, node in now.items()
        if key not in was
    ]
    lines += [
        _change("changed", key, node, _difference(was[key], node))
        for key, node in now.items()
        if key in was and was[key] != node
    ]
    return lines


def _nodes(document: Document) -> dict[tuple[str | None, str], Node]:
    graph = document.graph
    scopes = [(None, graph.nodes), *((key, block.nodes) for key, block in graph.blocks.items())]
    return {(scope, node_id): node for scope, nodes in scopes for node_id, node in nodes.items()}


def _change(kind: str, key: tuple[str | None, str], node: Node, text: str) -> Change:
    return Change.model_validate(
        {
            "kind": kind,
            "scope": key[0],
            "node_id": key[1],
            "name": node.name,
            "type": node.type,
            "text": text,
        }
    )


def _params_text(node: Node) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in node.params.items())


def _difference(was: Node, now: Node) -> str:
    parts = [f"{was.type} → {now.type}"] if was.type != now.type else []
    parts += [f"{was.name} → {now.name}"] if was.name != now.name else []
    if was.is_frozen != now.is_frozen:
        parts.append("frozen" if now.is_frozen else "thawed")
    for old, new in ((was.params, now.params), (was.overrides, now.overrides)):
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                parts.append(f"{name} {_value(old.get(name))} → {_value(new.get(name))}")
    return ", ".join(parts)


def _value(value: ParamValue) -> str:
    if value is None:
        return "default"
    return " × ".join(map(str, value)) if isinstance(value, list) else str(value)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."
