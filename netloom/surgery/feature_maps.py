"""The feature maps of a backbone: where a decoder or a pyramid can be attached. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netloom.analyze import Analysis, analyze
from netloom.graph.document import Document, Endpoint
from netloom.graph.topology import BLOCK_OUTPUT, Scope, topological_order
from netloom.layers.registry import get_layer
from netloom.surgery.act import ActRefused, Context
from netloom.surgery.edit import GraphEdit

MAP_AXES = "BCHW"
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A map of a backbone.

    Attributes:
        path: Nodes from the top level down to the one that gives it.
        port: Of the last of them.
        name: Names of the nodes, as people say them: `features.fire4`.
    """

    path: tuple[str, ...]
    port: str
    name: str
    channels: int
    height: int
    width: int


def image_inputs(context: Context) -> list[str]:
    """Return the image inputs of a network."""
    nodes = context.document.graph.nodes
    return [node_id for node_id, node in nodes.items() if node.type == "ImageInput"]


def feature_maps(document: Document) -> list[FeatureMap]:
    """Return the maps that can be reached, in computing order.

    Inside a block they can be where the block is used once: nothing else has to change then.
    """
    analysis = analyze(document)
    uses: dict[str, int] = {}
    for scope in (document.graph, *document.graph.blocks.values()):
        for node in scope.nodes.values():
            if node.block is not None:
                uses[node.block] = uses.get(node.block, 0) + node.repeat
    return list(_maps(document, document.graph, analysis, uses, (), ""))


def _maps(
    document: Document,
    scope: Scope,
    analysis: Analysis,
    uses: dict[str, int],
    prefix: tuple[str, ...],
    names: str,
) -> Iterator[FeatureMap]:
    for node_id in topological_order(scope.nodes, scope.edges.values()):
        node = scope.nodes[node_id]
        path = (*prefix, node_id)
        layer = get_layer(node.type)
        if layer is not None and layer.role not in ("layer", "block"):
            continue
        name = f"{names}{node.name}"
        if node.block is not None and uses.get(node.block) == 1 and len(path) < _DEEPEST:
            inside = document.graph.blocks[node.block]
            yield from _maps(document, inside, analysis, uses, path, f"{name}.")
        found = analysis.nodes.get("/".join(path))
        for port, dims in ({} if found is None else found.outputs).items():
            sizes = [dim["size"] for dim in dims[1:]]
            if "".join(dim["axis"] for dim in dims) == MAP_AXES and dims[0]["size"] == "B":
                channels, height, width = (size if isinstance(size, int) else 0 for size in sizes)
                if channels and height > 1 and width > 1:
                    yield FeatureMap(path, port, name, channels, height, width)


def proposed_levels(maps: list[FeatureMap]) -> list[FeatureMap]:
    """Return the last map of each resolution, the finest first; an end that grows again is left."""
    found: dict[tuple[int, int], FeatureMap] = {}
    smallest = None
    for each in maps:
        size = (each.height, each.width)
        if smallest is not None and each.height * each.width > smallest:
            continue
        smallest = each.height * each.width
        found[size] = each
    return list(found.values())


def named_levels(maps: list[FeatureMap], text: str) -> list[FeatureMap]:
    """Return the maps of layers that are named with commas between, the finest first.

    Raises:
        ActRefused: A layer gives no map that can be reached, or two are of one size.
    """
    by_name = {each.name: each for each in maps}
    found: list[FeatureMap] = []
    for name in (part.strip() for part in text.split(",")):
        if name and name not in by_name:
            raise ActRefused(
                f"No feature map can be reached at {name}. Name layers of the network, with a dot "
                "before those in a block, such as features.conv1; a block that is used several "
                "times has to be dissolved first."
            )
        if name:
            found.append(by_name[name])
    sizes = [each.height * each.width for each in found]
    if len(set(sizes)) < len(sizes):
        raise ActRefused("Two of these layers give maps of one size. Keep one of each size.")
    return sorted(found, key=lambda each: -each.height * each.width)


def tapped(edit: GraphEdit, found: FeatureMap) -> Endpoint:
    """Return where a map leaves on the top level; blocks around it get an output for it."""
    port = found.port
    levels = zip(_scopes(edit.document, found.path), found.path[1:], strict=True)
    for scope_id, node_id in reversed(list(levels)):
        known = _leaving(edit.document, scope_id, Endpoint(node=node_id, port=port))
        if known is None:
            within = GraphEdit(edit.document, scope_id)
            place = within.place(node_id)
            added = within.add(BLOCK_OUTPUT, {}, near=place, stem=found.name.rpartition(".")[2])
            within.connect(Endpoint(node=node_id, port=port), Endpoint(node=added, port="input"))
            edit.do(within.operations)
            known = edit.document.graph.blocks[scope_id].nodes[added].name
        port = known
    return Endpoint(node=found.path[0], port=port)


def _scopes(document: Document, path: tuple[str, ...]) -> list[str]:
    """Return the block that each instance of a path, but for the last node, is of."""
    graph = document.graph
    found: list[str] = []
    scope: Scope = graph
    for node_id in path[:-1]:
        block = scope.nodes[node_id].block or ""
        found.append(block)
        scope = graph.blocks[block]
    return found


def _leaving(document: Document, scope_id: str, source: Endpoint) -> str | None:
    """Return the output of a block that gives a tensor already."""
    block = document.graph.blocks[scope_id]
    for edge in block.edges.values():
        target = block.nodes.get(edge.target.node)
        if edge.source == source and target is not None and target.type == BLOCK_OUTPUT:
            return target.name
    return None


def ancestors(scope: Scope, node_ids: set[str]) -> set[str]:
    """Return nodes and everything that leads to them."""
    arriving: dict[str, list[str]] = {}
    for edge in scope.edges.values():
        arriving.setdefault(edge.target.node, []).append(edge.source.node)
    found, waiting = set(node_ids), list(node_ids)
    while waiting:
        for source in arriving.get(waiting.pop(), []):
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found
