"""What is wrong with how a layer's weights are told to start and to learn."""

from __future__ import annotations

from collections.abc import Iterator

from netloom.analyze import fixes
from netloom.analyze.plan import PlannedNode, ScopePlan
from netloom.graph.diagnostics import Diagnostic, DiagnosticCode
from netloom.layers.base import Inference
from netloom.layers.learning import (
    DEFAULT_LEARNING,
    NEEDS_MATRIX,
    LearningParams,
    ignored_names,
    weights_among,
)


def learning_problems(
    plan: ScopePlan, node_id: str, planned: PlannedNode, found: Inference, path: str | None
) -> Iterator[Diagnostic]:
    """Yield settings that change nothing, and starts that the layer's weights cannot have."""
    learning = planned.learning
    if learning is DEFAULT_LEARNING:
        return
    name = planned.node.name
    for param in ignored_names(learning, found.parameters, is_frozen=planned.node.is_frozen):
        title = LearningParams.model_fields[param].title
        yield Diagnostic(
            code=DiagnosticCode.UNKNOWN_PARAM,
            severity="warning",
            message=f"{title} is ignored: {_reason(planned, found, param)}.",
            scope=plan.scope_id,
            node_id=node_id,
            param=param,
            path=path,
            fixes=[fixes.set_params("Remove it", plan.scope_id, node_id, {param: None})],
        )
    weights = weights_among(found.parameters)
    is_flat = any(len(found.parameters[weight]) < 2 for weight in weights)
    if is_flat and learning.weight_init in NEEDS_MATRIX:
        yield Diagnostic(
            code=DiagnosticCode.INVALID_PARAM,
            severity="error",
            message=(
                f"{name} has one number per channel and no matrix, so its weights cannot start as "
                f"{learning.weight_init}. Choose default, zeros, ones, constant, normal or uniform."
            ),
            scope=plan.scope_id,
            node_id=node_id,
            param="weight_init",
            path=path,
            fixes=[
                fixes.set_params("Start as usual", plan.scope_id, node_id, {"weight_init": None})
            ],
        )


def _reason(planned: PlannedNode, found: Inference, param: str) -> str:
    name = planned.node.name
    if not found.parameters:
        return f"{name} has nothing to learn"
    if param.endswith("_value"):
        return f"the chosen start of {name} takes no value, or there is nothing to fill"
    if param.endswith("_factor"):
        return f"the weights of {name} are not trained"
    return f"{name} has no {'biases' if param == 'bias_init' else 'weights'}"
