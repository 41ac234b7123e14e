"""A child for long questions: it starts with one and ends with it, and holds up nobody else.

What takes minutes runs in the bulk lane, so that a person who looks at one image need not wait.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from pydantic import BaseModel

from jobs.running import RunningJob
from jobs.warm_child import WarmChild

_turn = threading.Lock()


@cache
def _child() -> WarmChild:
    return WarmChild("inspection.child")


def ask_bulk_child(
    job: RunningJob, name: str, request: BaseModel, *, share: float = 1.0
) -> dict[str, Any]:
    """Have the child do something for a job; its memory is free again afterwards.

    Args:
        share: Of the job's progress that this is.
    """

    def tell(fraction: float | None, message: str = "", data: dict[str, Any] | None = None) -> None:
        job.progress(None if fraction is None else fraction * share, message, data)

    with _turn:
        job.check_stopped()
        try:
            return _child().request(
                name, request.model_dump(mode="json"), on_progress=tell, stopped=job.stopped
            )
        finally:
            _child().kill()
