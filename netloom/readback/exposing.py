"""What the uses of a class agree on goes into its block; what they differ in, it exposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from netloom.graph.document import BlockDefinition, ExposedParam, ExposedTarget, Node, ParamValue
from netloom.layers.registry import get_layer
from netloom.readback.records import ReadNode
from netloom.readback.wanted import Params

_ABSENT = object()
_AS_DEFINED = object()


@dataclass(frozen=True, slots=True)
class _Given:
    """One exposed parameter of one node: what the definition says, and what each use says."""

    node_id: str
    param: str
    read: ReadNode
    defined: object
    values: list[object]

    @property
    def target(self) -> ExposedTarget:
        return ExposedTarget(node=self.node_id, param=self.param)


@dataclass(slots=True)
class Exposing:
    """Divides the values of a scope's nodes into definition and overrides.

    Attributes:
        blocks: Those made already; a block is made after those it uses.
        exposed: Of the block; grows.
        overrides: Of each use, by the name of the exposed parameter; filled by `settle`.
    """

    blocks: Mapping[str, BlockDefinition]
    exposed: dict[str, ExposedParam]
    overrides: list[Params]
    _given: dict[str, list[_Given]] = field(default_factory=dict[str, list[_Given]])

    def defined(
        self,
        node_id: str,
        read: ReadNode,
        values: list[Params],
        before: Node | None,
        block_id: str | None,
    ) -> Params:
        """Return what the definition says of a node.

        Args:
            values: One entry for each use.
            block_id: Of the block that the node is an instance of.
        """
        plain = Node(type=read.type_name, name="plain", block=block_id)
        half = {} if before is None else before.params if before.block is None else before.overrides
        names = {
            target.param: name
            for name, each in self.exposed.items()
            for target in each.targets
            if target.node == node_id
        }
        base: Params = {}
        offered = () if before is not None else self._passed_on(read, block_id)
        for param in dict.fromkeys([*(name for each in values for name in each), *offered]):
            given = [each.get(param, _ABSENT) for each in values]
            name = names.get(param)
            if name is None and before is None and (origin := read.exposed.get(param)):
                name = self._expose(origin, node_id, param)
            if name is None and all(value == given[0] for value in given):
                base[param] = cast("ParamValue", given[0])
                continue
            if name is None:
                name = self._expose(self._free_name(read, param), node_id, param)
            start = half.get(param, _ABSENT) if before is not None else given[0]
            if start is not _ABSENT:
                base[param] = cast("ParamValue", start)
            start, *given = (
                value_in(self.blocks, plain, param) if value is _ABSENT else value
                for value in (start, *given)
            )
            found = _Given(node_id, param, read, start, given)
            self._given.setdefault(name, []).append(found)
        return base

    def _passed_on(self, read: ReadNode, block_id: str | None) -> list[str]:
        """Return the parameters that are arguments of the class, whatever their values."""
        names = [*read.exposed]
        if block_id is None:
            return names
        return [name for name in names if name in self.blocks[block_id].exposed]

    def settle(self) -> None:
        """Write the overrides of each use. Parameters that no longer agree get names of their own.

        Called once, after every node of the scope.
        """
        for name, several in self._given.items():
            largest, *others = _alike(several, len(self.overrides))
            self._override(name, largest)
            for group in others:
                first = group[0]
                own = self._free_name(first.read, first.param)
                for given in group:
                    self._withdraw(name, given.target)
                    self._expose(own, given.node_id, given.param)
                self._override(own, group)

    def _override(self, name: str, group: list[_Given]) -> None:
        for own, value in zip(self.overrides, _said(group, len(self.overrides)), strict=True):
            if value is not _AS_DEFINED:
                own[name] = cast("ParamValue", value)

    def _expose(self, name: str, node_id: str, param: str) -> str:
        """Let the block offer a parameter, with those that the name stands for already."""
        known = self.exposed.get(name)
        if known is None:
            self.exposed[name] = ExposedParam(node=node_id, param=param)
        else:
            also = [*known.also, ExposedTarget(node=node_id, param=param)]
            self.exposed[name] = known.model_copy(update={"also": also})
        return name

    def _withdraw(self, name: str, target: ExposedTarget) -> None:
        left = [each for each in self.exposed[name].targets if each != target]
        self.exposed[name] = _exposed_at(left)

    def _free_name(self, read: ReadNode, param: str) -> str:
        taken = self.exposed
        wishes = (param, f"{read.name}_{param}")
        numbered = (f"{wishes[1]}_{number}" for number in range(2, len(taken) + 3))
        return next(name for name in (*wishes, *numbered) if name not in taken)


def exposed_of(
    exposed: Mapping[str, ExposedParam], nodes: Mapping[str, Node]
) -> dict[str, ExposedParam]:
    """Return the exposed parameters as far as their nodes are still there."""
    left = {
        name: [target for target in each.targets if target.node in nodes]
        for name, each in exposed.items()
    }
    return {name: _exposed_at(targets) for name, targets in left.items() if targets}


def overrides_of(
    wanted: Params, before: Node | None, block_id: str, blocks: Mapping[str, BlockDefinition]
) -> Params:
    """Leave out what the definition says itself, unless the instance said it before."""
    said = before.overrides if before is not None and before.block == block_id else {}
    found = {
        name: value
        for name, value in wanted.items()
        if name in said or not _is_defined_as(blocks, blocks[block_id], name, value)
    }
    return {name: found[name] for name in (*said, *found) if name in found}


def value_in(blocks: Mapping[str, BlockDefinition], node: Node, param: str) -> object:
    """Return the value of a node's parameter: its own, its block's, or the layer's default."""
    while node.block is not None and param not in node.overrides:
        block = blocks[node.block]
        if param not in block.exposed or block.exposed[param].node not in block.nodes:
            return None
        target = block.exposed[param]
        node, param = block.nodes[target.node], target.param
    half = node.params if node.block is None else node.overrides
    if param in half:
        return half[param]
    layer = get_layer(node.type)
    found = layer.Params.model_fields.get(param) if layer is not None else None
    default: object = None if found is None else found.default
    return list(cast("tuple[object, ...]", default)) if isinstance(default, tuple) else default


def _is_defined_as(
    blocks: Mapping[str, BlockDefinition], block: BlockDefinition, name: str, value: ParamValue
) -> bool:
    """Whether every parameter that a name stands for has this value in the definition."""
    targets = block.exposed[name].targets if name in block.exposed else []
    inner = [(block.nodes[each.node], each.param) for each in targets if each.node in block.nodes]
    return bool(inner) and all(value_in(blocks, node, param) == value for node, param in inner)


def _exposed_at(targets: list[ExposedTarget]) -> ExposedParam:
    first, *also = targets
    return ExposedParam(node=first.node, param=first.param, also=also)


def _alike(several: list[_Given], num_uses: int) -> list[list[_Given]]:
    """Divide parameters of one name into groups that one value can be given for; largest first."""
    if _said(several, num_uses):
        return [several]
    groups: dict[str, list[_Given]] = {}
    for given in several:
        groups.setdefault(repr(given.values), []).append(given)
    return sorted(groups.values(), key=len, reverse=True)


def _said(group: list[_Given], num_uses: int) -> list[object]:
    """Return the one value of a group in each use; nothing where they differ."""
    said: list[object] = []
    for use in range(num_uses):
        values = [given.values[use] for given in group]
        if all(value == values[0] for value in values):
            said.append(values[0])
        elif all(given.values[use] == given.defined for given in group):
            said.append(_AS_DEFINED)
        else:
            return []
    return said
