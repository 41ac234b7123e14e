"""Recurrent layers, which PyTorch records as one step behind the other: as many as there are.

Nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Iterator

from netloom.compile.errors import CompileError
from netloom.compile.plan import plan_network
from netloom.compile.steps import LayerStep, Scope
from netloom.formats.error_gaps import named_node
from netloom.formats.exported import ExportGap
from netloom.graph.document import Document
from netloom.layers.recurrent import GRU, LSTM, RNN

_RECURRENT = frozenset(layer.type_name for layer in (LSTM, GRU, RNN))


def unrolled_gaps(document: Document) -> list[ExportGap]:
    """Return a gap for each recurrent layer of a sequence whose length is open."""
    try:
        plan = plan_network(document)
    except CompileError as error:
        return [ExportGap(reason=str(error)[:2000])]
    paths = {path: step for path, step in _layers(plan, "") if _is_unrolled(step)}
    return [
        ExportGap(
            path=path,
            name=named_node(document, path)[0][:2000],
            type=step.layer.type_name,
            reason="PyTorch records it as a fixed number of steps.",
            next_step="Choose a number for “length”, or export to ONNX, where it stays open.",
        )
        for path, step in paths.items()
    ]


def _layers(scope: Scope, prefix: str) -> Iterator[tuple[str, LayerStep]]:
    """Yield each layer with its path; those of a repeated block once for each repeat."""
    for step in scope.steps:
        if isinstance(step, LayerStep):
            yield f"{prefix}{step.node_id}", step
        else:
            for body in step.bodies:
                yield from _layers(body, f"{prefix}{step.node_id}/")


def _is_unrolled(step: LayerStep) -> bool:
    if step.layer.type_name not in _RECURRENT:
        return False
    sequence = next(iter(step.input_shapes.values()))
    return not isinstance(sequence[1].size, int)
