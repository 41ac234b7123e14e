"""`surgery`: change a network file, and say before which weights survive. No torch."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from netloom.commands.networks import read_network
from netloom.commands.output import say, say_json
from netloom.commands.problem import CommandError
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, Graph, ParamValue
from netloom.surgery import Plan, Survival, Target, describe_acts, plan_act
from netloom.surgery.registry import find_act

LIST = "list"


def operate(options: Namespace) -> int:
    """Plan an act, print it, and write the changed network where `--out` says."""
    if options.act == LIST:
        return _list(as_json=options.json)
    if find_act(options.act) is None:
        known = ", ".join(act.id for act in describe_acts())
        raise CommandError(f"There is no act {options.act!r}. Acts: {known}.")
    if options.network is None:
        raise CommandError("Name a network file (.json) or a bundle to operate on.")
    document, _ = read_network(options.network)
    other = None if options.other is None else read_network(options.other)[0]
    plan = plan_act(
        document,
        options.act,
        find_target(document, options.node),
        read_values(options.set),
        other=other,
        other_name="" if options.other is None else options.other.stem,
    )
    if options.json:
        say_json(plan.model_dump(mode="json", by_alias=True))
    if plan.refusal:
        if options.json:
            return 1
        raise CommandError(plan.refusal)
    if not options.json:
        say("\n".join(_describe(plan)))
    if options.out is not None:
        _write(document, plan, options.out)
    return 0


def _list(*, as_json: bool) -> int:
    acts = describe_acts()
    if as_json:
        say_json([act.model_dump(mode="json") for act in acts])
        return 0
    for act in acts:
        params = ", ".join(f"{field.name}={field.default}" for field in act.params)
        say(f"{act.id}  ({', '.join(act.places)})\n  {act.summary}")
        if params:
            say(f"  --set {params}")
    return 0


def find_target(document: Document, names: list[str]) -> Target:
    """Return the nodes of these names; `instance.inner` opens the instance's block.

    Raises:
        CommandError: There is no such node, or they are in different blocks.
    """
    found = [_find(document.graph, name) for name in names]
    scopes = {scope for scope, _ in found}
    if len(scopes) > 1:
        raise CommandError("Name layers of one block, or of the network itself.")
    return Target(scope=next(iter(scopes), None), node_ids=[node_id for _, node_id in found])


def _find(graph: Graph, name: str) -> tuple[str | None, str]:
    scope_id: str | None = None
    node_id = ""
    parts = name.split(".")
    for depth, part in enumerate(parts):
        nodes = graph.nodes if scope_id is None else graph.blocks[scope_id].nodes
        match = next((key for key, node in nodes.items() if node.name == part), None)
        if match is None:
            known = ", ".join(sorted(node.name for node in nodes.values()))
            raise CommandError(f"There is no layer {name!r}. Layers there: {known}.")
        node_id = match
        if depth < len(parts) - 1:
            block = nodes[match].block
            if block is None or block not in graph.blocks:
                raise CommandError(f"{part} is no block, so nothing is inside it.")
            scope_id = block
    return scope_id, node_id


def read_values(assignments: list[str]) -> dict[str, ParamValue]:
    """Return `NAME=VALUE` pairs; a value that is JSON is read as such, others are text."""
    values: dict[str, ParamValue] = {}
    for assignment in assignments:
        name, sign, text = assignment.partition("=")
        if not sign or not name:
            raise CommandError(f"Write {assignment!r} as NAME=VALUE.")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _write(document: Document, plan: Plan, path: Path) -> None:
    changed, _ = apply_operations(document, plan.operations)
    try:
        path.write_text(changed.model_dump_json(by_alias=True, indent=1), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error


def _describe(plan: Plan) -> list[str]:
    lines = [plan.label, ""]
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for change in plan.changes:
        text = f": {change.text}" if change.text else ""
        lines.append(f"  {signs[change.kind]} {change.name} ({change.type}){text}")
    if plan.survival is not None:
        lines += ["", *_describe_survival("Weights", plan.survival)]
    if plan.other_survival is not None:
        lines += _describe_survival(f"Weights of {plan.other_name}", plan.other_survival)
    lines += [f"note: {warning}" for warning in plan.warnings]
    lines += [f"error afterwards: {problem}" for problem in plan.problems]
    return lines


def _describe_survival(whose: str, survival: Survival) -> list[str]:
    total = survival.kept + survival.resized + survival.new
    share = survival.kept / total if total else 1.0
    lines = [
        f"{whose}: {survival.kept:,} kept ({share:.1%}), {survival.resized:,} in resized layers, "
        f"{survival.new:,} in new layers, {survival.removed:,} removed."
    ]
    lines += [
        f"  {layer.fate}: {layer.name} ({layer.parameters:,}) {layer.text}".rstrip()
        for layer in survival.layers
        if layer.fate != "kept"
    ]
    return lines
