"""One use of a class after the other: `__init__` for what there is, `forward` for what flows."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import cast

from netloom.compile.ports import read_ports
from netloom.graph.document import Document, Node
from netloom.graph.limits import MAX_BLOCK_DEPTH
from netloom.graph.names import MAX_LENGTH, UsedNames
from netloom.layers.shapes import Shape
from netloom.readback.classes import arguments_of, constructor_of, method_of
from netloom.readback.frames import Frame
from netloom.readback.nodes import NodeReader
from netloom.readback.records import Record
from netloom.readback.statements import NOTHING
from netloom.readback.syntax import CannotRead, SourceFile
from netloom.readback.tying import tie_nodes
from netloom.readback.values import (
    LOST,
    ClassModule,
    Flow,
    LayerModule,
)


class Reader(NodeReader):
    """Reads classes with given arguments and shapes."""

    def __init__(self, file: SourceFile, document: Document, blocks: Mapping[str, str]) -> None:
        super().__init__(file, document, blocks)
        self._open: list[str] = []

    def use_class(
        self,
        name: str,
        arguments: Mapping[str, object],
        shapes: Sequence[Shape | None],
        seeds: Mapping[str, Node],
        call: ast.AST,
    ) -> Record:
        """Read a class as it is with these arguments, for tensors of these shapes."""
        tree = self.file.classes[name]
        if name in self._open:
            raise CannotRead(call, f"{name[:64]} contains itself.")
        if len(self._open) >= MAX_BLOCK_DEPTH:
            raise CannotRead(call, "Classes are nested too deep.")
        if not any(self.file.dotted_name(base) == "nn.Module" for base in tree.bases):
            raise CannotRead(call, f"{name[:64]} is no nn.Module.")
        constructor, forward = constructor_of(tree), method_of(tree, "forward")
        if forward is None:
            raise CannotRead(tree, f"{name[:64]} has no forward method.")
        self._open.append(name)
        try:
            frame = Frame(seeds=seeds)
            if constructor is not None:
                self._bind(constructor, arguments, frame, call)
                self.run(constructor.body, frame)
            return self._forward(tree, forward, frame, shapes)
        finally:
            self._open.pop()

    def _bind(
        self,
        method: ast.FunctionDef,
        arguments: Mapping[str, object],
        frame: Frame,
        call: ast.AST,
    ) -> None:
        first, *plain = self._own_and_others(method)
        frame.self_name = first.arg
        names = [each.arg for each in (*plain, *method.args.kwonlyargs)]
        frame.origins = frozenset(names)
        defaults = dict(
            zip([each.arg for each in plain][::-1], method.args.defaults[::-1], strict=False)
        )
        for each, default in zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True):
            if default is not None:
                defaults[each.arg] = default
        for name in names:
            if name in arguments:
                frame.names[name] = arguments[name]
            elif name in defaults:
                frame.names[name] = self.value(defaults[name], Frame())
            else:
                raise CannotRead(call, f"The argument {name[:64]} has no value.")

    @staticmethod
    def _own_and_others(method: ast.FunctionDef) -> list[ast.arg]:
        found = arguments_of(method)
        if not found:
            raise CannotRead(method, f"{method.name} takes self first.")
        return found

    def _forward(
        self,
        tree: ast.ClassDef,
        forward: ast.FunctionDef,
        frame: Frame,
        shapes: Sequence[Shape | None],
    ) -> Record:
        first, *given = self._own_and_others(forward)
        if len(given) != len(shapes):
            words = ", ".join(each.arg for each in given) or "nothing"
            raise CannotRead(forward, f"forward takes {words}, but {len(shapes)} tensors arrive.")
        for each in given:
            if not each.arg.isascii() or len(each.arg) > MAX_LENGTH:
                raise CannotRead(
                    each, f"{each.arg[:64]}: name inputs with up to {MAX_LENGTH} plain letters."
                )
        ports = read_ports(ast.get_docstring(tree))
        frame.self_name, frame.origins, frame.nodes = first.arg, frozenset(), []
        inputs = [(each.arg, shape) for each, shape in zip(given, shapes, strict=True)]
        frame.names = {
            name: Flow(-1 - index, "output", shape) for index, (name, shape) in enumerate(inputs)
        }
        returned = self.run(forward.body, frame)
        record = Record(tree.name, inputs, frame.nodes, tree=tree, output_names=[*ports.outputs])
        if returned is NOTHING:
            self.add_problem(forward, "forward returns nothing that can be read.")
        results = (
            cast("list[object]", returned) if isinstance(returned, list | tuple) else [returned]
        )
        for value in results:
            record.results.append(value if isinstance(value, Flow) else LOST)
        tie_nodes(record)
        self._name_nodes(record)
        if self.num_errors:
            # A line that cannot be read may be what calls them.
            return record
        for name, value in frame.attributes.items():
            if isinstance(value, LayerModule | ClassModule) and not value.calls:
                self.add_problem(
                    value.node, f"self.{name[:64]} is not called in forward, so it is not drawn.",
                    is_note=True,
                )  # fmt: skip
        return record

    @staticmethod
    def _name_nodes(record: Record) -> None:
        """Keep the names of variables only where the value does not flow straight on."""
        takers: dict[int, set[int]] = {}
        for index, node in enumerate(record.nodes):
            for flow in node.inputs.values():
                if flow.node is not None:
                    takers.setdefault(flow.node, set()).add(index)
        for flow in record.results:
            if flow.node is not None:
                takers.setdefault(flow.node, set()).add(len(record.nodes))
        names = UsedNames(node.name for node in record.nodes if node.module is not None)
        names.taken.update(name for name, _ in record.inputs)
        for index, node in enumerate(record.nodes):
            is_passed_on = len(node.outputs) < 2 and takers.get(index) == {index + 1}
            if node.module is None and node.is_named and is_passed_on:
                node.is_named = False
            if node.module is not None and node.is_named:
                continue
            has_stem = node.is_named or (node.tied is not None and node.name)
            stem = node.name if has_stem else _stem(node.type_name)
            node.name = names.give(stem)


def _stem(type_name: str) -> str:
    from netloom.layers.registry import get_layer

    layer = get_layer(type_name)
    return type_name.lower() if layer is None else layer.name_stem
