"""What the API says about background work."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

StateName = Literal["queued", "running", "succeeded", "failed", "cancelled"]
LaneName = Literal["interactive", "bulk", "train"]


class Subject(Schema):
    type: str
    id: str


class JobOut(Schema):
    """One piece of background work.

    Attributes:
        progress: 0..1, or null when nobody can tell.
        queue_place: 1 for the job that its lane does next; null when it does not wait.
    """

    id: str
    kind: str
    lane: LaneName
    state: StateName
    progress: float | None
    message: str
    queue_place: int | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    project_id: str | None
    subject: Subject | None


class JobList(Schema):
    items: list[JobOut]
    total: int
    next: str | None = None


class DeviceOut(Schema):
    """A device a run can train on, or why it cannot."""

    id: str
    name: str
    memory_bytes: int | None
    is_available: bool
    reason: str
