"""What follows along the paths of a network once every shape is known.

Two walks over the uses of scopes: forwards for receptive fields, backwards for what training
must hold until the backward pass. A use of a block under equal conditions is walked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from netloom.analyze.inference import Layer
from netloom.analyze.plan import ScopePlan
from netloom.analyze.receptive import Field, Fields, fields_behind, input_fields
from netloom.analyze.remembered import MAX_REMEMBERED, Remembered
from netloom.analyze.results import NodeResult, ScopeRun
from netloom.graph.limits import BYTES_PER_ELEMENT
from netloom.layers.shapes import Shape

_NOTHING: Fields = {}
_NO_PORTS: Mapping[str, Fields] = {}


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
            given = _arriving(plan, node_id, planned.inputs or (), nodes)
            if result.inside is not None:
                inner = self.plans[planned.node.block]
                nodes[node_id], inside[node_id] = self._walk_instance(
                    inner, result, planned.node.repeat, given
                )
            elif result.layer is not None:
                from_here = (result.layer, *given.values())
                known = _fields.find(from_here)
                if known is None:
                    pairs = _with_shapes(plan, node_id, given, run)
                    known = _fields.keep(_behind(role, result.layer, pairs), from_here)
                nodes[node_id] = known
            if role == "block_output":
                outputs[planned.node.name] = nodes[node_id]["output"]
        return FieldRun(nodes, outputs, inside)

    def _walk_instance(
        self,
        inner: ScopePlan,
        result: NodeResult,
        repeat: int,
        fields: Mapping[str, Fields],
    ) -> tuple[Mapping[str, Fields], FieldRun]:
        """Return the fields behind the last repeat, and the walk of the first."""
        run = result.inside
        assert run is not None  # noqa: S101 - the caller has looked
        first = last = self.walk(inner, run, fields)
        inputs = list(fields)
        for _ in range(repeat - 1):
            following = dict(zip(inputs, last.outputs.values(), strict=False))
            if following == fields:
                break
            fields = following
            last = self.walk(inner, run, fields)
        return last.outputs, first


_fields: Remembered[Mapping[str, Fields]] = Remembered()
"""By output port of a layer, from the layer and the fields at its input ports."""


def _behind(
    role: str | None, layer: Layer, pairs: list[tuple[Fields, Shape]]
) -> Mapping[str, Fields]:
    outputs = layer.inference.outputs.items()
    if role == "input":
        return {port: _one_of(input_fields(shape)) for port, shape in outputs}
    return {port: _one_of(fields_behind(layer.reach, pairs, shape)) for port, shape in outputs}


@lru_cache(maxsize=MAX_REMEMBERED)
def _made(fields: tuple[tuple[str, Field | None], ...]) -> Fields:
    return dict(fields)


def _one_of(fields: Fields) -> Fields:
    """Return the same object for equal fields: what lies behind them is then found again."""
    return _made(tuple(fields.items()))


def _arriving(
    plan: ScopePlan,
    node_id: str,
    ports: tuple[str, ...],
    nodes: Mapping[str, Mapping[str, Fields]],
) -> dict[str, Fields]:
    """Return the fields at every input port; there is a result, so something feeds them all."""
    sources = plan.sources[node_id]
    given: dict[str, Fields] = {}
    for port in ports:
        source, source_port = sources[port]
        given[port] = nodes.get(source, _NO_PORTS).get(source_port, _NOTHING)
    return given


def _with_shapes(
    plan: ScopePlan, node_id: str, given: Mapping[str, Fields], run: ScopeRun
) -> list[tuple[Fields, Shape]]:
    pairs: list[tuple[Fields, Shape]] = []
    for port, fields in given.items():
        source, source_port = plan.sources[node_id][port]
        pairs.append((fields, run.nodes[source].outputs[source_port]))
    return pairs


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
            kept = [port for port in result.outputs if (node_id, port) in held]
            sources = plan.sources[node_id]
            if role == "block_input":
                if kept:
                    inputs.add(name)
            elif result.inside is not None:
                inner = self.plans[planned.node.block]
                own_bytes[node_id], wanted, inside[node_id] = self._walk_instance(
                    inner, result.inside, planned.node.repeat, frozenset(kept)
                )
                held.update(source for port, source in sources.items() if port in wanted)
            elif not planned.layer.has_own_activation:
                if name in needed if role == "block_output" else kept:
                    held.update(sources.values())
            else:
                own_bytes[node_id] = _held_bytes(
                    result, result.outputs if planned.layer.keeps == "output" else kept
                )
                if planned.layer.keeps == "input":
                    held.update(sources.values())
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


def _held_bytes(result: NodeResult, ports: Iterable[str]) -> int:
    if result.layer is None:
        return 0
    elements = sum([result.layer.elements[port] for port in ports])
    return (elements + result.layer.kept_elements) * BYTES_PER_ELEMENT
