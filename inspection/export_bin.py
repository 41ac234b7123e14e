"""What exports take of the storage, and their end with the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Sum

from accounts.models import Project
from designer.models import Network
from inspection.models import Export
from storage.bin import Tick, register_purge_step
from storage.holding import register_blob_names, release_blobs
from storage.usage import Share, register_shares

ROWS_AT_ONCE = 200


def register() -> None:
    """Called once, when Django is ready."""
    register_shares(_shares)
    register_blob_names(_named)
    register_purge_step("network", _purge_of_network)


def _shares(project: Project) -> Iterable[Share]:
    rows = Export.objects.filter(network__project=project).values_list("network")
    for network_id, size_bytes, num in rows.annotate(Sum("blob__size_bytes"), Count("pk")):
        yield Share("bundles", "network", network_id, size_bytes or 0, num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    rows = Export.objects.filter(network__project=project, blob__in=digests)
    return set(rows.values_list("blob_id", flat=True))


def _purge_of_network(network: Network, tick: Tick) -> None:
    rows = Export.objects.filter(network=network).order_by("pk").values_list("pk", "blob_id")
    while batch := list(rows[:ROWS_AT_ONCE]):
        with transaction.atomic():
            Export.objects.filter(pk__in=[row[0] for row in batch]).delete()
            release_blobs(network.project, [row[1] for row in batch])
        tick()
