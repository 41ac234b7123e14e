"""What a run learns, as a person chooses it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class TaskConfig(BaseModel):
    """Image classification with cross-entropy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["classification"] = "classification"
    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
