"""What the API says and takes about runs, their curves and their checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from common.ids import Id
from netloom.graph.diagnostics import Fix
from netloom.train.events import Event, SamplePrediction
from netloom.train.spec import RunConfig

RunState = Literal[
    "queued", "claimed", "running", "succeeded", "failed", "stopped", "paused", "interrupted"
]
DesiredState = Literal["run", "stop", "pause", "kill"]
Severity = Literal["error", "warning", "info"]
SeriesSplit = Literal["train", "validation"]


class BestMetric(Schema):
    name: str
    value: float
    step: int


class LatestMetrics(Schema):
    """Newest values; None where nothing was measured yet."""

    loss: float | None = None
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None


class RunFailure(Schema):
    """Why a run ended badly and what to do about it."""

    code: str
    message: str
    node_id: str | None = None
    next_step: str


class RunSummary(Schema):
    """A row of the run list.

    Attributes:
        sparkline: Newest values of the loss on the training data, at most 32.
        queue_place: 1 for the run that starts next; None when it does not wait.
        estimate_start_s: Seconds until it is likely to start; None when nobody knows.
    """

    id: str
    number: int
    name: str
    project_id: str
    network_id: str
    network_name: str
    dataset_id: str
    dataset_name: str
    state: RunState
    desired_state: DesiredState
    epochs_done: float
    epochs: int
    best_metric: BestMetric | None
    latest: LatestMetrics
    sparkline: list[float]
    device: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_s: float | None
    author: str
    notes: str
    tags: list[str]
    queue_place: int | None
    estimate_start_s: float | None
    failure: RunFailure | None


class RunList(Schema):
    items: list[RunSummary]
    total: int
    next: str | None


class RunAttempt(Schema):
    """One execution of the run on one worker."""

    number: int
    worker: str
    device: str
    started_at: datetime
    ended_at: datetime | None
    exit_cause: str | None
    resumed_from_step: int | None


class RunProgress(Schema):
    step: int
    total_steps: int
    epoch: float
    images_per_s: float
    data_wait_share: float
    memory_bytes: int
    device_memory_bytes: int | None = None
    remaining_s: float | None = None


class RunStarted(Schema):
    """Where the newest attempt runs: what decides whether numbers can be equal bit by bit."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

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
    data_tier: str
    num_parameters: int


class RunPhase(Schema):
    phase: str
    done: int = 0
    total: int = 0


class RunSamples(Schema):
    epoch: int
    step: int
    predictions: list[SamplePrediction]


class ClassScore(Schema):
    """Recall of one class in the newest validation; None when the class has no item there."""

    name: str
    recall: float | None
    support: int


class DatasetVersionRef(Schema):
    id: str
    number: int
    name: str


class CheckpointOut(Schema):
    id: str
    run_id: str
    step: int
    epoch: float
    is_best: bool
    is_last: bool
    metric: float | None
    size_bytes: int
    created_at: datetime


class RunUnfrozen(Schema):
    """A group of layers that began to learn when `epoch` epochs were over."""

    time_s: float
    step: int
    epoch: int
    group: str
    num_parameters: int
    num_left: int


class Run(RunSummary):
    """Everything a run's page shows.

    Attributes:
        confusion: Rows are true classes, columns predicted ones (newest validation).
        last_event: Sequence number up to which this answer is complete; subscribe from here.
    """

    config: RunConfig
    spec_command: str
    network_version_id: str
    dataset_version: DatasetVersionRef
    network_graph_hash: str
    start_from: StartFrom | None
    merge_from: StartFrom | None
    attempts: list[RunAttempt]
    progress: RunProgress | None
    started: RunStarted | None
    phase: RunPhase | None
    classes: list[str]
    checkpoints: list[CheckpointOut]
    last_event: int
    log_tail: list[str]
    samples: RunSamples | None
    per_class: list[ClassScore]
    confusion: list[list[int]]
    unfrozen: list[RunUnfrozen]
    can_edit: bool


class StartFromNetwork(Schema):
    """Start from the best weights another network was trained to, as far as they fit."""

    type: Literal["network"]
    network_id: Id


class StartFromCheckpoint(Schema):
    """Start from the weights of a checkpoint, as far as they fit."""

    type: Literal["checkpoint"]
    checkpoint_id: Id


class StartFromWeights(Schema):
    """Start from weights that came with a file, as far as they fit."""

    type: Literal["weights"]
    weight_set_id: Id


StartFrom = Annotated[
    StartFromNetwork | StartFromCheckpoint | StartFromWeights, Field(discriminator="type")
]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class RunProposal(Schema):
    """How a network that was made for some data is to be trained.

    Attributes:
        dataset_version_id: A pinned version of the data; None is the data as it is now.
    """

    config: RunConfig
    start_from: StartFrom
    dataset_version_id: Id | None


class RunStart(Schema):
    """What a run is started with.

    Attributes:
        dataset_version_id: A pinned version to train on; None pins the data as it is now.
        merge_from: Weights of a network that was merged into this one: they go to its layers,
            which the weights of `start_from` lack.
    """

    config: RunConfig = RunConfig()
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    dataset_id: Id | None = None
    dataset_version_id: Id | None = None
    start_from: StartFrom | None = None
    merge_from: StartFrom | None = None


class RunCheckRequest(Schema):
    """A run as it would be started: what RunStart says, without a name."""

    config: RunConfig = RunConfig()
    dataset_id: Id | None = None
    dataset_version_id: Id | None = None
    start_from: StartFrom | None = None
    merge_from: StartFrom | None = None


class RunProblem(Schema):
    """A reason why a run cannot start, or a warning. `fixes` repair the network."""

    code: str
    severity: Severity
    message: str
    scope: str | None = None
    node_id: str | None = None
    port: str | None = None
    param: str | None = None
    edge_id: str | None = None
    fixes: list[Fix] = Field(default_factory=list[Fix])


class RunCheck(Schema):
    """What would happen if the run were started now. `uneven`: class counts differ 3:1 or more."""

    problems: list[RunProblem]
    defaults: RunConfig
    num_train: int
    num_validation: int
    num_test: int
    uneven: bool


class RunEstimateRequest(Schema):
    config: RunConfig = RunConfig()
    dataset_id: Id | None = None
    dataset_version_id: Id | None = None


class RunUpdate(Schema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] | None = None
    notes: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None


class MetricSeries(Schema):
    """One curve. `min` and `max` are set where a value stands for several points."""

    split: SeriesSplit
    name: str
    steps: list[int]
    epochs: list[float]
    times: list[float]
    values: list[float]
    min: list[float] | None = None
    max: list[float] | None = None


class RunMetrics(Schema):
    series: list[MetricSeries]
    last_event: int


class NumberedEvent(Schema):
    seq: int
    event: Event


class RunEvents(Schema):
    """Events after `since`, oldest first.

    Attributes:
        first_event: Oldest event still kept one by one. When `since` lies before it, read the run
            and its metrics again instead.
        has_more: Ask again with the last `seq`.
    """

    events: list[NumberedEvent]
    last_event: int
    first_event: int
    has_more: bool


class RunLog(Schema):
    lines: list[str]


class ConfigDifference(Schema):
    """One setting that differs, by its path in the configuration, e.g. `optimizer.type`."""

    path: str
    a: Any
    b: Any


class GraphDifference(Schema):
    kind: Literal["added", "removed", "changed"]
    node: str
    name: str
    type: str
    detail: str


class DataDifference(Schema):
    a: DatasetVersionRef
    b: DatasetVersionRef
    a_dataset: str
    b_dataset: str
    same: bool


class ResultDifference(Schema):
    metric: str
    a: float | None
    b: float | None


class RunComparison(Schema):
    config: list[ConfigDifference]
    graph: list[GraphDifference]
    data: DataDifference
    results: list[ResultDifference]


Run.model_rebuild()
