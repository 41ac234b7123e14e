"""Runs and what happened to them.

A run is an immutable snapshot (network version, dataset version, configuration, start weights)
plus the record of its attempts. Every write an attempt makes passes through `training.fencing`,
which refuses it when the run has moved on to another attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from netloom.graph.document import new_id

if TYPE_CHECKING:
    from django.db.models.manager import RelatedManager


class State(models.TextChoices):
    QUEUED = "queued"
    CLAIMED = "claimed"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    """Its attempt died; it is queued again when `queued_at` has come."""


ACTIVE = (State.CLAIMED, State.RUNNING)
WAITING = (State.QUEUED, State.INTERRUPTED)
UNFINISHED = (*WAITING, *ACTIVE)
RESUMABLE = (State.PAUSED, State.STOPPED, State.FAILED)


class Desired(models.TextChoices):
    """What people want of a run; its supervisor passes it on."""

    RUN = "run"
    STOP = "stop"
    PAUSE = "pause"
    KILL = "kill"


class Run(models.Model):
    """One training of one network on one dataset version.

    `attempt` is the number of the newest attempt: the fencing token. `last_seq` is the number of
    the newest event, counted over all attempts. The columns from `step` on are a summary for
    lists; `RunDetail` holds what only the run's page shows.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    project_id: str
    author_id: str
    network_id: str
    network_version_id: str
    start_checkpoint_id: str | None
    merge_checkpoint_id: str | None
    start_weights_id: str | None
    merge_weights_id: str | None
    detail: RunDetail
    attempts: RelatedManager[Attempt]
    checkpoints: RelatedManager[Checkpoint]
    project = models.ForeignKey("accounts.Project", on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_purging = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    tags = models.JSONField(default=list)

    network = models.ForeignKey("designer.Network", on_delete=models.CASCADE, related_name="runs")
    network_version = models.ForeignKey(
        "designer.Version", on_delete=models.RESTRICT, related_name="runs"
    )
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", on_delete=models.RESTRICT, related_name="runs"
    )
    config = models.JSONField()
    start_from: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    start_checkpoint = models.ForeignKey(
        "training.Checkpoint", null=True, on_delete=models.RESTRICT, related_name="started_runs"
    )
    merge_from: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    merge_checkpoint = models.ForeignKey(
        "training.Checkpoint", null=True, on_delete=models.RESTRICT, related_name="merged_runs"
    )

    start_weights = models.ForeignKey(
        "designer.WeightSet", null=True, on_delete=models.RESTRICT, related_name="started_runs"
    )
    merge_weights = models.ForeignKey(
        "designer.WeightSet", null=True, on_delete=models.RESTRICT, related_name="merged_runs"
    )

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    desired_state = models.CharField(max_length=8, choices=Desired.choices, default=Desired.RUN)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    restarts = models.PositiveIntegerField(default=0)
    last_seq = models.PositiveBigIntegerField(default=0)
    folded_seq = models.PositiveBigIntegerField(default=0)
    failure: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)

    device = models.CharField(max_length=128, blank=True)
    step = models.PositiveBigIntegerField(default=0)
    epoch = models.FloatField(default=0.0)
    best_metric: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    latest: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    sparkline: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="run_number_in_project")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-created_at"], name="runs_of_project"),
            models.Index(fields=["state", "queued_at"], name="runs_by_state"),
        ]

    def __str__(self) -> str:
        return f"run {self.number}: {self.name}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class RunDetail(models.Model):
    """What only a run's page shows; kept apart so that lists stay narrow."""

    run = models.OneToOneField(
        Run, primary_key=True, on_delete=models.CASCADE, related_name="detail"
    )
    started: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    phase: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    progress: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    samples: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    epoch_end: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    unfrozen: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list, db_default=[])  # pyright: ignore[reportCallIssue] - the stubs take no list
    log_tail: models.JSONField[list[str]] = models.JSONField(default=list)


class Proposal(models.Model):
    """How a network that was made for some data is to be trained, until somebody chooses otherwise.

    Attributes:
        start_from: As the API takes it: where the first weights come from.
        dataset_version: A pinned version of the data; none is the data as it is now.
    """

    network = models.OneToOneField(
        "designer.Network", primary_key=True, on_delete=models.CASCADE, related_name="proposal"
    )
    config: models.JSONField[dict[str, Any]] = models.JSONField()
    start_from: models.JSONField[dict[str, Any]] = models.JSONField()
    dataset_version = models.ForeignKey(
        "datasets.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )


class Attempt(models.Model):
    """One execution of a run. `heartbeat` counts; only its change matters, not any clock.

    The constraint is the promise that no run executes twice at once; `TakenSlot` makes the one
    that no device slot is taken twice. A claim that would break one fails in the database.

    Attributes:
        device: All its devices, e.g. `cuda:0,cuda:1`.
        slot: Not used any more; processes of release 1 still read it while they are replaced.
    """

    run_id: str
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    host = models.CharField(max_length=255)
    worker = models.CharField(max_length=255)
    device = models.CharField(max_length=128)
    slot = models.PositiveSmallIntegerField(default=0, db_default=0)
    heartbeat = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    exit_cause = models.CharField(max_length=500, null=True)
    exit_code = models.IntegerField(null=True)
    resumed_from_step = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "number"], name="attempt_number"),
            models.UniqueConstraint(
                fields=["run"], condition=Q(ended_at=None), name="one_open_attempt_per_run"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.run_id}"


class TakenSlot(models.Model):
    """A device slot while an open attempt has it; a run on several devices has one of each.

    Whoever closes the attempt removes them (`lifecycle.close_attempt`).
    """

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="slots")
    host = models.CharField(max_length=255)
    device = models.CharField(max_length=32)
    slot = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["host", "device", "slot"], name="one_attempt_per_device_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.device} slot {self.slot} of {self.host}"


class RunEvent(models.Model):
    """What the trainer said, numbered per run across attempts."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=16)
    event = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "seq"], name="event_seq_in_run")
        ]


class MetricBlock(models.Model):
    """Up to 1,024 points of one curve, packed; see `training.curves`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metric_blocks")
    split = models.CharField(max_length=12)
    name = models.CharField(max_length=64)
    index = models.PositiveIntegerField()
    first_step = models.PositiveBigIntegerField()
    last_step = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField()
    points = models.BinaryField()
    levels = models.BinaryField(default=bytes)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "split", "name", "index"], name="metric_block_of_curve"
            )
        ]


class Checkpoint(models.Model):
    """A complete checkpoint whose bytes are in storage. `bundle` is made on the first download."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    run_id: str
    blob_id: str
    bundle_id: str | None
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checkpoints")
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    bundle = models.ForeignKey(
        "storage.Blob", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    step = models.PositiveBigIntegerField()
    epoch = models.FloatField()
    is_best = models.BooleanField(default=False)
    is_last = models.BooleanField(default=False)
    metric = models.FloatField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "step"], name="checkpoint_step_in_run")
        ]

    def __str__(self) -> str:
        return f"checkpoint of {self.run_id} at step {self.step}"
