"""The bin: what was deleted can be put back for a while and is then deleted for good.

A thing in the bin has a `deleted_at`. Deleting it for good first sets `is_purging`, after which it
can no longer be put back; then its rows and bytes go in batches. Every step can be done again, so
that a purge that was cut in the middle goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from accounts.models import Person, Project
from common.errors import Code, Problem, not_found
from jobs.models import FINISHED, Job
from jobs.services import cancel_job

KindName = Literal["run", "network", "dataset"]
# Rows and files that go in one transaction, which keeps others from writing meanwhile.
PURGE_BATCH = 100
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class BinKind:
    """How things of one kind are told of and deleted for good.

    Attributes:
        model: Has `project`, `name`, `deleted_at`, `deleted_by` and `is_purging`.
        describe: One line on each thing, by id.
        purge: Deletes one thing and its bytes in batches, calling `tick` between them.
        subjects: (type, id) of the jobs that are about a thing, which must end first.
        order: Kinds are purged in this order, those that refer to others first.
    """

    name: KindName
    model: type[Model]
    describe: Callable[[Sequence[Any]], dict[str, str]]
    purge: Callable[[Any, Tick], None]
    subjects: Callable[[Any], list[tuple[str, str]]]
    order: int


Need = Callable[[Sequence[Any], bool], dict[str, str]]
Step = Callable[[Any, Tick], None]

_kinds: dict[str, BinKind] = {}
_needs: dict[str, list[Need]] = {}
_steps: dict[str, list[Step]] = {}
_quieters: list[Callable[[Project], bool]] = []


def register_bin_kind(kind: BinKind) -> None:
    """Let things of an app go through the bin."""
    _kinds[kind.name] = kind


def register_need(kind_name: KindName, need: Need) -> None:
    """Let an app tell which things its own rows still need.

    Args:
        need: Called with things and whether their project goes whole, when only what is outside
            of it counts; returns a sentence by id, without the full stop.
    """
    _needs.setdefault(kind_name, []).append(need)


def register_purge_step(kind_name: KindName, step: Step) -> None:
    """Let an app delete what it keeps of a thing before the thing goes."""
    _steps.setdefault(kind_name, []).append(step)


def register_quieter(quieter: Callable[[Project], bool]) -> None:
    """Let an app end what it still does in a project; True when nothing runs any more."""
    _quieters.append(quieter)


def bin_kinds() -> list[BinKind]:
    """Kinds in the order in which they are purged."""
    return sorted(_kinds.values(), key=lambda kind: kind.order)


def bin_kind(name: str) -> BinKind:
    """The kind of that name."""
    return _kinds[name]


def objects_of(kind: BinKind, **filters: Any) -> QuerySet[Any]:
    """Rows of a kind."""
    return kind.model._default_manager.filter(**filters)


def kept_because(
    kind: BinKind, things: Sequence[Any], *, is_whole_project: bool = False
) -> dict[str, str]:
    """Why things that others still need stay in the bin, by id."""
    reasons: dict[str, str] = {}
    for need in _needs.get(kind.name, []):
        reasons |= need(things, is_whole_project)
    return reasons


def purge(kind: BinKind, thing: Any, tick: Tick) -> None:
    """Delete a thing that nothing needs or works on, with all that the apps keep of it."""
    for step in _steps.get(kind.name, []):
        step(thing, tick)
    kind.purge(thing, tick)


def put_in(thing: Any, person: Person | None) -> None:
    """Move something into the bin."""
    thing.deleted_at = timezone.now()
    thing.deleted_by = person
    thing.save(update_fields=["deleted_at", "deleted_by"])


def take_out(thing: Any) -> None:
    """Put something back; raises Problem in_use when it is being deleted for good."""
    rows = type(thing)._default_manager.filter(pk=thing.pk, is_purging=False)
    if not rows.update(deleted_at=None, deleted_by=None):
        raise Problem(
            Code.IN_USE,
            f"{thing.name} is being deleted for good.",
            "It cannot be put back any more.",
        )
    thing.deleted_at = thing.deleted_by = None


def purged_at(deleted_at: datetime) -> datetime:
    """When something that was deleted then goes for good."""
    return deleted_at + timedelta(days=settings.ENVIRONMENT.bin_days)


def claim(things: QuerySet[Any]) -> list[str]:
    """Mark things of the bin as going for good; returns their ids."""
    ids = list(things.exclude(deleted_at=None).values_list("pk", flat=True))
    things.model._default_manager.filter(pk__in=ids).update(is_purging=True)
    return ids


def require_purgeable(kind: BinKind, thing: Any) -> None:
    """Raise Problem in_use with what still needs it."""
    reason = kept_because(kind, [thing]).get(thing.pk)
    if reason:
        raise Problem(Code.IN_USE, f"{thing.name} stays: {reason}.", "Delete that for good first.")


def access_binned(project: Project, kind_name: str, thing_id: str) -> tuple[BinKind, Any]:
    """Fetch something of the bin of a project that was accessed; raises Problem not_found."""
    kind = _kinds.get(kind_name)
    found = kind and objects_of(kind, project=project, pk=thing_id, deleted_at__isnull=False)
    thing = found.first() if found else None
    if kind is None or thing is None:
        raise not_found("thing in the bin")
    return kind, thing


def purge_thing(kind: BinKind, thing_id: str, tick: Tick) -> bool:
    """Delete one claimed thing for good; False when it has to stay for now."""
    thing = objects_of(kind, pk=thing_id, is_purging=True).first()
    if thing is None:
        return True
    if kept_because(kind, [thing]):
        objects_of(kind, pk=thing_id).update(is_purging=False)
        return False
    if not _are_ended(_jobs_about(kind, thing)):
        return False
    purge(kind, thing, tick)
    return True


def quiet(project: Project) -> bool:
    """End whatever is still done in a project; True when nothing runs any more."""
    jobs = Job.objects.filter(project=project).exclude(state__in=FINISHED)
    are_quiet = [_are_ended(jobs), *(quieter(project) for quieter in _quieters)]
    return all(are_quiet)


def _jobs_about(kind: BinKind, thing: Any) -> QuerySet[Job]:
    about = Q(pk=None)
    for subject_type, subject_id in kind.subjects(thing):
        about |= Q(subject_type=subject_type, subject_id=subject_id)
    return Job.objects.filter(about).exclude(state__in=FINISHED)


def _are_ended(jobs: QuerySet[Job]) -> bool:
    for job in jobs:
        cancel_job(job)
    return not jobs.exists()
