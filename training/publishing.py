"""What pages hear about runs: on the run's own topic and, as a row, on the project's."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction

from common.topics import publish
from training.models import Run, RunEvent


def event_message(event: RunEvent) -> dict[str, Any]:
    """A numbered event as the socket tells and replays it."""
    return {"type": "event", "seq": event.seq, "event": event.event}


def publish_events(run_id: str, events: Iterable[RunEvent]) -> None:
    """Tell the run's page, after the commit."""
    for event in events:
        publish(f"run:{run_id}", event_message(event))


def publish_run(run: Run) -> None:
    """Tell the run's page and the project's list how the run stands, after the commit."""
    transaction.on_commit(partial(_publish_run, run.id))


def _publish_run(run_id: str) -> None:
    from training.selectors import run_summary, summary_query

    run = summary_query().filter(id=run_id).first()
    if run is None:
        return
    row = run_summary(run).model_dump(mode="json")
    publish(f"run:{run.id}", {"type": "state", "run": row})
    publish(f"project:{run.project_id}", {"type": "run", "run": row})
