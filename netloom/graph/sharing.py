"""Which nodes of a scope use the same weights.

A node says whose weights it uses (`weights_of`). All that lead to one name use one set, directly or
by way of others, so there are no chains to follow and no circles to forbid. The name outlives its
node: what is left goes on sharing when the first of them is deleted, and finds its weights again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.graph.document import Node


@dataclass(frozen=True, slots=True)
class Sharing:
    """Shared weights of one scope.

    Attributes:
        keys: What the weights of a node go by, for nodes that name others: a node id, most often
            of the node that they began with. Any other node's weights go by its own id.
        groups: By that name, the nodes that use the weights, where there are several.
    """

    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def key(self, node_id: str) -> str:
        """Return what the weights of a node go by."""
        return self.keys.get(node_id, node_id)

    def group(self, node_id: str) -> tuple[str, ...]:
        """Return the nodes that use the weights of a node, itself among them."""
        return self.groups.get(self.key(node_id), (node_id,))

    def holder(self, node_id: str, among: Iterable[str] | None = None) -> str:
        """Return the node that says how the weights of a node look, start and learn.

        Args:
            among: Nodes that count; all by default.
        """
        group = self.group(node_id)
        if among is not None:
            group = tuple(sorted({*group}.intersection(among))) or group
        key = self.key(node_id)
        return key if key in group else group[0]


NO_SHARING = Sharing()


def sharing_of(nodes: Mapping[str, Node]) -> Sharing:
    """Read which nodes of a scope share their weights."""
    keys: dict[str, str] = {}
    for node_id in sorted(node_id for node_id, node in nodes.items() if node.weights_of):
        way: list[str] = []
        place = node_id
        while place not in keys and place not in way and place in nodes:
            if not nodes[place].weights_of:
                break
            way.append(place)
            place = nodes[place].weights_of
        # Nodes that name each other in a circle go by the smallest id among them.
        end = min(way[way.index(place) :]) if place in way else keys.get(place, place)
        keys.update(dict.fromkeys(way, end))
    if not keys:
        return NO_SHARING
    members: dict[str, set[str]] = {}
    for node_id, key in keys.items():
        found = members.setdefault(key, {key} & nodes.keys())
        found.add(node_id)
    groups = {key: tuple(sorted(found)) for key, found in members.items() if len(found) > 1}
    return Sharing(keys, groups)
