"""What a page asks of an export, and what it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, JsonValue, StringConstraints

from inspection.preview_schemas import (
    CheckpointWeights,
    FileWeights,
    RandomWeights,
    RunWeights,
)
from netloom.formats.exported import ExportGap, ExportReport

FormatName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
ExportWeights = Annotated[
    RandomWeights | RunWeights | CheckpointWeights | FileWeights, Field(discriminator="kind")
]


class ExportIn(Schema):
    """A network to take away.

    Attributes:
        format: One of those that can be written.
        options: Of that format; what is left out is as its schema says.
        weights: Whose weights go along.
        as_trained: The network as the run trained it, not as it is drawn today; for weights of a
            run or a checkpoint.
    """

    format: FormatName
    options: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    weights: ExportWeights = RandomWeights()
    as_trained: bool = False


class ExportFormat(Schema):
    """A format that networks can be written in.

    Attributes:
        summary: One sentence on what it is good for.
        options: JSON schema of its options.
        lacking: What this installation lacks to write it, and what to do; empty where nothing.
        gaps: What of this network it cannot express; nothing is written while there are any.
    """

    name: str
    title: str
    summary: str
    endings: list[str]
    options: dict[str, Any]
    lacking: str
    gaps: list[ExportGap]


class Export(Schema):
    """A network as a file, to be downloaded until `expires_at`.

    Attributes:
        report: How it was written, and whether the result computes the same.
    """

    id: str
    network_id: str
    format: str
    file_name: str
    size_bytes: int
    url: str
    report: ExportReport
    created_at: datetime
    expires_at: datetime
