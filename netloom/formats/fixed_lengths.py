"""Layers that a format can say for one length of their sequence alone, or not at all, as gaps.

No torch.

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
"""Why a layer is a gap; empty where it is none."""
_RECURRENT = frozenset(layer.type_name for layer in (LSTM, GRU, RNN))
_ADAPTIVE = frozenset(("AdaptiveAvgPool1d", "AdaptiveMaxPool1d"))


def length_gaps(document: Document, reason: Reason) -> list[ExportGap]:
    """Return a gap for each layer that needs a fixed length and receives an open one."""
    return _gaps(
        document,
        lambda step: reason(step) if _is_open(step) else "",
        "Choose a number for “length”.",
    )


def packing_gaps(document: Document) -> list[ExportGap]:
    """Return a gap for each layer that passes over padding by packing, whatever the length."""
    return _gaps(document, _packed, "Switch off “padding mask”, or write ONNX or PyTorch source.")


def _gaps(document: Document, reason: Reason, next_step: str) -> list[ExportGap]:
    try:
        plan = plan_network(document)
    except CompileError as error:
        return [ExportGap(reason=str(error)[:2000])]
    # A repeated block has its layers under one path: they are named once.
    steps = dict(_layers(plan, ""))
    return [
        ExportGap(
            path=path,
            name=named_node(document, path)[0][:2000],
            type=step.layer.type_name,
            reason=why,
            next_step=next_step,
        )
        for path, step in steps.items()
        if (why := reason(step))
    ]


def _packed(step: LayerStep) -> str:
    takes_mask = bool(getattr(step.params, "takes_padding_mask", False))
    is_packed = takes_mask and step.layer.type_name in _RECURRENT
    return "It packs what is no padding, which PyTorch cannot record." if is_packed else ""


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
