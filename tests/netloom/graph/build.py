"""Short ways to write networks in tests."""

from __future__ import annotations

from netloom.graph.document import (
    BlockDefinition,
    Document,
    Edge,
    Endpoint,
    Graph,
    Node,
    ParamValue,
    Position,
    View,
)


def node(type_name: str, name: str, **params: ParamValue) -> Node:
    return Node(type=type_name, name=name, params=params)


def edge(source: str, target: str, port: str = "input", source_port: str = "output") -> Edge:
    return Edge(
        source=Endpoint(node=source, port=source_port), target=Endpoint(node=target, port=port)
    )


def chain(*nodes: Node) -> Document:
    """A document whose nodes, called n0, n1..., follow each other by edges e0, e1..."""
    ids = [f"n{index}" for index in range(len(nodes))]
    return document(
        dict(zip(ids, nodes, strict=True)),
        {f"e{index}": edge(ids[index], ids[index + 1]) for index in range(len(ids) - 1)},
    )


def document(
    nodes: dict[str, Node],
    edges: dict[str, Edge],
    blocks: dict[str, BlockDefinition] | None = None,
) -> Document:
    places = {node_id: Position(x=224 * index, y=0) for index, node_id in enumerate(nodes)}
    return Document(
        graph=Graph(nodes=nodes, edges=edges, blocks=blocks or {}), view=View(positions=places)
    )


def block(name: str, prefix: str, *inner: Node, **exposed: tuple[str, str]) -> BlockDefinition:
    """A definition with one input and one output around a chain of nodes."""
    nodes = [node("BlockInput", "input"), *inner, node("BlockOutput", "output")]
    ids = [f"{prefix}{index}" for index in range(len(nodes))]
    return BlockDefinition.model_validate(
        {
            "name": name,
            "nodes": dict(zip(ids, nodes, strict=True)),
            "edges": {
                f"{prefix}e{index}": edge(ids[index], ids[index + 1])
                for index in range(len(ids) - 1)
            },
            "inputs": ids[:1],
            "outputs": ids[-1:],
            "exposed": {
                label: {"node": node_id, "param": param}
                for label, (node_id, param) in exposed.items()
            },
        }
    )


def instance(block_id: str, name: str, **fields: object) -> Node:
    return Node.model_validate({"type": "Block", "name": name, "block": block_id, **fields})
