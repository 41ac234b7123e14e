"""Cases of every layer type, collected from the tables of the families."""

from __future__ import annotations

from tests.netloom.layers.cases import (
    activation,
    arrays,
    combine,
    convolution,
    detection,
    linear,
    normalization,
    operators,
    pooling,
    regularization,
    sequence,
    shape,
)
from tests.netloom.layers.cases.table import Case, Cases

_TABLES: tuple[Cases, ...] = (
    activation.CASES,
    combine.CASES,
    convolution.CASES,
    detection.CASES,
    linear.CASES,
    normalization.CASES,
    operators.CASES,
    pooling.CASES,
    regularization.CASES,
    sequence.CASES,
    shape.CASES,
)

CASES: dict[str, list[Case]] = {name: cases for table in _TABLES for name, cases in table.items()}
CASES["Operator"] = [*operators.OPERATOR_CASES, *arrays.ARRAY_CASES]

__all__ = ["CASES", "Case"]
