"""What takes the space of a project: shares that the apps tell of their things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.db.models import F, Sum
from django.utils import timezone

from accounts.limits import Limit
from accounts.models import Person, Project
from jobs.models import FINISHED, Job
from storage.models import Upload
from storage.uploads import discard_upload

PartName = Literal[
    "datasets",
    "checkpoints",
    "bundles",
    "exports",
    "explanations",
    "predictions",
    "weights",
    "uploads",
]
FreeName = Literal["uploads", "checkpoints", "bundles", "exports"]
IDLE = timedelta(minutes=10)
UNUSED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Share:
    """What one thing of a project takes.

    Attributes:
        kind: The kind of thing, as the bin calls it: `dataset` or `run`.
        num: How many of the part's files it has.
    """

    part: PartName
    kind: str
    thing_id: str
    size_bytes: int
    num: int


@dataclass(frozen=True, slots=True)
class Freeable:
    """What could be freed at once, and how many things would be lost by that."""

    size_bytes: int
    num: int


@dataclass(frozen=True, slots=True)
class FreeAction:
    """A way to free space without deleting a thing."""

    name: FreeName
    measure: Callable[[Project], Freeable]
    free: Callable[[Project], None]


PersonCount = Callable[[Person], float]
ProjectCount = Callable[[Project], float]

_shares: list[Callable[[Project], Iterable[Share]]] = []
_actions: dict[FreeName, FreeAction] = {}
_person_counts: dict[Limit, PersonCount] = {}
_project_counts: dict[Limit, ProjectCount] = {}


def register_shares(shares: Callable[[Project], Iterable[Share]]) -> None:
    """Let an app tell what its things of a project take, by aggregates of the database."""
    _shares.append(shares)


def register_free_action(action: FreeAction) -> None:
    """Offer a way to free space on the storage page."""
    _actions[action.name] = action


def register_person_count(limit: Limit, count: PersonCount) -> None:
    """Let an app tell how much of a limit of its own a person uses."""
    _person_counts[limit] = count


def register_project_count(limit: Limit, count: ProjectCount) -> None:
    """Let an app tell how much of a limit of its own a project uses."""
    _project_counts[limit] = count


def used_by_person(person: Person) -> dict[Limit, float]:
    """How much of the apps' limits a person uses."""
    return {limit: count(person) for limit, count in _person_counts.items()}


def used_by_project(project: Project) -> dict[Limit, float]:
    """How much of the apps' limits a project uses."""
    return {limit: count(project) for limit, count in _project_counts.items()}


def shares_of(project: Project) -> list[Share]:
    """Every share of a project, each thing's parts apart."""
    return [share for shares in _shares for share in shares(project)]


def thing_sizes(project: Project) -> dict[tuple[str, str], int]:
    """Bytes by (kind, id) of the thing."""
    sizes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for share in shares_of(project):
        sizes[share.kind, share.thing_id] += share.size_bytes
    return sizes


def free_actions() -> list[FreeAction]:
    """Every way to free space."""
    return list(_actions.values())


def free(project: Project, name: FreeName) -> None:
    """Do one of them."""
    _actions[name].free(project)


def _idle_uploads(project: Project) -> list[Upload]:
    """Unfinished ones that nothing arrives for, and complete ones that nobody has used."""
    now = timezone.now()
    uploads = Upload.objects.filter(project=project)
    idle = list(uploads.filter(offset__lt=F("size_bytes"), changed_at__lt=now - IDLE))
    if Job.objects.filter(project=project).exclude(state__in=FINISHED).exists():
        return idle  # a job may still want the complete ones
    return [*idle, *uploads.filter(offset=F("size_bytes"), changed_at__lt=now - UNUSED)]


def _measure_uploads(project: Project) -> Freeable:
    idle = _idle_uploads(project)
    return Freeable(sum(upload.size_bytes for upload in idle), len(idle))


def _free_uploads(project: Project) -> None:
    for upload in _idle_uploads(project):
        discard_upload(upload)


def announced_bytes(project: Project) -> int:
    """Bytes that uploads have been promised."""
    return Upload.objects.filter(project=project).aggregate(total=Sum("size_bytes"))["total"] or 0


register_free_action(FreeAction("uploads", _measure_uploads, _free_uploads))
