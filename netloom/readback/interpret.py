"""One use of a class after the other: `__init__` for what there is, `forward` for what flows."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import cast

from netloom.compile.ports import read_ports
from netloom.graph.document import BlockDefinition, Document, Node
from netloom.graph.limits import MAX_BLOCK_DEPTH, MAX_NODES
from netloom.graph.names import name_problem, repaired_name
from netloom.graph.topology import block_ports, instance_nodes
from netloom.layers.base import ShapeProblem
from netloom.layers.block import BLOCK
from netloom.layers.parse import parse_params
from netloom.layers.shapes import Shape
from netloom.readback.evaluate import Evaluator, Frame, constructor_of, method_of
from netloom.readback.functions import Use
from netloom.readback.layers import FoundLayer, Params, WantedCall, find_layer
from netloom.readback.model import SourceProblem
from netloom.readback.records import ReadNode, Record
from netloom.readback.syntax import CannotRead, SourceFile, problem_at
from netloom.readback.values import (
    LOST,
    UNREAD,
    Chain,
    ClassModule,
    Flow,
    LayerModule,
    Module,
    PassOn,
    Plain,
    is_plain,
)

_CHAIN_NAMES = frozenset({"x", "h", "hidden", "flowing", "out", "y", "identity", "residual"})
_NOTHING = object()
MAX_ERRORS = 60
"""Lines beyond these are not looked at: whatever the file is, it is not a network as drawn here."""


class Reader(Evaluator):
    """Reads classes with given arguments and shapes; collects problems."""

    def __init__(self, file: SourceFile, document: Document, blocks: Mapping[str, str]) -> None:
        super().__init__(file)
        self.problems: dict[SourceProblem, None] = {}
        self.document = document
        self.blocks = blocks
        self.num_nodes = 0
        self._num_errors = 0
        self._open: list[str] = []
        self._found: dict[object, FoundLayer | str] = {}

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
        first, *plain = method.args.args
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

    def _forward(
        self,
        tree: ast.ClassDef,
        forward: ast.FunctionDef,
        frame: Frame,
        shapes: Sequence[Shape | None],
    ) -> Record:
        first, *given = forward.args.args
        if len(given) != len(shapes):
            words = ", ".join(each.arg for each in given) or "nothing"
            raise CannotRead(forward, f"forward takes {words}, but {len(shapes)} tensors arrive.")
        ports = read_ports(ast.get_docstring(tree))
        frame.self_name, frame.origins, frame.nodes = first.arg, frozenset(), []
        inputs = [(each.arg, shape) for each, shape in zip(given, shapes, strict=True)]
        frame.names = {
            name: Flow(-1 - index, "output", shape) for index, (name, shape) in enumerate(inputs)
        }
        returned = self.run(forward.body, frame)
        record = Record(tree.name, inputs, frame.nodes, tree=tree, output_names=[*ports.outputs])
        if returned is _NOTHING:
            self.add_problem(forward, "forward returns nothing that can be read.")
        results = (
            cast("list[object]", returned) if isinstance(returned, list | tuple) else [returned]
        )
        for value in results:
            record.results.append(value if isinstance(value, Flow) else LOST)
        self._name_nodes(record)
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
        taken = {node.name for node in record.nodes if node.module is not None}
        taken |= {name for name, _ in record.inputs}
        for index, node in enumerate(record.nodes):
            if node.module is None and node.is_named and takers.get(index) == {index + 1}:
                node.is_named = False
            if node.module is not None and node.is_named:
                continue
            stem = node.name if node.is_named else _stem(node.type_name)
            node.name = repaired_name(stem, taken)
            taken.add(node.name)

    def add_problem(self, node: ast.AST, message: str, *, is_note: bool = False) -> None:
        """Note what is to be said about a line, once."""
        if message:
            self._num_errors += not is_note
            self.problems[problem_at(node, message, is_note=is_note)] = None

    def run(self, body: Sequence[ast.stmt], frame: Frame) -> object:
        """Go through statements; return what is returned."""
        for statement in body:
            if self._num_errors > MAX_ERRORS:
                return _NOTHING
            try:
                returned = self._statement(statement, frame)
                if returned is not _NOTHING:
                    return returned
            except CannotRead as error:
                self.add_problem(error.node, error.message)
                self._forget(statement, frame)
            except RecursionError:
                self.add_problem(statement, "This is nested too deep. Write several statements.")
        return _NOTHING

    @staticmethod
    def _forget(statement: ast.stmt, frame: Frame) -> None:
        """What a line that cannot be read would have assigned is not known."""
        lost: object = UNREAD if frame.nodes is None else LOST
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                # What follows is still read, as if the line were not there.
                known = frame.names.get(node.id)
                frame.names[node.id] = known if isinstance(known, Flow) else lost
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                frame.attributes[node.attr] = UNREAD

    def _statement(self, statement: ast.stmt, frame: Frame) -> object:
        match statement:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.value(value, frame), frame)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.value(value, frame), frame)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                left = ast.copy_location(ast.Name(name, ast.Load()), target)
                whole = ast.copy_location(ast.BinOp(left, op, value), statement)
                self._assign(target, self.value(whole, frame), frame)
            case ast.Return(value=None):
                raise CannotRead(statement, "forward must return a tensor.")
            case ast.Return(value=ast.expr() as value):
                return self.value(value, frame)
            case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Assert():
                pass
            case ast.Expr(value=ast.Call() as call):
                self._standing_call(call, frame)
            case ast.If(test=test, body=body, orelse=other):
                return self.run(body if self.condition(test, frame) else other, frame)
            case ast.For(target=target, iter=source, body=body, orelse=[]):
                return self._loop(statement, target, source, body, frame)
            case _:
                raise CannotRead(statement, "This statement cannot be read. Assigning, loops over "
                                 "layers and conditions on plain numbers can.")  # fmt: skip
        return _NOTHING

    def _loop(
        self,
        statement: ast.stmt,
        target: ast.expr,
        source: ast.expr,
        body: Sequence[ast.stmt],
        frame: Frame,
    ) -> object:
        held = self.value(source, frame)
        if isinstance(held, Chain) and isinstance(target, ast.Name) and frame.nodes is not None:
            match body:
                case [
                    ast.Assign(targets=[result], value=ast.Call(func=ast.Name(id=name)) as call)
                ] if name == target.id and len({_class_of(item) for item in held.items}) == 1:
                    flows = self.items(call.args, frame)
                    self._assign(result, self.apply(held, flows, call, frame), frame)
                    return _NOTHING
                case _:
                    pass
        for item in self.iterated(source, frame):
            self._assign(target, item, frame)
            returned = self.run(body, frame)
            if returned is not _NOTHING:
                return returned
        del statement
        return _NOTHING

    def _assign(self, target: ast.expr, value: object, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                is_new = name not in frame.names
                frame.names[name] = value
                if isinstance(value, Flow) and frame.nodes and value.node == len(frame.nodes) - 1:
                    node = frame.nodes[-1]
                    wish = name.rstrip("_")
                    if node.module is None and (is_new or wish not in _CHAIN_NAMES):
                        node.name, node.is_named = wish, True
            case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner == frame.self_name:
                if frame.nodes is not None:
                    raise CannotRead(target, "forward must not change the module.")
                if isinstance(value, Module) and not value.name:
                    value.name = attr
                    for index, item in enumerate(value.items if isinstance(value, Chain) else ()):
                        item.name = f"{attr}_{index}"
                frame.attributes[attr] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                if isinstance(value, Flow) and len(targets) == 2 and _is_unused(targets[1]):
                    self._assign(targets[0], value, frame)  # `out, _ = self.lstm(x)`
                    return
                if not isinstance(value, list | tuple) or len(cast("list[object]", value)) != len(
                    targets
                ):
                    raise CannotRead(target, "There are not as many values as names.")
                for each, item in zip(targets, cast("list[object]", value), strict=True):
                    self._assign(each, item, frame)
            case _:
                raise CannotRead(
                    target, "Assign to a name, or in __init__ to an attribute of self."
                )

    def _standing_call(self, call: ast.Call, frame: Frame) -> None:
        """Read `super().__init__()`, `layers.append(...)`, `nn.init...`, `requires_grad_`."""
        match call.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"):
                return
            case ast.Attribute(value=owner, attr="append"):
                held = self.value(owner, frame)
                [item] = self.items(call.args, frame)
                if isinstance(held, Chain) and isinstance(item, Module):
                    item.name = item.name or f"{held.name}_{len(held.items)}"
                    held.items.append(item)
                    return
                if isinstance(held, list):
                    cast("list[object]", held).append(item)
                    return
            case ast.Attribute(value=owner, attr="requires_grad_"):
                module = self.value(owner, frame)
                given = self.items(call.args, frame)
                if isinstance(module, Module) and given in ([False], [True], []):
                    module.is_frozen = given == [False]
                    return
            case _:
                dotted = self.file.dotted_name(call.func) or ""
                if dotted.startswith("nn.init."):
                    self._start(dotted.removeprefix("nn.init."), call, frame)
                    return
        raise CannotRead(call, "This call cannot be read here.")

    def _start(self, function: str, call: ast.Call, frame: Frame) -> None:
        first, *others = call.args
        match first:
            case ast.Call(
                func=ast.Attribute(attr="get_parameter"), args=[ast.Constant(value=str() as path)]
            ):
                parts = path.split(".")
            case _:
                parts = ast.unparse(first).split(".")[1:]
        module = frame.attributes.get(parts[0]) if parts else None
        values = {each.arg: self.value(each.value, frame) for each in call.keywords if each.arg}
        if others or len(parts) < 2 or not isinstance(module, LayerModule):
            raise CannotRead(call, "nn.init is read for the tensors of one layer, its arguments "
                             "given by name.")  # fmt: skip
        plain = {name: cast("Plain", value) for name, value in values.items() if is_plain(value)}
        module.starts.append((".".join(parts[1:]), function, plain, call))

    def apply(
        self, module: Module, flows: Sequence[object], tree: ast.Call, frame: Frame
    ) -> object:
        if frame.nodes is None:
            raise CannotRead(tree, "Layers are called in forward, not in __init__.")
        tensors = [flow for flow in flows if isinstance(flow, Flow)]
        if len(tensors) < len(flows):
            raise CannotRead(tree, "Layers are called with tensors only.")
        if isinstance(module, PassOn):
            return tensors[0] if len(tensors) == 1 else LOST
        if isinstance(module, Chain):
            return self._apply_chain(module, tensors, tree, frame)
        if isinstance(module, ClassModule):
            return self._apply_blocks(module, [module], tensors, tree, frame)
        if not isinstance(module, LayerModule):
            raise CannotRead(tree, "This cannot be called.")
        module.calls += 1
        wanted = WantedCall(module.target, module.arguments)
        return self._add_layer(wanted, tensors, tree, frame, module)

    def _apply_chain(self, chain: Chain, flows: list[Flow], tree: ast.Call, frame: Frame) -> object:
        chain.calls += 1
        blocks = [item for item in chain.items if isinstance(item, ClassModule)]
        is_one_class = len({item.class_name for item in blocks}) == 1
        if is_one_class and len(blocks) == len(chain.items):
            return self._apply_blocks(chain, blocks, flows, tree, frame)
        value: object = tuple(flows) if len(flows) > 1 else flows[0]
        for item in chain.items:
            given = list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else [value]
            value = self.apply(item, cast("list[object]", given), tree, frame)
        return value

    def _apply_blocks(
        self,
        module: ClassModule | Chain,
        items: Sequence[ClassModule],
        flows: Sequence[Flow],
        tree: ast.Call,
        frame: Frame,
    ) -> object:
        nodes = frame.nodes
        if nodes is None:
            raise CannotRead(tree, "Layers are called in forward, not in __init__.")
        if module.calls and module is items[0]:
            raise CannotRead(tree, f"self.{module.name[:64]} is called twice. A block that is used "
                             "twice is made twice, with weights of its own.")  # fmt: skip
        for item in items:
            item.calls += 1
        shapes: Sequence[Shape | None] = [flow.shape for flow in flows]
        runs: list[list[Record]] = []
        seeds = self._block_seeds(items[0].class_name, frame.seeds.get(module.name))
        for item in items:
            record: Record | None = None
            before: Sequence[Shape | None] | None = None
            for _ in range(item.count):
                if record is None or shapes != before:
                    before = shapes
                    record = self.use_class(
                        item.class_name, item.arguments, shapes, seeds, item.node
                    )
                    shapes = [flow.shape for flow in record.results]
                if runs and runs[-1][-1].content() == record.content():
                    runs[-1].append(record)
                else:
                    runs.append([record])
                self._count(tree)
        given = list(flows)
        for index, records in enumerate(runs):
            name = module.name or "block"
            name = name if len(runs) == 1 else f"{name}_{index}"
            given = self._add_block(module, items[0], name, records, given, tree, nodes)
        return given[0] if len(given) == 1 else tuple(given)

    def _add_block(
        self,
        module: ClassModule | Chain,
        first: ClassModule,
        name: str,
        records: list[Record],
        flows: Sequence[Flow],
        tree: ast.Call,
        nodes: list[ReadNode],
    ) -> list[Flow]:
        """Add the node of a block that is applied as often as there are records."""
        outputs = self._output_names(records[-1])
        input_names = [name.rstrip("_") for name, _ in records[0].inputs]
        node = ReadNode(
            BLOCK,
            name,
            bool(module.name),
            dict(zip(input_names, flows, strict=True)),
            tree,
            first.node if module is first else module.node,
            module=module,
            records=records,
            is_shared=isinstance(module, Chain) and module.is_shared,
            is_frozen=module.is_frozen,
            exposed=first.origins,
            outputs=tuple(outputs),
        )
        nodes.append(node)
        return [
            Flow(len(nodes) - 1, port, flow.shape)
            for port, flow in zip(outputs, records[-1].results, strict=True)
        ]

    def _output_names(self, record: Record) -> list[str]:
        """Return the ports that a block gives its results at."""
        num = len(record.results)
        if len(record.output_names) == num:
            return record.output_names
        block = self.document.graph.blocks.get(self.blocks.get(record.class_name, ""))
        names = [] if block is None else list(block_ports(block).outputs)
        if len(names) == num:
            return names
        return ["output"] if num == 1 else [f"output_{index + 1}" for index in range(num)]

    def _block_seeds(self, class_name: str, node: Node | None) -> Mapping[str, Node]:
        blocks = self.document.graph.blocks
        block: BlockDefinition | None = blocks.get(self.blocks.get(class_name, ""))
        overrides: Params = {}
        if node is not None and node.block in blocks:
            block = block or blocks[node.block]
            overrides = dict(node.overrides) if block is blocks[node.block] else {}
        if block is None:
            return {}
        return {each.name: each for each in instance_nodes(block, overrides).values()}

    def add_use(self, use: Use, tree: ast.expr, frame: Frame) -> object:
        if frame.nodes is None:
            raise CannotRead(tree, "Tensors are computed in forward, not in __init__.")
        return self._add_layer(use.wanted, list(use.flows), tree, frame, None)

    def _count(self, tree: ast.AST) -> None:
        self.num_nodes += 1
        if self._num_errors > MAX_ERRORS:
            raise CannotRead(tree, "There is more than this that cannot be read.")
        if self.num_nodes > MAX_NODES:
            raise CannotRead(tree, f"The network has more than {MAX_NODES:,} nodes.")

    def _add_layer(
        self,
        wanted: object,
        flows: list[Flow],
        tree: ast.expr,
        frame: Frame,
        module: LayerModule | None,
    ) -> object:
        nodes = frame.nodes
        if nodes is None:
            raise CannotRead(tree, "Layers are called in forward, not in __init__.")
        self._count(tree)
        made_at: ast.AST = module.node if module is not None else tree
        name = module.name if module is not None else ""
        seed_node = frame.seeds.get(name) if name else None
        seed = None if seed_node is None else (seed_node.type, dict(seed_node.params))
        found = self.found(wanted, [flow.shape for flow in flows], seed)
        if isinstance(found, str):
            raise CannotRead(made_at, found)
        for argument, (written, actual) in found.inferred.items():
            self.add_problem(
                made_at, f"{argument} is {actual} here, as it follows from what arrives; the "
                f"{written} written is not used.", is_note=True,
            )  # fmt: skip
        parsed = parse_params(found.layer, found.params).params
        if parsed is None:
            raise CannotRead(made_at, "These arguments do not fit.")
        if module is not None and module.calls > 1 and found.layer.takes_learning:
            raise CannotRead(tree, f"self.{name[:64]} is called twice. A layer with weights is "
                             "drawn once; make a second one.")  # fmt: skip
        ports = [port.name for port in found.layer.input_ports(parsed)]
        inputs = dict(zip(ports, flows, strict=True))
        outputs = [port.name for port in found.layer.output_ports(parsed)]
        shapes = self._output_shapes(found, inputs)
        origins: Mapping[str, str] = module.origins if module is not None else {}
        fields = found.layer.Params.model_fields
        node = ReadNode(
            found.layer.type_name,
            name,
            bool(name) and module is not None and module.calls == 1 and name_problem(name) is None,
            inputs,
            tree,
            made_at if module is not None else None,
            params=found.params,
            wanted=wanted,  # pyright: ignore[reportArgumentType]
            module=module,
            is_frozen=module is not None and module.is_frozen,
            exposed={key: value for key, value in origins.items() if key in fields},
            outputs=tuple(outputs),
        )
        nodes.append(node)
        made = [Flow(len(nodes) - 1, port, shapes.get(port)) for port in outputs]
        return made[0] if len(made) == 1 else tuple(made)

    def found(
        self, wanted: object, shapes: list[Shape | None], seed: tuple[str, Params] | None
    ) -> FoundLayer | str:
        """Return the layer of a call, remembering what was found before."""
        key = (repr(wanted), tuple(shapes), repr(seed))
        if key not in self._found:
            self._found[key] = find_layer(wanted, shapes, seed)  # pyright: ignore[reportArgumentType]
        return self._found[key]

    @staticmethod
    def _output_shapes(found: FoundLayer, inputs: Mapping[str, Flow]) -> Mapping[str, Shape]:
        params = parse_params(found.layer, found.params).params
        known = {port: flow.shape for port, flow in inputs.items() if flow.shape is not None}
        if params is None or len(known) < len(inputs):
            return {}
        inferred = found.layer.infer(params, known)
        if not isinstance(inferred, ShapeProblem):
            return inferred.outputs
        # The canvas will say that it does not fit; what follows is read as if it did.
        passed = next(iter(known.values()))
        return {port.name: passed for port in found.layer.output_ports(params)}


def _stem(type_name: str) -> str:
    from netloom.layers.registry import get_layer

    layer = get_layer(type_name)
    return type_name.lower() if layer is None else layer.name_stem


def _class_of(item: Module) -> str:
    return item.class_name if isinstance(item, ClassModule) else str(id(item))


def _is_unused(target: ast.expr) -> bool:
    names = [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return bool(names) and all(name.startswith("_") for name in names)
