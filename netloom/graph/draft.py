"""A document being edited: copies only what an edit touches, so that one edit stays cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.graph.budgets import BudgetKey, Budgets
from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Frame,
    Graph,
    Node,
    ParamValue,
    Position,
    View,
)
from netloom.graph.operations import OperationRefused


@dataclass(slots=True)
class ScopeDraft:
    """Nodes and edges of one scope, with the indexes that keep checks from scanning them."""

    nodes: dict[str, Node]
    edges: dict[str, Edge]
    definition: BlockDefinition | None = None
    _arrivals: dict[tuple[str, str], int] | None = None
    _degrees: dict[str, int] | None = None
    _named: set[str] | None = None
    _own_params: set[str] = field(default_factory=set[str])

    @property
    def arrivals(self) -> dict[tuple[str, str], int]:
        """How many edges arrive at each (node, port); a loaded document may have two."""
        if self._arrivals is None:
            self._arrivals = {}
            for edge in self.edges.values():
                key = (edge.target.node, edge.target.port)
                self._arrivals[key] = self._arrivals.get(key, 0) + 1
        return self._arrivals

    @property
    def degrees(self) -> dict[str, int]:
        """How many edge ends touch each node that has any."""
        if self._degrees is None:
            self._degrees = {}
            for edge in self.edges.values():
                for end in (edge.source.node, edge.target.node):
                    self._degrees[end] = self._degrees.get(end, 0) + 1
        return self._degrees

    @property
    def named(self) -> set[str]:
        """Nodes that the block's ports and exposed parameters name; none on the top level."""
        if self._named is None:
            self._named = set() if self.definition is None else named_nodes(self.definition)
        return self._named

    def set_definition(self, definition: BlockDefinition) -> None:
        """Replace name, ports and exposed parameters; nodes and edges stay those of the draft."""
        self.definition = definition
        self._named = None

    def params(self, node_id: str) -> dict[str, ParamValue]:
        """Return a node's parameters to edit, copied at the first edit only."""
        node = self.nodes[node_id]
        if node_id not in self._own_params:
            node = node.model_copy(update={"params": dict(node.params)})
            self.nodes[node_id] = node
            self._own_params.add(node_id)
        return node.params

    def remove_node(self, node_id: str) -> None:
        """Take a node out; from now on its parameters belong to whoever holds it."""
        del self.nodes[node_id]
        self._own_params.discard(node_id)

    def add_edge(self, edge_id: str, edge: Edge) -> None:
        self._count(edge, 1)
        self.edges[edge_id] = edge

    def remove_edge(self, edge_id: str) -> None:
        self._count(self.edges[edge_id], -1)
        del self.edges[edge_id]

    def _count(self, edge: Edge, change: int) -> None:
        """Keep both indexes in step; made before the edge changes, as they read the edges."""
        arrivals, degrees = self.arrivals, self.degrees
        key = (edge.target.node, edge.target.port)
        arrivals[key] = arrivals.get(key, 0) + change
        for end in (edge.source.node, edge.target.node):
            degrees[end] = degrees.get(end, 0) + change


@dataclass(slots=True)
class _Contents:
    """What the scopes hold together, counted: a file from outside may have a node id twice."""

    node_ids: Counter[str] = field(default_factory=Counter[str])
    block_uses: Counter[str] = field(default_factory=Counter[str])

    def count(self, nodes: Iterable[tuple[str, Node]], change: int) -> None:
        for node_id, node in nodes:
            self.node_ids[node_id] += change
            if node.block is not None:
                self.block_uses[node.block] += change


@dataclass(slots=True)
class Draft:
    """A mutable view of a document. The document itself is never changed."""

    document: Document
    name: str = ""
    _scopes: dict[str | None, ScopeDraft] = field(default_factory=dict[str | None, ScopeDraft])
    _blocks: dict[str, BlockDefinition] | None = None
    _positions: dict[str, Position] | None = None
    _frames: dict[str, Frame] | None = None
    _budgets: Budgets | None = None
    _contents: _Contents | None = None
    _frame_scopes: Counter[str | None] | None = None

    def __post_init__(self) -> None:
        self.name = self.document.graph.name

    def scope(self, block_id: str | None) -> ScopeDraft:
        """Return a scope to edit; refused when there is no such block."""
        if block_id not in self._scopes:
            holder = self.document.graph if block_id is None else self.block(block_id)
            self._scopes[block_id] = ScopeDraft(
                dict(holder.nodes),
                dict(holder.edges),
                holder if isinstance(holder, BlockDefinition) else None,
            )
        return self._scopes[block_id]

    def blocks(self) -> dict[str, BlockDefinition]:
        """Return definitions to add to or take from. Their content is edited by `scope`."""
        if self._blocks is None:
            self._blocks = dict(self.document.graph.blocks)
        return self._blocks

    def has_block(self, block_id: str) -> bool:
        blocks = self.document.graph.blocks if self._blocks is None else self._blocks
        return block_id in blocks

    def block(self, block_id: str) -> BlockDefinition:
        """Return a definition as it is now, edits of its content included."""
        blocks = self.document.graph.blocks if self._blocks is None else self._blocks
        if block_id not in blocks:
            raise OperationRefused(f"there is no block {block_id}")
        edited = self._scopes.get(block_id)
        if edited is None or edited.definition is None:
            return blocks[block_id]
        return edited.definition.model_copy(
            update={"nodes": dict(edited.nodes), "edges": dict(edited.edges)}
        )

    def put_block(self, block_id: str, block: BlockDefinition | None) -> None:
        """Add a definition; None removes it."""
        contents = self._counted()
        if block is None:
            contents.count(self.block(block_id).nodes.items(), -1)
            del self.blocks()[block_id]
        else:
            contents.count(block.nodes.items(), 1)
            self.blocks()[block_id] = block
        self._scopes.pop(block_id, None)

    def add_node(self, scope: ScopeDraft, node_id: str, node: Node) -> None:
        self._counted().count([(node_id, node)], 1)
        scope.nodes[node_id] = node

    def remove_node(self, scope: ScopeDraft, node_id: str) -> None:
        self._counted().count([(node_id, scope.nodes[node_id])], -1)
        scope.remove_node(node_id)

    def has_node(self, node_id: str) -> bool:
        """Whether any scope has this node."""
        return self._counted().node_ids[node_id] > 0

    def is_block_used(self, block_id: str) -> bool:
        """Whether any node is an instance of this block."""
        return self._counted().block_uses[block_id] > 0

    def _counted(self) -> _Contents:
        if self._contents is None:
            self._contents = _Contents()
            for nodes in self.scope_nodes():
                self._contents.count(nodes.items(), 1)
        return self._contents

    def scope_nodes(self) -> list[dict[str, Node]]:
        """Return the nodes of every scope, to look at."""
        graph = self.document.graph
        blocks = graph.blocks if self._blocks is None else self._blocks
        top = self._scopes.get(None)
        found = [top.nodes if top else graph.nodes]
        for block_id, block in blocks.items():
            edited = self._scopes.get(block_id)
            found.append(edited.nodes if edited else block.nodes)
        return found

    def positions(self) -> dict[str, Position]:
        """Return positions to edit."""
        if self._positions is None:
            self._positions = dict(self.document.view.positions)
        return self._positions

    def put_budget(self, budget: BudgetKey, limit: float | None) -> float | None:
        """Set a budget or, with None, remove it; return what it was."""
        if self._budgets is None:
            self._budgets = dict(self.document.view.budgets)
        before = self._budgets.pop(budget, None)
        if limit is not None:
            self._budgets[budget] = limit
        return before

    def frames(self) -> Mapping[str, Frame]:
        """Return frames to look at."""
        return self.document.view.frames if self._frames is None else self._frames

    def put_frame(self, frame_id: str, frame: Frame | None) -> None:
        """Add or replace a frame; None removes it."""
        if self._frames is None:
            self._frames = dict(self.document.view.frames)
        scopes = self._counted_frames()
        before = self._frames.pop(frame_id, None)
        if before is not None:
            scopes[before.scope] -= 1
        if frame is not None:
            scopes[frame.scope] += 1
            self._frames[frame_id] = frame

    def has_frame_in(self, block_id: str) -> bool:
        """Whether a frame is drawn in this block."""
        return self._counted_frames()[block_id] > 0

    def _counted_frames(self) -> Counter[str | None]:
        if self._frame_scopes is None:
            self._frame_scopes = Counter(frame.scope for frame in self.frames().values())
        return self._frame_scopes

    def finish(self) -> Document:
        """Return the edited document; untouched parts are shared with the original."""
        return self.document.model_copy(update={"graph": self._graph(), "view": self._view()})

    def _graph(self) -> Graph:
        graph = self.document.graph
        edited = [key for key in self._scopes if key is not None]
        if edited:
            finished = {key: self.block(key) for key in edited}
            self.blocks().update(finished)
        update: dict[str, object] = {"name": self.name}
        if self._blocks is not None:
            update["blocks"] = self._blocks
        if None in self._scopes:
            top = self._scopes[None]
            update |= {"nodes": top.nodes, "edges": top.edges}
        return graph.model_copy(update=update)

    def _view(self) -> View:
        update: dict[str, object] = {}
        if self._positions is not None:
            update["positions"] = self._positions
        if self._frames is not None:
            update["frames"] = self._frames
        if self._budgets is not None:
            update["budgets"] = self._budgets
        return self.document.view.model_copy(update=update) if update else self.document.view


def named_nodes(block: BlockDefinition) -> set[str]:
    """Return the nodes that a block's ports and exposed parameters name."""
    exposed = {target.node for each in block.exposed.values() for target in each.targets}
    return exposed.union(block.inputs, block.outputs)
