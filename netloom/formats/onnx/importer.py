"""One reading of a graph: each node is folded, mapped, opened up, or kept as a placeholder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx import AttributeProto, FunctionProto, GraphProto, NodeProto

from netloom.formats.imported import FormatError
from netloom.formats.onnx.board import Board
from netloom.formats.onnx.bodies import count_uses, given_back, without_inputs
from netloom.formats.onnx.budget import Budget
from netloom.formats.onnx.folding import fold
from netloom.formats.onnx.inputs import Inputs, Reading, first_consumers, lookup_tables
from netloom.formats.onnx.keeping import keep_as_placeholder
from netloom.formats.onnx.load import inner_tensor
from netloom.formats.onnx.mapping import MAPPINGS
from netloom.formats.onnx.naming import joined, module_of, node_name
from netloom.formats.onnx.node import Op, read_attributes
from netloom.formats.onnx.schemas import schema_body
from netloom.formats.onnx.source import Outcome, Piece, Source, plain_domain
from netloom.formats.onnx.values import CannotMap, Flow, Known, Value, known_sizes
from netloom.layers.shapes import BATCH, Dim, Shape
from netloom.layers.sizes import SizeTooComplicated, product

MAX_EXPANSIONS = 12
_OTHER_SIGNS = re.compile(r"[^A-Za-z0-9_]+")
BYTES_PER_STEP = 2**14
"""Of a node in a function, which are copied with each call."""
NAMES_PER_STEP = 64
Scope = dict[str, "Value"]


@dataclass(slots=True)
class Importer:
    """The state of one reading.

    Attributes:
        inputs: Number in the plan of the node of each input, by the name of the tensor.
        outputs: The same for outputs.
        shapes: Of each input.
        class_names: What modules are, by their path, as far as the file says.
    """

    source: Source
    reading: Reading
    budget: Budget
    board: Board = field(default_factory=Board)
    pieces: list[Piece] = field(default_factory=list[Piece])
    notes: list[str] = field(default_factory=list[str])
    inputs: dict[str, int] = field(default_factory=dict[str, int])
    outputs: dict[str, int] = field(default_factory=dict[str, int])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    file_batch: int | None = None
    placeholders: int = 0
    used: set[str] = field(default_factory=set[str])
    class_names: dict[str, str] = field(default_factory=dict[str, str])
    _scope: str | None = None
    _uses: Counter[str] = field(default_factory=Counter[str])
    _functions: dict[tuple[str, str], FunctionProto] = field(
        default_factory=dict[tuple[str, str], FunctionProto]
    )
    _depth: int = 0

    def run(self) -> None:
        """Read the graph of the model.

        Raises:
            FormatError: Nothing can be drawn of it.
        """
        graph = self.source.model.graph
        self._functions = {
            (plain_domain(function.domain), function.name): function
            for function in self.source.model.functions
        }
        scope: Scope = {name: Known(array, name) for name, array in self.source.weights.items()}
        inputs = Inputs(self.reading, first_consumers(graph), lookup_tables(graph))
        for info in graph.input:
            if info.name not in scope:
                flow = inputs.draw(self.board, info)
                scope[info.name] = flow
                self.inputs[info.name] = flow.wire.node
                self.shapes[info.name] = flow.shape or ()
        self.file_batch = inputs.file_batch
        self.notes += inputs.notes
        self.graph(graph, scope, {}, self.source.versions)
        for info in graph.output:
            self._output(info.name, scope)

    def _output(self, name: str, scope: Scope) -> None:
        if name not in scope:
            raise FormatError(f"The output {name[:100]} is computed nowhere in the file.")
        self.board.name, self.board.path = name, ""
        try:
            flow = self.flow(scope[name])
        except CannotMap as reason:
            raise FormatError(f"The output {name[:100]} cannot be drawn: {reason}.") from None
        index = len(self.board.planned)
        if flow.shape is None:
            flow = Flow(flow.wire, (BATCH, Dim("F", 1)), flow.kind)
        self.board.add("Output", [flow], name=name)
        self.outputs[name] = index

    def graph(
        self,
        graph: GraphProto | FunctionProto,
        scope: Scope,
        given: Mapping[str, AttributeProto],
        versions: Mapping[str, int],
    ) -> None:
        """Read the nodes of a graph or function; what they give is added to the scope."""
        made: set[str] = set()
        outer, self._uses = self._uses, count_uses(graph)
        if self._depth:
            self.budget.spend(self._uses.total() // 4)
        try:
            self._read_nodes(graph, scope, given, versions, made)
        finally:
            self._uses = outer

    def num_uses(self, name: str) -> int:
        """Return how often a tensor of the graph that is being read is taken."""
        return self._uses[name]

    def _read_nodes(
        self,
        graph: GraphProto | FunctionProto,
        scope: Scope,
        given: Mapping[str, AttributeProto],
        versions: Mapping[str, int],
        made: set[str],
    ) -> None:
        for node in graph.node:
            self.budget.spend(1 + (node.ByteSize() // BYTES_PER_STEP if self._depth else 0))
            missing = [name for name in node.input if name and name not in scope]
            if missing:
                raise FormatError(
                    f"{_title(node)} takes {missing[0][:100]!r}, which is not computed before it: "
                    "the graph is cyclic, damaged or out of order. Export it again."
                )
            twice = [name for name in node.output if name and name in made]
            if twice:
                raise FormatError(f"Two nodes give {twice[0][:100]!r}. Export the file again.")
            made.update(node.output)
            found = self._node(node, scope, given, versions)
            for name, value in zip(node.output, found, strict=False):
                if name:
                    scope[name] = value

    def _node(
        self,
        node: NodeProto,
        scope: Scope,
        given: Mapping[str, AttributeProto],
        versions: Mapping[str, int],
    ) -> list[Value]:
        domain = plain_domain(node.domain)
        before, is_outer = len(self.board.planned), self._depth == 0
        if is_outer or self._scope is not None:
            path, classes = module_of(node)
            path = joined(self._scope or "", path)
            self.board.name, self.board.path = node_name(node, path), path
            self.class_names.update(classes)
        message = ""
        inputs = [scope[name] if name else None for name in node.input]
        self.used.update(value.name for value in inputs if isinstance(value, Known))
        try:
            op = Op(node, domain, versions.get(domain, 1), read_attributes(node, given), inputs)
            found = self._mapped(op, scope, given)
        except (CannotMap, SizeTooComplicated, ArithmeticError, ValueError) as reason:
            self.board.take_back(before)
            message, found = str(reason), None
            if not is_outer:
                raise CannotMap(message) from None
        if found is None:
            values = keep_as_placeholder(self, node, scope, message)
            self.placeholders += 1
        else:
            values = found
        if is_outer:
            drawn = len(self.board.planned) > before
            is_layer = any(
                each.type_name not in ("Operator", "Constant", "Parameter")
                for each in self.board.planned[before:]
            )
            outcome: Outcome = "folded" if not drawn else "layer" if is_layer else "operator"
            self.pieces.append(
                Piece(
                    _title(node), "placeholder" if found is None else outcome,
                    (before, len(self.board.planned)), message,
                )
            )  # fmt: skip
        return values

    def _mapped(self, op: Op, scope: Scope, given: Mapping[str, AttributeProto]) -> list[Value]:
        function = self._functions.get((op.domain, op.kind))
        if function is not None:
            return self._called(function, op, given)
        if op.kind == "If" and not op.domain:
            return self._if(op, scope, given)
        values = op.inputs
        if all(value is None or isinstance(value, Known) for value in values):
            known = [value if isinstance(value, Known) else None for value in values]
            folded = fold(op, known, self.budget)
            if folded is not None:
                return [Known(array, _passed_on(op)) for array in folded]
        if op.kind in ("Shape", "Size") and values[0] is not None and not op.domain:
            first = values[0]
            sizes = list(first.sizes if isinstance(first, Flow) else first.array.shape)
            if op.kind == "Size":
                return [known_sizes(product(sizes))]
            return [known_sizes(sizes[slice(op.int("start", 0), op.attributes.get("end"))])]  # pyright: ignore
        mapping = MAPPINGS.get(op.kind) if not op.domain else None
        before = len(self.board.planned)
        reason = f"{op.kind} is no operation that Netloom knows"
        if mapping is not None:
            try:
                return list(mapping(self, op))
            except CannotMap as why:
                self.board.take_back(before)
                reason = str(why)
        body = schema_body(op)
        if body is None:
            raise CannotMap(reason)
        try:
            return self._inside(body, op, given)
        except CannotMap as why:
            raise CannotMap(f"{reason}; opened up: {why}") from None

    def _called(
        self, function: FunctionProto, op: Op, given: Mapping[str, AttributeProto]
    ) -> list[Value]:
        """Read a function of the file: what it draws is a module called as the node is."""
        outer, path = self._scope, self.board.path
        own = _OTHER_SIGNS.sub("_", op.proto.name.rpartition("/")[2] or op.kind)
        self._scope = path if path.rpartition(".")[2] == own else joined(path, own)
        self.class_names.setdefault(self._scope, _OTHER_SIGNS.sub("_", op.kind)[:60])
        try:
            return self._inside(function, op, given)
        finally:
            self._scope = outer

    def _inside(
        self, function: FunctionProto, op: Op, given: Mapping[str, AttributeProto]
    ) -> list[Value]:
        """Read the body of a function in the place of its call."""
        if self._depth >= MAX_EXPANSIONS:
            raise CannotMap("functions call one another too deeply")
        attributes = {each.name: each for each in function.attribute_proto}
        for each in op.proto.attribute:
            source = given.get(each.ref_attr_name) if each.ref_attr_name else each
            if source is not None:
                attributes[each.name] = source
        scope: Scope = {
            name: value
            for name, value in zip(function.input, op.inputs, strict=False)
            if value is not None
        }
        left_out = [name for name in function.input if name not in scope]
        versions = {plain_domain(each.domain): each.version for each in function.opset_import}
        outer = self._functions
        self._depth += 1
        try:
            if left_out:
                function = without_inputs(function, set(left_out))
            self.graph(function, scope, attributes, versions or self.source.versions)
        except FormatError as error:
            raise CannotMap(str(error)) from None
        finally:
            self._depth -= 1
            self._functions = outer
        return given_back(function.output, op.outputs, scope)

    def _if(self, op: Op, scope: Scope, given: Mapping[str, AttributeProto]) -> list[Value]:
        condition = op.input(0)
        if not isinstance(condition, Known) or condition.is_symbolic or condition.array.size != 1:
            raise CannotMap("which branch is taken depends on the data")
        taken = bool(condition.array.reshape(-1)[0])
        branch = op.graph("then_branch" if taken else "else_branch")
        self.budget.spend(len(scope) // NAMES_PER_STEP)
        inner = {**scope, **self._constants(branch)}
        if self._depth >= MAX_EXPANSIONS:
            raise CannotMap("branches are nested too deeply")
        self._depth += 1
        try:
            self.graph(branch, inner, given, self.source.versions)
        except FormatError as error:
            raise CannotMap(str(error)) from None
        finally:
            self._depth -= 1
        return given_back([info.name for info in branch.output], op.outputs, inner)

    @staticmethod
    def _constants(graph: GraphProto) -> Scope:
        return {
            tensor.name: Known(inner_tensor(tensor), tensor.name) for tensor in graph.initializer
        }

    def flow(self, value: Value) -> Flow:
        """Return a tensor that layers can take: a known one is drawn."""
        if isinstance(value, Flow):
            return value
        if value.is_symbolic:
            raise CannotMap("sizes that depend on the batch are computed with as numbers")
        is_weight = bool(value.name) and value.array.ndim > 0
        return self.board.constant(value.array, name=value.name, is_learned=is_weight)


def _title(node: NodeProto) -> str:
    return f"{node.op_type[:100]} {node.name[:300]}".strip() or "a node"


def _passed_on(op: Op) -> str:
    """Return the name of a weight that goes through a node as it is."""
    first = op.inputs[0] if op.inputs else None
    is_same = op.kind in ("Identity", "Cast", "Transpose", "Reshape", "Unsqueeze", "Squeeze")
    return first.name if is_same and isinstance(first, Known) else ""
