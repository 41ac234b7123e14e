"""What a network may cost, as a person sets it. Budgets are part of the view: they change nothing
of what is computed, so the graph's hash does not know them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Budget = Literal[
    "parameters",
    "weight_bytes",
    "flops",
    "training_bytes",
    "receptive_field",
]
"""`receptive_field` is a least value; all others are most values. `training_bytes` holds for the
batch of `batch_size`."""
BudgetKey = Literal[
    "parameters", "weight_bytes", "flops", "training_bytes", "receptive_field", "batch_size"
]
Limit = Annotated[float, Field(gt=0, le=1e18)]
Budgets = dict[BudgetKey, Limit]
DEFAULT_BATCH_SIZE = 32
