"""From the walks over a network to what is told of each node, by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from netloom.analyze.journey import FieldRun, KeptRun
from netloom.analyze.model import NodeAnalysis, ReceptiveField
from netloom.analyze.plan import ScopePlan
from netloom.analyze.receptive import Field, Fields
from netloom.analyze.remembered import Remembered
from netloom.analyze.results import NodeResult, ScopeRun
from netloom.graph.limits import BYTES_PER_ELEMENT
from netloom.layers.shapes import shape_json, shape_text


@dataclass(frozen=True, slots=True)
class Use:
    """Everything known about one use of a scope."""

    run: ScopeRun
    fields: FieldRun
    kept: KeptRun


def node_analyses(
    plans: Mapping[str | None, ScopePlan], top: Use
) -> Iterator[tuple[str, NodeAnalysis]]:
    """Yield every node by its path, instances before what is inside them."""
    waiting: list[tuple[str, ScopePlan, Use, int]] = [("", plans[None], top, 1)]
    while waiting:
        prefix, plan, use, repeats = waiting.pop()
        for node_id in plan.nodes:
            result = use.run.nodes.get(node_id)
            if result is None:
                yield prefix + node_id, NodeAnalysis(repeats=repeats)
                continue
            yield prefix + node_id, _node_analysis(node_id, result, use, repeats)
            if result.inside is not None:
                node = plan.nodes[node_id].node
                inner = Use(result.inside, use.fields.inside[node_id], use.kept.inside[node_id])
                path = f"{prefix}{node_id}/"
                waiting.append((path, plans[node.block], inner, repeats * node.repeat))


def _node_analysis(node_id: str, result: NodeResult, use: Use, repeats: int) -> NodeAnalysis:
    layer = result.layer
    fields = next(iter(use.fields.nodes.get(node_id, _NO_PORTS).values()), _NO_FIELDS)
    kept_bytes = use.kept.own_bytes.get(node_id, 0)
    if layer is not None:
        known = _told_nodes.find((result, fields), kept_bytes, repeats)
        if known is not None:
            return known
    told = _tell(result, fields, kept_bytes, repeats)
    if layer is None:
        return told
    return _told_nodes.keep(told, (result, fields), kept_bytes, repeats)


_told_nodes: Remembered[NodeAnalysis] = Remembered()


def _tell(result: NodeResult, fields: Fields, kept_bytes: int, repeats: int) -> NodeAnalysis:
    layer = result.layer
    if layer is None:
        texts = [shape_text(shape) for shape in result.outputs.values()]
        outputs = {port: shape_json(shape) for port, shape in result.outputs.items()}
        output_text = texts[0] if texts else ""
    else:
        outputs, output_text = dict(layer.outputs_json), layer.output_text
    cost = result.cost
    return NodeAnalysis.model_construct(
        outputs=outputs,
        output_text=output_text,
        parameters=cost.parameters,
        flops=cost.flops,
        macs=cost.macs,
        activation_bytes=cost.activation_bytes,
        kept_bytes=kept_bytes,
        gradient_bytes=cost.trainable * BYTES_PER_ELEMENT,
        receptive_field=_told(fields),
        inferred=dict(layer.inference.inferred) if layer is not None else {},
        repeats=repeats,
    )


_NO_FIELDS: Fields = {}
_NO_PORTS: Mapping[str, Fields] = {}


def _told(fields: Fields) -> list[ReceptiveField]:
    return [_told_field(axis, field) for axis, field in fields.items()]


@lru_cache(maxsize=4096)
def _told_field(axis: str, field: Field | None) -> ReceptiveField:
    if field is None:
        return ReceptiveField(axis=axis, size=None)
    return ReceptiveField(axis=axis, size=field.size, jump=field.jump, centre=field.centre)
