"""Source, edited by hand, as operations on the network it was generated from."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from netloom.compile.errors import CompileError
from netloom.compile.ports import InputPort, read_ports
from netloom.compile.setup import GROUPS_FUNCTION
from netloom.compile.source import class_blocks
from netloom.graph.apply import apply_operations
from netloom.graph.between import operations_between
from netloom.graph.collecting import collection_paused
from netloom.graph.document import Document, Node
from netloom.graph.names import repaired_name
from netloom.graph.operations import Operation, OperationRefused, SetAttribute, SetParam
from netloom.layers.parse import parse_params
from netloom.layers.registry import get_layer
from netloom.layers.shapes import Shape
from netloom.readback.assemble import Assembly
from netloom.readback.classes import arguments_of, method_of
from netloom.readback.effort import TooMuchWork, limited_effort
from netloom.readback.interpret import Reader
from netloom.readback.model import Reading, SourceProblem
from netloom.readback.outside import guessed_inputs
from netloom.readback.records import ReadNode, Record
from netloom.readback.starting import read_factors
from netloom.readback.syntax import CannotRead, SourceFile, parse_file, problem_at

MAX_PROBLEMS = 200


def read_source(source: str, document: Document) -> Reading:
    """Read a file of `nn.Module` classes as an edit of a network. Nothing of it is executed.

    Nodes that are still there keep their ids, places and notes. An empty document gives a network
    of its own: so a class that somebody else wrote is opened.

    What is wrong with the source is data: no exception comes of any text.
    """
    with collection_paused():
        return _read(source, document)


def _read(source: str, document: Document) -> Reading:
    file, problems = parse_file(source)
    network = None if problems and not file.classes else network_class(file)
    if network is None:
        if not any(problem.severity == "error" for problem in problems):
            message = "There is no class of nn.Module here with a forward method."
            problems.append(SourceProblem(line=1, column=1, message=message))
        return Reading((), tuple(problems[:MAX_PROBLEMS]), (), document)
    known = _class_blocks(document)
    block_ids = _block_ids(file, known, network.name, document)
    reader = Reader(file, document, block_ids)
    reader.problems |= dict.fromkeys(problems)
    try:
        with limited_effort():
            inputs, top = _read_network(reader, network)
            assembly = Assembly(document, inputs, block_ids)
            _set_factors(file, top)
            edited = assembly.document(top, _graph_name(network.name, known, document))
    except CannotRead as error:
        reader.add_problem(error.node, error.message or "This cannot be read.")
        return Reading((), _sorted(reader), (), document)
    except TooMuchWork as error:
        reader.add_problem(error.node or network, "This takes more work to read than any network "
                           "should: loops, lists or classes multiply.")  # fmt: skip
        return Reading((), _sorted(reader), (), document)
    except RecursionError:
        reader.add_problem(network, "This is nested too deep to be read.")
        return Reading((), _sorted(reader), (), document)
    for error in assembly.problems:
        reader.add_problem(error.node, error.message)
    operations = operations_between(document, edited)
    found = _sorted(reader)
    if any(problem.severity == "error" for problem in found):
        operations = _safe(operations)
    try:
        edited, _ = apply_operations(document, operations)
    except OperationRefused as refusal:
        message = f"This cannot be made of the network: {refusal}."
        return Reading((), (*found, problem_at(network, message)), (), document)
    return Reading(tuple(operations), found, tuple(assembly.places), edited)


def network_class(file: SourceFile) -> ast.ClassDef | None:
    """Return the class that no other class uses; the last of them."""
    own = [
        tree
        for tree in file.classes.values()
        if tree.name not in file.carried and method_of(tree, "forward") is not None
    ]
    used = {
        node.id
        for tree in own
        for part in tree.body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and node.id != tree.name
    }
    free = [tree for tree in own if tree.name not in used]
    return free[-1] if free else (own[-1] if own else None)


def _class_blocks(document: Document) -> dict[str, str | None]:
    """Return the block of each class that the present network is written as."""
    try:
        return class_blocks(document)
    except CompileError:
        names: dict[str, str | None] = {}
        for block_id, block in sorted(document.graph.blocks.items()):
            words = "".join(letter if letter.isalnum() else " " for letter in block.name).split()
            joined = "".join(word[:1].upper() + word[1:] for word in words)
            names.setdefault(block.name, block_id)
            names.setdefault(joined, block_id)
        return names


def _block_ids(
    file: SourceFile, known: Mapping[str, str | None], network: str, document: Document
) -> dict[str, str]:
    """Return the block of each class of the file; a single one of another name was renamed."""
    found = {
        name: block_id
        for name in file.classes
        if (block_id := known.get(name)) is not None and block_id in document.graph.blocks
    }
    new = [
        name
        for name in file.classes
        if name not in known and name != network and name not in file.carried
    ]
    lost = [
        block_id
        for name, block_id in known.items()
        if block_id is not None and name not in file.classes and block_id not in found.values()
    ]
    if len(new) == 1 and len(lost) == 1:
        found[new[0]] = lost[0]
    return found


def _graph_name(name: str, known: Mapping[str, str | None], document: Document) -> str:
    present = next((each for each, block in known.items() if block is None), None)
    return document.graph.name if name == present else name[:64]


def _read_network(reader: Reader, network: ast.ClassDef) -> tuple[list[Node], Record]:
    ports = read_ports(ast.get_docstring(network))
    forward = method_of(network, "forward")
    names = [] if forward is None else [each.arg for each in arguments_of(forward)[1:]]
    for number in ports.bad_lines:
        line = network.body[0].lineno + number
        message = "This input cannot be read. Write it as image: ImageInput(channels=3)."
        reader.problems[SourceProblem(line=line, column=1, message=message)] = None
    graph = reader.document.graph
    seeds = {node.name: node for node in graph.nodes.values()}
    said = {port.name: port for port in ports.inputs}
    inputs: list[Node] = []
    for name in names:
        found = _input(name, said.get(name.rstrip("_")), seeds, network)
        if found is None:
            return guessed_inputs(reader, network, names)
        inputs.append(found)
    shapes = [_shape_of(node) for node in inputs]
    return inputs, reader.use_class(network.name, {}, shapes, seeds, network)


def _input(
    name: str,
    port: InputPort | None,
    seeds: Mapping[str, Node],
    network: ast.ClassDef,
) -> Node | None:
    """Return the node of an input: as the docstring has it, else as it is now."""
    wish = name.rstrip("_")
    present = seeds.get(wish)
    if port is None:
        if present is not None and _role(present) == "input":
            return present
        others = [node for node in seeds.values() if _role(node) == "input"]
        return others[0].model_copy(update={"name": wish}) if len(others) == 1 else None
    layer = get_layer(port.type_name)
    if layer is None or layer.role != "input":
        raise CannotRead(network, f"{port.type_name[:64]} is no input.")
    params = dict(port.params)
    if present is not None and present.type == port.type_name:
        hidden = {key: value for key, value in present.params.items() if isinstance(value, str)}
        params = {**{k: v for k, v in hidden.items() if k not in params}, **params}
        if params == present.params:
            return present
    errors = parse_params(layer, params).errors
    if errors:
        raise CannotRead(network.body[0], errors[0].message)
    return Node(type=port.type_name, name=repaired_name(wish, ()), params=params)


def _role(node: Node) -> str:
    layer = get_layer(node.type)
    return "" if layer is None else layer.role


def _shape_of(node: Node) -> Shape | None:
    layer = get_layer(node.type)
    params = None if layer is None else parse_params(layer, node.params).params
    if layer is None or params is None:
        return None
    inferred = layer.infer(params, {})
    return next(iter(getattr(inferred, "outputs", {}).values()), None)


def _set_factors(file: SourceFile, top: Record) -> None:
    """Take the factors of the parameter groups into the layers they are of."""
    function = file.functions.get(GROUPS_FUNCTION)
    factors = {} if function is None else read_factors(function)
    for path, read in _layers_by_path(top, ""):
        if read.tied is not None:
            continue  # The layer whose weights it uses says how they learn.
        rate, decay = factors.get(path, (1.0, 1.0))
        read.params = dict(read.params)
        for name, value in (("learning_rate_factor", rate), ("l2_factor", decay)):
            if value != read.params.get(name, 1.0):
                read.params[name] = value


def _layers_by_path(record: Record, prefix: str) -> Iterator[tuple[str, ReadNode]]:
    for node in record.nodes:
        path = f"{prefix}{node.name}"
        if not node.records:
            yield path, node
        for index, inner in enumerate(node.records):
            inside = f"{path}." if len(node.records) == 1 else f"{path}.{index}."
            if index == 0 or inner is not node.records[index - 1]:
                yield from _layers_by_path(inner, inside)


def _safe(operations: list[Operation]) -> list[Operation]:
    """Return only what changes values: where a line is not understood, nothing is taken away."""
    values = ("is_frozen", "overrides", "repeat")
    return [
        operation
        for operation in operations
        if (isinstance(operation, SetParam) and operation.is_set)
        or (isinstance(operation, SetAttribute) and operation.attribute in values)
    ]


def _sorted(reader: Reader) -> tuple[SourceProblem, ...]:
    found = sorted(reader.problems, key=lambda problem: (problem.line, problem.column))
    return tuple(found[:MAX_PROBLEMS])
