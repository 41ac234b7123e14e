"""Modules that are called in `forward`, and the nodes they become."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import cast

from netloom.graph.document import BlockDefinition, Document, Node
from netloom.graph.limits import MAX_NODES
from netloom.graph.names import name_problem
from netloom.graph.topology import block_ports, instance_nodes
from netloom.layers.base import ShapeProblem
from netloom.layers.block import BLOCK
from netloom.layers.expect import infer_layer
from netloom.layers.parse import parse_params
from netloom.layers.shapes import Shape
from netloom.readback.effort import PER_NODE, spend
from netloom.readback.frames import Frame
from netloom.readback.functions import Use
from netloom.readback.layers import find_layer
from netloom.readback.operator_calls import OPERATOR, hinted
from netloom.readback.records import ReadNode, Record
from netloom.readback.solving import FoundLayer
from netloom.readback.statements import MAX_ERRORS, StatementReader
from netloom.readback.syntax import CannotRead, SourceFile
from netloom.readback.tying import keeps_statistics
from netloom.readback.values import (
    LOST,
    Chain,
    ClassModule,
    Flow,
    LayerModule,
    Module,
    PassOn,
)
from netloom.readback.wanted import Params, Wanted, WantedCall, wanted_values


class NodeReader(StatementReader):
    """Makes nodes of calls: layers, functions, chains of layers and blocks."""

    def __init__(self, file: SourceFile, document: Document, blocks: Mapping[str, str]) -> None:
        super().__init__(file)
        self.document = document
        self.blocks = blocks
        self.num_nodes = 0
        self._found: dict[object, FoundLayer | str] = {}
        self._ops: dict[int, frozenset[str]] = {}

    def use_class(
        self,
        name: str,
        arguments: Mapping[str, object],
        shapes: Sequence[Shape | None],
        seeds: Mapping[str, Node],
        call: ast.AST,
    ) -> Record:
        """Read a class as it is with these arguments, for tensors of these shapes."""
        raise NotImplementedError

    def apply(
        self, module: Module, flows: Sequence[object], tree: ast.Call, frame: Frame
    ) -> object:
        spend(1, tree)
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
        for item in items:
            item.calls += 1
        shapes: list[Shape | None] = [flow.shape for flow in flows]
        runs: list[list[Record]] = []
        seeds = self._block_seeds(items[0].class_name, frame.seeds.get(module.name))
        for item in items:
            record: Record | None = None
            before: Sequence[Shape | None] = ()
            for _ in range(item.count):
                if record is None or shapes != before:
                    before = shapes
                    record = self.use_class(
                        item.class_name, item.arguments, shapes, seeds, item.node
                    )
                    shapes = [flow.shape for flow in record.results]
                before_it = runs[-1][-1] if runs else None
                if before_it is record or (
                    before_it is not None and before_it.content() == record.content()
                ):
                    runs[-1].append(record)
                else:
                    runs.append([record])
                self._count(tree)
        given = list(flows)
        for index, records in enumerate(runs):
            name = module.name or "block"
            name = name if len(runs) == 1 else f"{name}_{index}"
            given = self._add_block(module, items[0], name, records, given, tree, nodes)
            nodes[-1].part = index
        if module.calls > 1 and any(keeps_statistics(node) for node in nodes[-len(runs) :]):
            self._note_statistics(module, tree)
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
            bool(module.name) and module.calls == 1,
            dict(zip(input_names, flows, strict=True)),
            tree,
            first.node if module is first else module.node,
            module=module,
            records=records,
            is_shared=isinstance(module, Chain) and module.is_shared,
            is_frozen=module.is_frozen,
            exposed=first.origins,
            outputs=tuple(outputs),
            has_weights=True,
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
        if use.otherwise is not None:
            found = self.found(use.wanted, [flow.shape for flow in use.flows], None)
            other = use.otherwise
            is_there = bool(_ops_of(other.wanted) & self._present_ops(frame.seeds))
            if isinstance(found, str) or found.inferred or found.is_misfit or is_there:
                second = self.found(other.wanted, [flow.shape for flow in other.flows], None)
                use = other if isinstance(second, FoundLayer) else use
        return self._add_layer(use.wanted, list(use.flows), tree, frame, None)

    def _present_ops(self, seeds: Mapping[str, Node]) -> frozenset[str]:
        """Return the operators of the present scope: what they may be read as, they stay."""
        known = self._ops.get(id(seeds))
        if known is None:
            ops = (str(node.params.get("op")) for node in seeds.values() if node.type == OPERATOR)
            known = self._ops[id(seeds)] = frozenset(ops)
        return known

    def _count(self, tree: ast.AST) -> None:
        self.num_nodes += 1
        spend(PER_NODE, tree)
        if self.num_errors > MAX_ERRORS:
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
            has_weights=module is not None and found.layer.takes_learning,
        )
        nodes.append(node)
        if module is not None and module.calls > 1 and keeps_statistics(node):
            self._note_statistics(module, tree)
        made = [Flow(len(nodes) - 1, port, shapes.get(port)) for port in outputs]
        return made[0] if len(made) == 1 else tuple(made)

    def _note_statistics(self, module: Module, tree: ast.AST) -> None:
        self.add_problem(
            tree, f"self.{module.name[:64]} is called more than once: the uses share its weights, "
            "and each keeps running statistics of its own.", is_note=True,
        )  # fmt: skip

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
        inferred = infer_layer(found.layer, params, known)
        if not isinstance(inferred, ShapeProblem):
            return inferred.outputs
        # The canvas will say that it does not fit; what follows is read as if it did.
        passed = next(iter(known.values()))
        return {port.name: passed for port in found.layer.output_ports(params)}


def _ops_of(wanted: Wanted) -> frozenset[str]:
    return frozenset(params["op"] for params in hinted(wanted_values(wanted)))
