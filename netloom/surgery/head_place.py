"""Where the head of a network is: the last layer with weights before the output, in any block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import Endpoint, Node
from netloom.graph.topology import BLOCK_OUTPUT, Scope
from netloom.layers.shapes import Shape, axes_of
from netloom.surgery.act import ActRefused, Context
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import LayerUse
from netloom.surgery.widths import CHANNELS_PARAM

_PASSES = frozenset(
    {"Activation", "Pooling", "Regularization", "Shape", "Normalization", "Operators"}
)


@dataclass(frozen=True, slots=True)
class Head:
    """The last layer with weights before the output.

    Attributes:
        inside: Instances that it lies in, outermost first; none on the top level.
        chain: Nodes of the top level from the output back to it, or to the block that holds it,
            both left out.
    """

    use: LayerUse
    output_id: str
    chain: tuple[str, ...]
    inside: tuple[str, ...] = ()

    @property
    def top_id(self) -> str:
        """The node of the top level that is, or holds, the head."""
        return self.inside[0] if self.inside else self.use.node_id


@dataclass(frozen=True, slots=True)
class Tail:
    """What a pooled head replaces, and the tensor that stays."""

    gone: list[str]
    source: Endpoint
    is_spatial: bool


def find_head(context: Context) -> Head:
    """Walk back from the output, into blocks where the way leads through them.

    Raises:
        ActRefused: There is no such layer, or it cannot be replaced by itself.
    """
    graph = context.document.graph
    outputs = [node_id for node_id, node in graph.nodes.items() if node.type == "Output"]
    if not outputs:
        raise ActRefused("The network has no Output. Add one behind the last layer first.")
    if len(outputs) > 1:
        raise ActRefused("The network has several outputs; this replaces the head of one.")
    return _Walk(context, outputs[0]).find()


@dataclass(slots=True)
class _Walk:
    """A way back through the network, one scope inside another."""

    context: Context
    output_id: str

    def find(self) -> Head:
        uses = {use.path: use for use in self.context.expansion.uses}
        scope: Scope = self.context.document.graph
        prefix, at = "", self.output_id
        chain: list[str] = []
        inside: list[str] = []
        while True:
            found = self._last(scope, at, prefix, uses, chain if not inside else [])
            if isinstance(found, LayerUse):
                return Head(found, self.output_id, tuple(chain), tuple(inside))
            source, node = found
            inside.append(source.node)
            block = self._block(node)
            prefix = f"{prefix}{source.node}/0/"
            scope = block
            ends = [key for key, each in block.nodes.items() if _ends(each, source.port)]
            if not ends:
                raise ActRefused(f"{node.name} has a problem of its own; solve that first.")
            at = ends[0]

    def _last(
        self,
        scope: Scope,
        at: str,
        prefix: str,
        uses: Mapping[str, LayerUse],
        chain: list[str],
    ) -> LayerUse | tuple[Endpoint, Node]:
        """Return the layer, or the instance that the way leads into, passing what has no say."""
        sources = {edge.target.node: edge.source for edge in scope.edges.values()}
        while (source := sources.get(at)) is not None:
            node = scope.nodes.get(source.node)
            if node is None:
                break
            if node.block is not None:
                return source, node
            use = uses.get(f"{prefix}{source.node}")
            if use is None:
                raise ActRefused(f"{node.name} has a problem of its own; solve that first.")
            if use.node.type in CHANNELS_PARAM:
                return use
            if use.layer.category not in _PASSES or len(use.inputs) != 1:
                raise ActRefused(
                    f"The output comes from {node.name} ({use.layer.title}), which is no "
                    "classifier. Put a Linear layer before the output instead."
                )
            at = source.node
            chain.append(at)
        raise ActRefused("No layer with weights leads to the output.")

    def _block(self, node: Node) -> Scope:
        graph = self.context.document.graph
        block = graph.blocks.get(node.block or "")
        scopes = [graph.nodes, *(each.nodes for each in graph.blocks.values())]
        count = sum(each.block == node.block for nodes in scopes for each in nodes.values())
        if block is None or node.repeat > 1 or count > 1:
            raise ActRefused(
                f"The last layer is inside block {block.name if block else ''} ({node.name}), "
                "which is used several times. Dissolve the block, then replace the head."
            )
        return block


def _ends(node: Node, port: str) -> bool:
    return node.type == BLOCK_OUTPUT and node.name == port


def find_tail(edit: GraphEdit, head: Head, context: Context) -> Tail:
    """Walk back from the head to the last feature map."""
    gone = [*head.chain, head.top_id]
    at = head.top_id
    walked: list[str] = []
    while True:
        arriving = _arriving(context, at)
        if set(edit.arriving(at)) != {"input"} and len(edit.arriving(at)) != 1:
            break
        ((_, edge),) = edit.arriving(at).values()
        source = edge.source
        if arriving is not None and "C" in axes_of(arriving):
            while edit.scope.nodes[source.node].type.startswith("Adaptive"):
                walked.append(source.node)
                source = edit.arriving(source.node)["input"][1].source
            return Tail([*gone, *walked], source, is_spatial=True)
        if arriving is None or edit.scope.nodes[source.node].block is not None:
            break
        at = source.node
        walked.append(at)
    ((_, edge),) = edit.arriving(head.top_id).values()
    return Tail(gone, edge.source, is_spatial=False)


def _arriving(context: Context, node_id: str) -> Shape | None:
    """Return the one shape that arrives at a node of the top level; None where there are more."""
    own = f"{node_id}/"
    shapes = [
        value.shape
        for use in context.expansion.uses
        if use.path == node_id or use.path.startswith(own)
        for value in use.inputs.values()
        if not value.path.startswith(own)
    ]
    return shapes[0] if shapes and all(shape == shapes[0] for shape in shapes) else None
