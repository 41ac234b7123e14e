"""What follows along the paths of a network once every shape is known.

Two walks over the uses of scopes: forwards for receptive fields, backwards for what training
must hold until the backward pass. A use of a block under equal conditions is walked once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.analyze.flow import NodeResult, ScopeRun
from netloom.analyze.plan import ScopePlan
from netloom.analyze.receptive import Fields, fields_behind, input_fields
from netloom.graph.limits import BYTES_PER_ELEMENT
from netloom.layers.shapes import Shape

_NOTHING: Fields = {}


@dataclass(frozen=True, slots=True)
class FieldRun:
    """Receptive fields of one use of a scope.

    Attributes:
        nodes: By node, then by output port.
        inside: For an instance: its first repeat.
    """

    nodes: Mapping[str, Mapping[str, Fields]]
    outputs: Mapping[str, Fields]
    inside: Mapping[str, FieldRun]


@dataclass(slots=True)
class FieldWalk:
    """Carries receptive fields from the inputs to the outputs."""

    plans: Mapping[str | None, ScopePlan]
    _runs: dict[tuple[int, str], FieldRun] = field(default_factory=dict[tuple[int, str], FieldRun])

    def walk(self, plan: ScopePlan, run: ScopeRun, arriving: Mapping[str, Fields]) -> FieldRun:
        """Walk one use of a scope; `arriving` is by the name of a block's input port."""
        key = (id(run), repr(arriving))
        known = self._runs.get(key)
        if known is None:
            known = self._runs[key] = self._walk(plan, run, arriving)
        return known

    def _walk(self, plan: ScopePlan, run: ScopeRun, arriving: Mapping[str, Fields]) -> FieldRun:
        nodes: dict[str, Mapping[str, Fields]] = {}
        inside: dict[str, FieldRun] = {}
        outputs: dict[str, Fields] = {}
        for node_id in plan.order:
            result = run.nodes.get(node_id)
            if result is None:
                continue
            planned = plan.nodes[node_id]
            role = None if planned.layer is None else planned.layer.role
            if role == "block_input":
                nodes[node_id] = {"output": arriving.get(planned.node.name, _NOTHING)}
                continue
            if role == "input":
                nodes[node_id] = {
                    port: input_fields(shape) for port, shape in result.outputs.items()
                }
                continue
            given = _arriving(plan, node_id, run, nodes)
            if result.inside is not None:
                inner = self.plans[planned.node.block]
                nodes[node_id], inside[node_id] = self._walk_instance(
                    inner, result, planned.node.repeat, given
                )
            elif result.layer is not None:
                pairs = list(given.values())
                nodes[node_id] = {
                    port: fields_behind(result.layer.reach, pairs, shape)
                    for port, shape in result.outputs.items()
                }
            if role == "block_output":
                outputs[planned.node.name] = nodes[node_id]["output"]
        return FieldRun(nodes, outputs, inside)

    def _walk_instance(
        self, inner: ScopePlan, result: NodeResult, repeat: int, given: _Given
    ) -> tuple[Mapping[str, Fields], FieldRun]:
        """Return the fields behind the last repeat, and the walk of the first."""
        run = result.inside
        assert run is not None  # noqa: S101 - the caller has looked
        fields = {port: found for port, (found, _) in given.items()}
        first = last = self.walk(inner, run, fields)
        inputs = list(fields)
        for _ in range(repeat - 1):
            following = dict(zip(inputs, last.outputs.values(), strict=False))
            if following == fields:
                break
            fields = following
            last = self.walk(inner, run, fields)
        return last.outputs, first


_Given = Mapping[str, tuple[Fields, Shape]]


def _arriving(
    plan: ScopePlan, node_id: str, run: ScopeRun, nodes: Mapping[str, Mapping[str, Fields]]
) -> _Given:
    given: dict[str, tuple[Fields, Shape]] = {}
    for port, edge_ids in plan.wiring.arriving[node_id].items():
        source = plan.scope.edges[edge_ids[0]].source
        result = run.nodes.get(source.node)
        if result is not None and source.port in result.outputs:
            found = nodes.get(source.node, {}).get(source.port, _NOTHING)
            given[port] = (found, result.outputs[source.port])
    return given


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What training holds of one use of a scope.

    Attributes:
        own_bytes: By node, for one sample: its output where something still needs it, and what it
            holds inside; all repeats of an instance together.
        inputs: Ports of the scope at which what arrives is needed again.
    """

    own_bytes: Mapping[str, int]
    inputs: frozenset[str]
    inside: Mapping[str, KeptRun]
    total_bytes: int


@dataclass(slots=True)
class KeptWalk:
    """Finds which tensors the backward pass needs, from the outputs to the inputs.

    A tensor is held once, whoever needs it; what only looks at it, such as a Flatten, holds the
    tensor behind it.
    """

    plans: Mapping[str | None, ScopePlan]
    _runs: dict[tuple[int, frozenset[str]], KeptRun] = field(
        default_factory=dict[tuple[int, frozenset[str]], KeptRun]
    )

    def walk(self, plan: ScopePlan, run: ScopeRun, needed: frozenset[str]) -> KeptRun:
        """Walk one use of a scope; `needed` names output ports whose tensors are needed outside."""
        key = (id(run), needed)
        known = self._runs.get(key)
        if known is None:
            known = self._runs[key] = self._walk(plan, run, needed)
        return known

    def _walk(self, plan: ScopePlan, run: ScopeRun, needed: frozenset[str]) -> KeptRun:
        held: set[tuple[str, str]] = set()
        own_bytes: dict[str, int] = {}
        inputs: set[str] = set()
        inside: dict[str, KeptRun] = {}
        for node_id in reversed(plan.order):
            result, planned = run.nodes.get(node_id), plan.nodes[node_id]
            if result is None or planned.layer is None:
                continue
            role, name = planned.layer.role, planned.node.name
            kept = {port for port in result.outputs if (node_id, port) in held}
            if role == "block_input":
                inputs |= {name} if kept else set[str]()
                continue
            if result.inside is not None:
                inner = self.plans[planned.node.block]
                own_bytes[node_id], wanted, inside[node_id] = self._walk_instance(
                    inner, result.inside, planned.node.repeat, frozenset(kept)
                )
            else:
                looks_through = not planned.layer.has_own_activation
                if role == "block_output":
                    kept = {"output"} if name in needed else set[str]()
                if looks_through:
                    wanted = {*_ports(plan, node_id)} if kept else set[str]()
                else:
                    if planned.layer.keeps == "output":
                        kept = set(result.outputs)
                    own_bytes[node_id] = _held_bytes(result, kept)
                    keeps_input = planned.layer.keeps == "input"
                    wanted = {*_ports(plan, node_id)} if keeps_input else set[str]()
            for port in wanted:
                for edge_id in plan.wiring.arriving[node_id].get(port, ())[:1]:
                    source = plan.scope.edges[edge_id].source
                    held.add((source.node, source.port))
        return KeptRun(own_bytes, frozenset(inputs), inside, sum(own_bytes.values()))

    def _walk_instance(
        self, inner: ScopePlan, run: ScopeRun, repeat: int, needed: frozenset[str]
    ) -> tuple[int, set[str], KeptRun]:
        last = first = self.walk(inner, run, needed)
        total = last.total_bytes
        for done in range(1, repeat):
            pairs = zip(inner.ports.inputs, inner.ports.outputs, strict=False)
            following = frozenset(out for given, out in pairs if given in first.inputs)
            before, first = first, self.walk(inner, run, following)
            if first is before:
                total += first.total_bytes * (repeat - done)
                break
            total += first.total_bytes
        return total, set(first.inputs), first


def _held_bytes(result: NodeResult, ports: set[str]) -> int:
    if result.layer is None:
        return 0
    elements = sum(result.layer.elements[port] for port in ports)
    return (elements + result.layer.kept_elements) * BYTES_PER_ELEMENT


def _ports(plan: ScopePlan, node_id: str) -> tuple[str, ...]:
    return tuple(plan.wiring.arriving[node_id])
