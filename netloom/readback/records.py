"""What one use of a class turned out to be: nodes, what flows between them, and from where."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.graph.document import ParamValue
from netloom.layers.shapes import Shape
from netloom.readback.values import Flow, Module
from netloom.readback.wanted import Params, Wanted


@dataclass(slots=True, eq=False)
class ReadNode:
    """A node that source speaks of.

    Attributes:
        type_name: A layer type; `Block` for the use of a class.
        name: The attribute or variable it goes by.
        is_named: The name stands in the source, rather than being made up.
        wanted: The call of a layer.
        inputs: Tensor by port.
        records: Of a block, what each repeat of it is.
        exposed: Constructor arguments of the class that parameters of this node pass on.
        has_weights: It may have something to learn.
        part: Which of the nodes that one module became in one call.
        tied: Place of the node of the record whose weights it uses.
        made_at, called_at: Where it stands.
    """

    type_name: str
    name: str
    is_named: bool
    inputs: dict[str, Flow]
    called_at: ast.AST
    made_at: ast.AST | None = None
    params: Params = field(default_factory=dict[str, ParamValue])
    wanted: Wanted | None = None
    module: Module | None = None
    records: list[Record] = field(default_factory=list["Record"])
    is_shared: bool = False
    is_frozen: bool = False
    exposed: Mapping[str, str] = field(default_factory=dict[str, str])
    outputs: tuple[str, ...] = ("output",)
    has_weights: bool = False
    part: int = 0
    tied: int | None = None


@dataclass(slots=True, eq=False)
class Record:
    """One use of a class with its arguments and the shapes that arrive.

    Attributes:
        inputs: Name and shape of each tensor that enters; flows from node -1 - index.
        results: What leaves.
        output_names: As the docstring gives them; empty when it does not.
    """

    class_name: str
    inputs: list[tuple[str, Shape | None]]
    nodes: list[ReadNode] = field(default_factory=list[ReadNode])
    results: list[Flow] = field(default_factory=list[Flow])
    output_names: list[str] = field(default_factory=list[str])
    tree: ast.ClassDef | None = None

    def structure(self) -> object:
        """Return what two uses must have in common to be one block."""
        return (
            tuple(name for name, _ in self.inputs),
            tuple(
                (
                    node.type_name,
                    node.name,
                    tuple((port, flow.node, flow.port) for port, flow in node.inputs.items()),
                    len(node.records),
                    node.is_shared,
                    node.is_frozen,
                    node.tied,
                    tuple(record.structure() for record in node.records[:1]),
                    node.records[0].class_name if node.records else "",
                )
                for node in self.nodes
            ),
            tuple((flow.node, flow.port) for flow in self.results),
        )

    def content(self) -> object:
        """Return what two repeats must have in common to be repeats of one node."""
        values = tuple(
            (repr(node.params), tuple(record.content() for record in node.records[:1]))
            for node in self.nodes
        )
        return self.class_name, self.structure(), values
