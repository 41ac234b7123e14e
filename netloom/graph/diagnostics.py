"""What is wrong with a network, as data: a user's mistake is never an exception."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.graph.operations import Operation


class DiagnosticCode(StrEnum):
    """Every problem a network can have. The text for people is made where it is found."""

    OVER_BUDGET = "over_budget"
    PLACEHOLDER = "placeholder"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_NAME = "invalid_name"
    DUPLICATE_NAME = "duplicate_name"
    UNKNOWN_PARAM = "unknown_param"
    INVALID_PARAM = "invalid_param"
    MISSING_PARAM = "missing_param"
    DANGLING_EDGE = "dangling_edge"
    UNKNOWN_PORT = "unknown_port"
    PORT_TAKEN = "port_taken"
    UNCONNECTED_INPUT = "unconnected_input"
    UNUSED_OUTPUT = "unused_output"
    CYCLE = "cycle"
    NO_INPUT = "no_input"
    NO_OUTPUT = "no_output"
    SHAPE_MISMATCH = "shape_mismatch"
    SHAPE_TOO_SMALL = "shape_too_small"
    UNKNOWN_BLOCK = "unknown_block"
    RECURSIVE_BLOCK = "recursive_block"
    REPEAT_MISMATCH = "repeat_mismatch"
    SHARED_WEIGHTS = "shared_weights"
    LIMIT_EXCEEDED = "limit_exceeded"
    CLASS_COUNT_MISMATCH = "class_count_mismatch"
    INPUT_SHAPE_MISMATCH = "input_shape_mismatch"
    INPUT_NOT_TRAINED = "input_not_trained"
    SOFTMAX_BEFORE_LOSS = "softmax_before_loss"


class Fix(BaseModel):
    """One way to repair a problem: operations applied as a single, undoable gesture."""

    model_config = ConfigDict(frozen=True)

    label: str
    operations: list[Operation]


class Diagnostic(BaseModel):
    """One problem, pinned to where it is.

    Attributes:
        scope: Id of the block definition that holds `node_id`; None on the top level.
        edge_id: The edge that caused the problem, when one did.
        path: For a problem of one use of a block: the node's path, `instance/inner`.
    """

    model_config = ConfigDict(frozen=True)

    code: DiagnosticCode
    severity: Literal["error", "warning", "info"]
    message: str
    scope: str | None = None
    node_id: str | None = None
    port: str | None = None
    param: str | None = None
    edge_id: str | None = None
    path: str | None = None
    fixes: list[Fix] = Field(default_factory=list[Fix])
