"""Which function does which kind of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from jobs.models import Job, Lane

if TYPE_CHECKING:
    from jobs.running import RunningJob

JobFunction = Callable[["RunningJob"], "dict[str, Any] | None"]
StateHook = Callable[[Job], None]
F = TypeVar("F", bound=JobFunction)


@dataclass(frozen=True, slots=True)
class JobKind:
    """How one kind of work is done.

    Attributes:
        max_attempts: How often it is started in all when its worker dies.
        on_state: Told after every change of state, also of jobs that never ran.
    """

    name: str
    lane: Lane
    function: JobFunction
    max_attempts: int
    on_state: StateHook | None


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str,
    *,
    lane: Lane,
    max_attempts: int = 1,
    on_state: StateHook | None = None,
) -> Callable[[F], F]:
    """Register a function, in an app's `tasks.py`, as the one that does `name`.

    The function gets a RunningJob and returns the job's result (plain JSON), or raises Problem.

        @job_kind("datasets.import", lane=Lane.BULK)
        def run_import(job: RunningJob) -> dict[str, Any]: ...
    """

    def register(function: F) -> F:
        if name in _kinds:
            raise ValueError(f"job kind {name!r} is registered twice")
        _kinds[name] = JobKind(name, Lane(lane), function, max_attempts, on_state)
        return function

    return register


def get_kind(name: str) -> JobKind | None:
    """The kind of that name, None for one of a newer or removed version."""
    return _kinds.get(name)
