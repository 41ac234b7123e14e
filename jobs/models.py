"""Background work: one row a job. The row is the truth; messages only wake workers."""

from __future__ import annotations

from typing import Any

from django.db import models

from netloom.graph.document import new_id


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Lane(models.TextChoices):
    """Work in one lane never waits for work in another."""

    INTERACTIVE = "interactive"
    BULK = "bulk"
    TRAIN = "train"


class Job(models.Model):
    """Something done in the background, for a person, about a subject.

    Attributes:
        attempt: Counts claims; every write of a runner carries it and is refused when stale.
        beat: Counts heartbeats; reconcilers see by it whether the runner lives.
        subject_type: What it is about, e.g. "dataset", so that its page finds the job.
    """

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    person_id: str | None
    project_id: str | None
    kind = models.CharField(max_length=64)
    lane = models.CharField(max_length=16, choices=Lane.choices)
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    payload = models.JSONField(default=dict)
    progress = models.FloatField(null=True, blank=True)
    message = models.CharField(max_length=500, blank=True)
    result: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True, blank=True)
    problem: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True, blank=True)
    person = models.ForeignKey(
        "accounts.Person", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    project = models.ForeignKey(
        "accounts.Project", null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    subject_type = models.CharField(max_length=32, blank=True)
    subject_id = models.CharField(max_length=32, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=1)
    worker = models.CharField(max_length=100, blank=True)
    beat = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "lane", "created_at"], name="job_queue"),
            models.Index(fields=["project", "-created_at"], name="job_of_project"),
            models.Index(fields=["subject_type", "subject_id"], name="job_of_subject"),
        ]

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class WorkerReport(models.Model):
    """What a worker's machine offers: `netloom doctor`, asked once when the worker starts."""

    name = models.CharField(primary_key=True, max_length=100)
    report = models.JSONField(default=dict)
    seen_at = models.DateTimeField(auto_now=True)
