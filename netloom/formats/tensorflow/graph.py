"""Graphs of a SavedModel, read as data: which operators they name, and what goes into these.

A strict reader of the protobuf: what two readers could understand differently is damage.
Numbers of fields are those of `saved_model.proto`, `meta_graph.proto`, `graph.proto`,
`function.proto` and `attr_value.proto`
(https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf and `framework`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from netloom.formats.imported import Damage
from netloom.formats.protobuf import Walk

_MOST_NESTED = 20


@dataclass(frozen=True, slots=True)
class Node:
    """An operator in a graph or function.

    Attributes:
        inputs: What it takes, in order; not what it only waits for.
        functions: Names in its attributes, however deep.
        attributes: Name and bytes of each.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    functions: frozenset[str]
    attributes: tuple[tuple[str, memoryview], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """A graph or a function, with the nodes that see each other by name.

    Attributes:
        name: Of the function; empty for a graph.
        arguments: Names of what a function is given.
    """

    name: str
    arguments: tuple[str, ...]
    nodes: dict[str, Node]


@dataclass(frozen=True, slots=True)
class MetaGraph:
    """One of the graphs of a SavedModel.

    Attributes:
        functions: Its library.
        beside: The bytes of what else there is: objects, signatures, collections.
    """

    graph: Scope
    functions: tuple[Scope, ...]
    beside: tuple[memoryview, ...]


def parse_saved_model(data: bytes) -> list[MetaGraph]:
    """Read `saved_model.pb`; raises Damage."""
    return _Parser().meta_graphs(memoryview(data))


def strings_of_tensor(attribute: memoryview) -> list[bytes]:
    """Return the texts in the tensor of an attribute; raises Damage, also for packed ones."""
    parser = _Parser()
    found: list[bytes] = []
    for tensor in parser.all(attribute, 8):
        found += (bytes(each) for each in parser.all(tensor, 8))
        if parser.all(tensor, 4):
            raise Damage("a text is packed, as nobody writes one")
    return found


def text_of_attribute(attribute: memoryview) -> bytes:
    """Return the text that an attribute is; raises Damage."""
    return b"".join(bytes(each) for each in _Parser().all(attribute, 2))


class _Parser:
    def __init__(self) -> None:
        self._walk = Walk()

    def meta_graphs(self, data: memoryview) -> list[MetaGraph]:
        return [self._meta_graph(each) for each in self.all(data, 2)]

    def all(self, data: memoryview, number: int) -> list[memoryview]:
        return [content for at, content in self._fields(data) if at == number]

    def _meta_graph(self, data: memoryview) -> MetaGraph:
        nodes: list[memoryview] = []
        functions: list[Scope] = []
        beside: list[memoryview] = []
        for number, content in self._fields(data):
            if number != 2:
                beside.append(content)
                continue
            for at, part in self._fields(content):
                if at == 1:
                    nodes.append(part)
                elif at == 2:
                    functions += (self._function(each) for each in self.all(part, 1))
        return MetaGraph(Scope("", (), self._nodes(nodes)), tuple(functions), tuple(beside))

    def _function(self, data: memoryview) -> Scope:
        parts = self._by_number(data)
        signature = self._by_number(_one(parts[1], "a function has not one signature"))
        arguments = tuple(self._text(each, 1) for each in signature[2])
        nodes = self._nodes(parts[3])
        if nodes.keys() & set(arguments) or len(set(arguments)) != len(arguments):
            raise Damage("two parts of a function have one name")
        return Scope(_name(signature[1]), arguments, nodes)

    def _nodes(self, given: list[memoryview]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for data in given:
            node = self._node(data)
            if node.name in found:
                raise Damage("two nodes have one name")
            found[node.name] = node
        return found

    def _node(self, data: memoryview) -> Node:
        parts = self._by_number(data)
        inputs = [_decoded(each) for each in parts[3]]
        attributes = [self._entry(each) for each in parts[5]]
        return Node(
            name=_name(parts[1]),
            operator=_name(parts[2]),
            inputs=tuple(each for each in inputs if not each.startswith("^")),
            functions=frozenset(
                name for _, value in attributes for name in self._functions(value, _MOST_NESTED)
            ),
            attributes=tuple(attributes),
        )

    def _entry(self, data: memoryview) -> tuple[str, memoryview]:
        parts = self._by_number(data)
        if len(parts[2]) > 1:
            raise Damage("an attribute has two values")
        return _name(parts[1]), parts[2][0] if parts[2] else memoryview(b"")

    def _functions(self, attribute: memoryview, left: int) -> Iterator[str]:
        """Yield the functions that an attribute names, alone or in a list, with their own."""
        if left == 0:
            raise Damage("attributes lie too deep within each other")
        parts = self._by_number(attribute)
        named = parts[10]
        for listed in parts[1]:
            named += self.all(listed, 9)
        for each in named:
            of_function = self._by_number(each)
            yield _name(of_function[1])
            for entry in of_function[2]:
                yield from self._functions(self._entry(entry)[1], left - 1)

    def _text(self, data: memoryview, number: int) -> str:
        return _name(self.all(data, number))

    def _by_number(self, data: memoryview) -> defaultdict[int, list[memoryview]]:
        found: defaultdict[int, list[memoryview]] = defaultdict(list)
        for number, content in self._fields(data):
            found[number].append(content)
        return found

    def _fields(self, data: memoryview) -> Iterator[tuple[int, memoryview]]:
        """Yield fields that have a length; numbers are passed over."""
        for number, _, value in self._walk.fields(data):
            if isinstance(value, memoryview):
                yield number, value


def _one(found: list[memoryview], problem: str) -> memoryview:
    if len(found) != 1:
        raise Damage(problem)
    return found[0]


def _name(found: list[memoryview]) -> str:
    return _decoded(_one(found, "a part has not one name"))


def _decoded(content: memoryview) -> str:
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damage("a name is no text") from error
