"""What the trainer says while it works: one JSON object a line on an inherited pipe.

The supervisor numbers the events, stores them and passes them on; the browser reads the same
shapes. A new event is declared here and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class EventModel(BaseModel):
    """Base of all events. `time_s` is Unix time at the trainer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_s: float


class Started(EventModel):
    """The run is about to take its first step.

    Attributes:
        device: That of rank 0, whose name is `device_name`.
        num_devices: How many share each batch.
        num_threads: Of each device's process.
    """

    event: Literal["started"] = "started"
    device: str
    device_name: str
    num_devices: int = 1
    precision: str
    num_threads: int
    torch_version: str
    cpu: str
    num_train: int
    num_validation: int
    num_test: int
    steps_per_epoch: int
    total_steps: int
    start_step: int
    data_tier: Literal["memory", "decode"]
    num_parameters: int


class Phase(EventModel):
    """What the trainer is doing while nothing is measured: loading, caching, saving."""

    event: Literal["phase"] = "phase"
    phase: Literal["loading", "caching", "training", "validating", "saving"]
    done: int = 0
    total: int = 0


class MetricPoint(BaseModel):
    """Metrics at a step. Names: loss, accuracy, balanced_accuracy, learning_rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    split: Literal["train", "validation"]
    step: int
    epoch: float
    time_s: float
    values: dict[str, float]


class Metrics(EventModel):
    """Points copied from the device since the last such event."""

    event: Literal["metrics"] = "metrics"
    points: list[MetricPoint]


class Progress(EventModel):
    """Where the run is. `data_wait_share` is the share of time spent waiting for data."""

    event: Literal["progress"] = "progress"
    step: int
    total_steps: int
    epoch: float
    images_per_s: float
    data_wait_share: float
    memory_bytes: int
    device_memory_bytes: int | None = None
    remaining_s: float | None = None


class Rewind(EventModel):
    """Training continues after `to_step`; what was said about later steps is superseded."""

    event: Literal["rewind"] = "rewind"
    to_step: int


class SamplePrediction(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str
    label: int
    predicted: int
    confidence: float


class Samples(EventModel):
    """A few validation items, always the same ones, with what the network says of them."""

    event: Literal["samples"] = "samples"
    epoch: int
    step: int
    predictions: list[SamplePrediction]


class EpochEnd(EventModel):
    """Validation of an epoch. `recall_K` is per class, `confusion_KK` rows are true classes."""

    event: Literal["epoch_end"] = "epoch_end"
    epoch: int
    step: int
    values: dict[str, float]
    recall_K: list[float | None]
    confusion_KK: list[list[int]]


class Unfrozen(EventModel):
    """A group of layers begins to learn; `step` and `epoch` are those that are over.

    Attributes:
        group: Names of its layers.
        num_parameters: Learned numbers in it.
        num_left: Groups that are still frozen.
    """

    event: Literal["unfrozen"] = "unfrozen"
    epoch: int
    step: int
    group: str
    num_parameters: int
    num_left: int


class Checkpoint(EventModel):
    """A complete, fsynced checkpoint lies at `path`, relative to the output folder."""

    event: Literal["checkpoint"] = "checkpoint"
    path: str
    step: int
    epoch: float
    sha256: str
    size_bytes: int
    is_best: bool
    is_last: bool
    metric: float | None


class Log(EventModel):
    event: Literal["log"] = "log"
    level: Literal["info", "warning", "error"]
    message: str


class Finished(EventModel):
    """The run ended as asked. `test` holds nothing: evaluating on test is an explicit act."""

    event: Literal["finished"] = "finished"
    reason: Literal["completed", "early_stopped", "stopped", "paused"]
    step: int
    best_metric: float | None
    best_step: int | None


class Failed(EventModel):
    """The run cannot go on. `node` names the layer when the forward pass raised in one."""

    event: Literal["failed"] = "failed"
    code: Literal["out_of_memory", "disk_full", "non_finite_loss", "bad_data", "bad_spec", "error"]
    message: str
    node: str | None = None
    step: int | None = None


Event = Annotated[
    Started
    | Phase
    | Metrics
    | Progress
    | Rewind
    | Samples
    | EpochEnd
    | Unfrozen
    | Checkpoint
    | Log
    | Finished
    | Failed,
    Field(discriminator="event"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
