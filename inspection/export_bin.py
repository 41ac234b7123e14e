"""What exports take of the storage, and their end with the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from accounts.models import Project
from designer.models import Network
from inspection.models import Export
from storage.bin import Tick, register_purge_step
from storage.holding import register_blob_names, release_blobs
from storage.usage import (
    Freeable,
    FreeAction,
    Share,
    register_free_action,
    register_shares,
)

ROWS_AT_ONCE = 200


def register() -> None:
    """Called once, when Django is ready."""
    register_shares(_shares)
    register_blob_names(_named)
    register_purge_step("network", _purge_of_network)
    register_free_action(FreeAction("exports", _measure, _forget))


def _shares(project: Project) -> Iterable[Share]:
    rows = Export.objects.filter(network__project=project).values_list("network")
    for network_id, size_bytes, num in rows.annotate(Sum("blob__size_bytes"), Count("pk")):
        yield Share("exports", "network", network_id, size_bytes or 0, num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    rows = Export.objects.filter(network__project=project, blob__in=digests)
    return set(rows.values_list("blob_id", flat=True))


def _purge_of_network(network: Network, tick: Tick) -> None:
    _remove(network.project, Export.objects.filter(network=network), tick)


def _offered(project: Project) -> QuerySet[Export]:
    """Files of networks that are not in the bin: what is in there goes with the bin."""
    return Export.objects.filter(network__project=project, network__deleted_at=None)


def _measure(project: Project) -> Freeable:
    found = _offered(project).aggregate(size=Sum("blob__size_bytes"), num=Count("pk"))
    return Freeable(found["size"] or 0, found["num"])


def _forget(project: Project) -> None:
    _remove(project, _offered(project), lambda: None)


def _remove(project: Project, exports: QuerySet[Export], tick: Tick) -> None:
    rows = exports.order_by("pk").values_list("pk", "blob_id")
    while batch := list(rows[:ROWS_AT_ONCE]):
        with transaction.atomic():
            Export.objects.filter(pk__in=[row[0] for row in batch]).delete()
            release_blobs(project, [row[1] for row in batch])
        tick()
