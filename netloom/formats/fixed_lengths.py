"""Layers that a format can say for one length of their sequence alone, as gaps. No torch.

Legend: T time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netloom.compile.errors import CompileError
from netloom.compile.plan import plan_network
from netloom.compile.steps import LayerStep, Scope
from netloom.formats.error_gaps import named_node
from netloom.formats.exported import ExportGap
from netloom.graph.document import Document
from netloom.layers.recurrent import GRU, LSTM, RNN

Reason = Callable[[LayerStep], str]
"""Why a layer that receives an open length needs a fixed one; empty where it does not."""
_RECURRENT = frozenset(layer.type_name for layer in (LSTM, GRU, RNN))
_ADAPTIVE = frozenset(("AdaptiveAvgPool1d", "AdaptiveMaxPool1d"))


def length_gaps(document: Document, reason: Reason) -> list[ExportGap]:
    """Return a gap for each layer that needs a fixed length and receives an open one."""
    try:
        plan = plan_network(document)
    except CompileError as error:
        return [ExportGap(reason=str(error)[:2000])]
    # A repeated block has its layers under one path: they are named once.
    steps = {path: step for path, step in _layers(plan, "") if _is_open(step)}
    return [
        ExportGap(
            path=path,
            name=named_node(document, path)[0][:2000],
            type=step.layer.type_name,
            reason=why,
            next_step="Choose a number for “length”.",
        )
        for path, step in steps.items()
        if (why := reason(step))
    ]


def unrolled(step: LayerStep) -> str:
    """Say that PyTorch records a recurrent layer step by step."""
    is_recurrent = step.layer.type_name in _RECURRENT
    return "PyTorch records it as a fixed number of steps." if is_recurrent else ""


def cut_into_windows(step: LayerStep) -> str:
    """Say that ONNX has no adaptive pooling; to one window it is a plain mean or maximum."""
    sizes: object = getattr(step.params, "output_size", 1)
    if step.layer.type_name not in _ADAPTIVE or sizes in (1, (1,), [1]):
        return ""
    return "It cuts a sequence into windows, which ONNX can say for one length only."


def _layers(scope: Scope, prefix: str) -> Iterator[tuple[str, LayerStep]]:
    for step in scope.steps:
        if isinstance(step, LayerStep):
            yield f"{prefix}{step.node_id}", step
        else:
            for body in step.bodies:
                yield from _layers(body, f"{prefix}{step.node_id}/")


def _is_open(step: LayerStep) -> bool:
    return any(
        not isinstance(dim.size, int)
        for shape in step.input_shapes.values()
        for dim in shape[1:]
    )  # fmt: skip
