"""What is known while one method of a class is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import Node
from netloom.readback.records import ReadNode


@dataclass(slots=True)
class Frame:
    """Names and attributes while one method of one use of a class is read.

    Attributes:
        origins: Names that are arguments of the constructor.
        nodes: Of the use, in the order they are called; None while `__init__` is read.
        seeds: Nodes of the present network by name.
    """

    names: dict[str, object] = field(default_factory=dict[str, object])
    attributes: dict[str, object] = field(default_factory=dict[str, object])
    origins: frozenset[str] = frozenset()
    nodes: list[ReadNode] | None = None
    seeds: Mapping[str, Node] = field(default_factory=dict[str, Node])
    self_name: str = "self"
