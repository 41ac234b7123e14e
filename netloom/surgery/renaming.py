"""Networks under other ids, and where one that was merged into another is found in it.

A merged network keeps its ids where they are free. Otherwise all of them are replaced by ids that
follow from the old ones, so that its weights are found again without a record of the merge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from netloom.graph.document import BlockDefinition, Document, Edge, Endpoint, Graph, Node
from netloom.graph.match import renamed_node
from netloom.graph.topology import BLOCK_INPUT, BLOCK_OUTPUT
from netloom.layers.block import BLOCK
from netloom.layers.registry import get_layer

_MAX_DEPTH = 8
"""More copies of one network than this are not told apart."""
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def guest_ids(other: Document, depth: int) -> dict[str, str]:
    """Return the ids that a network gets in another which had taken its own `depth` times."""
    scopes = [other.graph, *other.graph.blocks.values()]
    ids = [*other.graph.blocks, *(key for each in scopes for key in (*each.nodes, *each.edges))]
    return {key: _guest_id(key, depth) for key in ids}


def _guest_id(old: str, depth: int) -> str:
    if depth == 0:
        return old
    digest = hashlib.sha256(f"{depth}/{old}".encode()).digest()
    return "".join(_ALPHABET[byte & 31] for byte in digest[:12])


@dataclass(frozen=True, slots=True)
class MergedPart:
    """A network as it was merged into another.

    Attributes:
        document: The network under the ids it has there; in blocks where it was put into one.
        ids: Its ids there, by its own.
        prefixes: Before the paths of its weights: of each instance of the block, or nothing.
    """

    document: Document
    ids: Mapping[str, str]
    prefixes: tuple[str, ...]

    def keys(self, key: str) -> list[str]:
        """Return the weight keys in the merged network for one of its own."""
        path, _, name = key.partition(":")
        parts = path.split("/")
        parts[::2] = [self.ids.get(part, part) for part in parts[::2]]
        return [f"{prefix}{'/'.join(parts)}:{name}" for prefix in self.prefixes]


def find_merged(other: Document, merged: Document) -> MergedPart | None:
    """Return where a network is found in one it was merged into; None where it is not.

    Of several places the one with most of its layers counts, and of equals the latest: a network
    merged with a copy of itself has the ids of both.
    """
    found: tuple[int, int, str | None] | None = None
    layers = [key for key, node in other.graph.nodes.items() if _is_layer(node)]
    for depth in range(_MAX_DEPTH):
        ids = guest_ids(other, depth)
        wanted = {ids[key] for key in layers}
        scopes = [
            (None, merged.graph.nodes),
            *((k, b.nodes) for k, b in merged.graph.blocks.items()),
        ]
        for scope_id, nodes in scopes:
            count = len(wanted & nodes.keys())
            if count and (found is None or (count, depth) > found[:2]):
                found = (count, depth, scope_id)
    if found is None:
        return None
    _, depth, scope_id = found
    ids = guest_ids(other, depth)
    if scope_id is None:
        return MergedPart(_renamed(other, ids), ids, ("",))
    instances = [key for key, node in merged.graph.nodes.items() if node.block == scope_id]
    document = _in_block(_renamed(other, ids), scope_id, instances)
    return MergedPart(document, ids, tuple(f"{key}/0/" for key in instances))


def _is_layer(node: Node) -> bool:
    layer = get_layer(node.type)
    return layer is None or layer.role == "layer"


def _renamed(document: Document, ids: Mapping[str, str]) -> Document:
    graph = document.graph
    nodes = {ids[key]: renamed_node(node, ids, ids) for key, node in graph.nodes.items()}
    edges = {ids[key]: renamed_edge(edge, ids) for key, edge in graph.edges.items()}
    blocks = {ids[key]: renamed_block(block, ids) for key, block in graph.blocks.items()}
    return Document(graph=Graph(name=graph.name, nodes=nodes, edges=edges, blocks=blocks))


def _in_block(document: Document, block_id: str, instances: list[str]) -> Document:
    """Put what is between input and output into a block, with the uses that it has."""
    graph = document.graph
    roles = {key: getattr(get_layer(node.type), "role", "") for key, node in graph.nodes.items()}
    inputs = [key for key, role in roles.items() if role == "input"]
    outputs = [key for key, role in roles.items() if role == "output"]
    nodes = dict(graph.nodes)
    nodes |= {key: Node(type=BLOCK_INPUT, name="input") for key in inputs}
    nodes |= {key: Node(type=BLOCK_OUTPUT, name="output") for key in outputs}
    block = BlockDefinition(
        name="Merged", nodes=nodes, edges=graph.edges, inputs=inputs, outputs=outputs
    )
    top = {key: graph.nodes[key] for key in inputs}
    top |= {key: Node(type=BLOCK, name=f"use_{key}", block=block_id) for key in instances}
    edges = {
        f"{key}-in": Edge(
            source=Endpoint(node=inputs[0], port="output"), target=Endpoint(node=key, port="input")
        )
        for key in instances
        if inputs
    }
    blocks = {**graph.blocks, block_id: block}
    return Document(graph=Graph(name=graph.name, nodes=top, edges=edges, blocks=blocks))


def renamed_edge(edge: Edge, ids: Mapping[str, str]) -> Edge:
    return Edge(
        source=Endpoint(node=ids[edge.source.node], port=edge.source.port),
        target=Endpoint(node=ids[edge.target.node], port=edge.target.port),
    )


def renamed_block(block: BlockDefinition, ids: Mapping[str, str]) -> BlockDefinition:
    return BlockDefinition(
        name=block.name,
        nodes={ids[key]: renamed_node(node, ids, ids) for key, node in block.nodes.items()},
        edges={ids[key]: renamed_edge(edge, ids) for key, edge in block.edges.items()},
        inputs=[ids[key] for key in block.inputs],
        outputs=[ids[key] for key in block.outputs],
        exposed={key: value.renamed(ids) for key, value in block.exposed.items()},
    )
