"""`run:<id>`: the run as it stands, then its events."""

from __future__ import annotations

from accounts.models import Person
from common.topics import Replay, register_topic
from training.access import access_run
from training.selectors import events_since, run_detail

MAX_REPLAYED = 1000


def register() -> None:
    """Called once, when Django is ready."""
    register_topic("run", lambda person, run_id: access_run(person, run_id, "view"), _replay)


def _replay(person: Person, run_id: str, since: int) -> Replay:
    """Events after `since`; a page too far behind reads curves from the API instead.

    `last` is the newest event told. When it is below the snapshot's `last_event`, the page fills
    the gap from the API.
    """
    run = access_run(person, run_id, "view")
    events = events_since(run, since, MAX_REPLAYED)
    is_complete = since + 1 >= events.first_event
    told = events.events if is_complete else []
    newest = told[-1].seq if told else since
    return Replay(
        snapshot=run_detail(run, person).model_dump(mode="json"),
        last=events.last_event if is_complete and not events.has_more else newest,
        messages=[
            {"type": "event", "seq": one.seq, "event": one.event.model_dump(mode="json")}
            for one in told
        ],
    )
