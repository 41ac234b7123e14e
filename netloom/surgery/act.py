"""What an act declares. Menus, forms, the API and the command line derive from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeAlias, TypeVar

from netloom.analyze.model import Binding
from netloom.graph.document import Document, Node, ParamValue, Scalar
from netloom.graph.topology import Scope
from netloom.layers.fields import ParamDescription, describe_param
from netloom.layers.params import LayerParams
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import Expansion, expand
from netloom.surgery.model import ActDescription, Place, Target

P = TypeVar("P", bound=LayerParams)


class ActRefused(Exception):
    """An act cannot be done here; the text says why and what helps."""


class ActParams(LayerParams):
    """What an act asks; fields are declared as those of layers are."""


@dataclass(slots=True)
class Context:
    """A network about to be operated on.

    Attributes:
        other: A second network, for acts that take one.
        other_name: What people call it.
    """

    document: Document
    target: Target
    binding: Binding = field(default_factory=Binding)
    other: Document | None = None
    other_name: str = ""
    _expansion: Expansion | None = None

    @property
    def expansion(self) -> Expansion:
        """Every use of every layer, worked out when first asked for."""
        if self._expansion is None:
            self._expansion = expand(self.document)
        return self._expansion

    @property
    def scope(self) -> Scope:
        """The nodes and edges that the target is among."""
        graph = self.document.graph
        if self.target.scope is None:
            return graph
        block = graph.blocks.get(self.target.scope)
        if block is None:
            raise ActRefused("The block is not there any more. Go up to the network.")
        return block

    def nodes(self) -> list[tuple[str, Node]]:
        """Return the target's nodes; refused when there is none, or one is gone."""
        found = [(each, self.scope.nodes.get(each)) for each in self.target.node_ids]
        present = [(node_id, node) for node_id, node in found if node is not None]
        if not present or len(present) < len(found):
            raise ActRefused("Select a layer of the network first.")
        return present

    def node(self) -> tuple[str, Node]:
        """Return the one node of the target."""
        nodes = self.nodes()
        if len(nodes) > 1:
            raise ActRefused("This is done to one layer at a time. Select one.")
        return nodes[0]

    def edit(self) -> GraphEdit:
        """Return a collector of operations in the target's scope."""
        return GraphEdit(self.document, self.target.scope)

    def num_instances(self) -> int:
        """Return how often the open block is used; 0 on the top level."""
        scope_id = self.target.scope
        if scope_id is None:
            return 0
        graph = self.document.graph
        scopes = [graph.nodes, *(block.nodes for block in graph.blocks.values())]
        return sum(node.block == scope_id for nodes in scopes for node in nodes.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act does."""

    label: str
    edit: GraphEdit
    warnings: Sequence[str] = ()
    select: Sequence[str] = ()


class Act(Generic[P]):
    """One kind of surgery. Registered as a single instance that holds no state."""

    id: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    places: ClassVar[tuple[Place, ...]]
    needs_network: ClassVar[bool] = False
    Params: type[P]

    def choices(self, context: Context) -> dict[str, list[Scalar]]:
        """Return choices that depend on the network, best first, by parameter."""
        del context
        return {}

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        """Return defaults that depend on the network."""
        del context
        return {}

    def perform(self, context: Context, params: P) -> Outcome:
        """Return the operations.

        Raises:
            ActRefused: It cannot be done here.
        """
        raise NotImplementedError

    def form(self, context: Context | None = None) -> list[ParamDescription]:
        """Return the fields, fitted to a network where there is one."""
        choices = self.choices(context) if context else {}
        defaults = self.defaults(context) if context else {}
        fields: list[ParamDescription] = []
        for name, info in self.Params.model_fields.items():
            found = describe_param(name, info)
            if name in choices:
                found = found.model_copy(update={"kind": "choice", "choices": choices[name]})
                first = choices[name][0] if choices[name] else None
                found = found.model_copy(update={"default": first})
            if name in defaults:
                found = found.model_copy(update={"default": defaults[name]})
            fields.append(found)
        return fields

    def asks(self, name: str, chosen: Mapping[str, ParamValue]) -> bool:
        """Return whether a field matters with what is chosen so far."""
        del name, chosen
        return True

    def describe(self) -> ActDescription:
        """Return the act as data."""
        return ActDescription(
            id=self.id,
            title=self.title,
            summary=self.summary,
            places=list(self.places),
            needs_network=self.needs_network,
            params=self.form(),
        )


AnyAct: TypeAlias = Act[ActParams]


def shared_block_warning(context: Context) -> list[str]:
    """Say that an edit inside a block reaches all its uses."""
    count = context.num_instances()
    return [f"The block is used {count} times: all its uses follow."] if count > 1 else []
