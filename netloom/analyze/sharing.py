"""Weights that several nodes use: what is wrong with them, and who counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from netloom.analyze import fixes
from netloom.analyze.plan import PlannedNode, ScopePlan
from netloom.analyze.results import Weights
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode, Fix
from netloom.graph.document import Node, ParamValue
from netloom.graph.operations import Operation, SetAttribute
from netloom.graph.topology import Scope
from netloom.layers.block import BLOCK
from netloom.layers.learning import DEFAULT_LEARNING, LearningParams

Plans: TypeAlias = Mapping[str | None, ScopePlan]


@dataclass(frozen=True, slots=True)
class User:
    """One node of several that use the same weights, with its shapes known.

    Attributes:
        weights: What it would have of its own.
    """

    node_id: str
    planned: PlannedNode
    weights: Weights


@dataclass(slots=True)
class SharedNodes:
    """Where each node of the document is, to say why one is not found."""

    scopes: Mapping[str | None, Scope]
    _places: dict[str, tuple[str | None, Node]] | None = field(default=None)

    def elsewhere(self, node_id: str) -> tuple[str | None, Node] | None:
        """Return the scope and the node that goes by an id, wherever it is."""
        if self._places is None:
            self._places = {
                key: (scope_id, node)
                for scope_id, scope in self.scopes.items()
                for key, node in scope.nodes.items()
            }
        return self._places.get(node_id)


def check_alone(known: SharedNodes, plan: ScopePlan) -> Iterator[Diagnostic]:
    """Yield nodes that are to share the weights of a node which is not in their scope."""
    sharing = plan.sharing
    for node_id in sorted(sharing.keys):
        if len(sharing.group(node_id)) > 1:
            continue
        name = plan.nodes[node_id].node.name
        found = known.elsewhere(sharing.key(node_id))
        if sharing.key(node_id) == node_id:
            continue  # It names itself: its weights are its own.
        if found is None:
            message = (
                f"{name} was to share its weights with a layer that is gone. It has them alone."
            )
        else:
            message = (
                f"{name} is to use the weights of {found[1].name}, which is "
                f"{_scope_words(known, found[0])}. Weights are shared within one scope: on the "
                "top level, or within one block."
            )
        severity = "warning" if found is None else "error"
        yield _problem(plan, node_id, message, [own_weights(plan, node_id)], severity=severity)


def _scope_words(known: SharedNodes, scope_id: str | None) -> str:
    return "on the top level" if scope_id is None else f"in block {known.scopes[scope_id].name}"


def check_group(
    plans: Plans, plan: ScopePlan, holder: User, user: User, path: str | None
) -> Iterator[Diagnostic]:
    """Yield why a node cannot use the weights of another, or what it says in vain."""
    own, other = user.planned.node, holder.planned.node
    message = _unlike(plans, holder, user)
    if message is not None:
        repairs = [own_weights(plan, user.node_id), *_taking_over(plan, holder, user)]
        text = f"{own.name} cannot use the weights of {other.name}: {message}."
        yield _problem(plan, user.node_id, text, repairs, path=path)
        return
    if own.is_frozen != other.is_frozen:
        frozen, learning = (own, other) if own.is_frozen else (other, own)
        late = holder.node_id if own.is_frozen else user.node_id
        text = (
            f"{frozen.name} is frozen and {learning.name} uses the same weights: they are trained "
            "in neither."
        )
        freeze = SetAttribute(scope=plan.scope_id, node_id=late, attribute="is_frozen", value=True)
        thawed = user.node_id if own.is_frozen else holder.node_id
        thaw = freeze.model_copy(update={"node_id": thawed, "value": False})
        both = [
            Fix(label=f"Freeze {learning.name} as well", operations=[freeze]),
            Fix(label=f"Thaw {frozen.name}", operations=[thaw]),
        ]
        yield _problem(plan, user.node_id, text, both, severity="warning", path=path)
    learning = user.planned.learning
    if user.weights and learning not in (DEFAULT_LEARNING, holder.planned.learning):
        said = [name for name in LearningParams.model_fields if name in own.params]
        text = f"How the weights of {own.name} start and learn is what {other.name} says."
        remove = fixes.set_params(
            "Remove it here", plan.scope_id, user.node_id, dict.fromkeys(said)
        )
        yield _problem(plan, user.node_id, text, [remove], severity="warning", path=path)


def own_weights(plan: ScopePlan, node_id: str) -> Fix:
    """Offer that a node shares its weights no longer."""
    change = SetAttribute(scope=plan.scope_id, node_id=node_id, attribute="weights_of", value="")
    return Fix(label="Give it own weights", operations=[change])


def _problem(
    plan: ScopePlan,
    node_id: str,
    message: str,
    repairs: list[Fix],
    *,
    severity: str = "error",
    path: str | None = None,
) -> Diagnostic:
    return Diagnostic(
        code=DiagnosticCode.SHARED_WEIGHTS,
        severity="error" if severity == "error" else "warning",
        message=message,
        scope=plan.scope_id,
        node_id=node_id,
        path=path,
        fixes=repairs,
    )


def _unlike(plans: Plans, holder: User, user: User) -> str | None:
    """Return in what two nodes differ that are to use the same weights."""
    own, other = user.planned.node, holder.planned.node
    if own.type != other.type:
        return f"one is a {own.type} and the other a {other.type}"
    if own.block != other.block:
        return "they are different blocks"
    if own.type == BLOCK and (own.repeat, own.weights) != (other.repeat, other.weights):
        return f"its block is applied {_times(own)}, that of {other.name} {_times(other)}"
    for names in dict.fromkeys((*holder.weights, *user.weights)):
        here, there = user.weights.get(names), holder.weights.get(names)
        if here != there:
            what = _tensor_words(plans, own, names)
            return f"its {what} {_shape_words(here)}, the other's {_shape_words(there)}"
    return None


def _tensor_words(plans: Plans, node: Node, ids: tuple[str, ...]) -> str:
    words: list[str] = []
    for node_id in ids[:-1]:
        node = plans[node.block].nodes[node_id].node
        words.append(node.name)
    return ".".join([*words, ids[-1]])


def _times(node: Node) -> str:
    if node.repeat == 1:
        return "once"
    return f"{node.repeat} times with {node.weights} weights"


def _shape_words(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "is not there"
    return f"has {' × '.join(map(str, shape))}" if shape else "is one number"


def _taking_over(plan: ScopePlan, holder: User, user: User) -> list[Fix]:
    """Offer to set a node as the one whose weights it is to use."""
    own, other = user.planned.node, holder.planned.node
    label = f"Set it as {other.name} is"
    if own.type != other.type or own.block != other.block:
        return []
    if own.type != BLOCK:
        names = sorted({*own.params, *other.params} - {*LearningParams.model_fields})
        values: dict[str, ParamValue] = {
            name: other.params.get(name)
            for name in names
            if own.params.get(name) != other.params.get(name)
        }
        return [fixes.set_params(label, plan.scope_id, user.node_id, values)] if values else []
    operations: list[Operation] = [
        SetAttribute(
            scope=plan.scope_id,
            node_id=user.node_id,
            attribute=attribute,
            value=getattr(other, attribute),
        )
        for attribute in ("repeat", "weights", "overrides")
        if getattr(own, attribute) != getattr(other, attribute)
    ]
    return [Fix(label=label, operations=operations)] if operations else []
