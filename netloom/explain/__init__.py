"""Why a network says what it says, and how often it is right.

`gradcam_layers`, `default_gradcam_layer` and the result types need no torch; importing this package
does not load it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from netloom.explain.layers import default_gradcam_layer, gradcam_layers
from netloom.explain.results import (
    Cancelled,
    ClassReport,
    Evaluation,
    ExplainError,
    ExplainOptions,
    Explanation,
    ExplanationMeta,
    ItemPrediction,
    Method,
    Prediction,
)

if TYPE_CHECKING:
    from netloom.explain.attribute import explain
    from netloom.explain.evaluation import evaluate
    from netloom.explain.logits import predict
    from netloom.explain.many import predict_items

__all__ = [
    "Cancelled",
    "ClassReport",
    "Evaluation",
    "ExplainError",
    "ExplainOptions",
    "Explanation",
    "ExplanationMeta",
    "ItemPrediction",
    "Method",
    "Prediction",
    "default_gradcam_layer",
    "evaluate",
    "explain",
    "gradcam_layers",
    "predict",
    "predict_items",
]

_NEEDS_TORCH = {
    "explain": "attribute",
    "evaluate": "evaluation",
    "predict": "logits",
    "predict_items": "many",
}


def __getattr__(name: str) -> object:
    """Load what needs torch when it is first asked for."""
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NEEDS_TORCH[name]}"), name)
