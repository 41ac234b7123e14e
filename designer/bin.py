"""Networks in the bin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Sum

from accounts.limits import Limit
from accounts.models import Project
from designer.limits import count_networks
from designer.models import Network, WeightFile, WeightSet
from storage.bin import BinKind, Tick, register_bin_kind
from storage.holding import register_blob_names, release_blobs
from storage.usage import Share, register_project_count, register_shares

REVISIONS_AT_ONCE = 500


def register() -> None:
    """Called once, when Django is ready."""
    register_bin_kind(
        BinKind(
            name="network",
            model=Network,
            describe=_describe,
            purge=_purge,
            subjects=lambda network: [("network", network.pk)],
            order=1,
        )
    )
    register_project_count(Limit.NETWORKS, count_networks)
    register_shares(_shares)
    register_blob_names(_named)


def _describe(networks: Sequence[Network]) -> dict[str, str]:
    return {
        network.pk: f"{network.num_layers:,} layer{'' if network.num_layers == 1 else 's'}"
        for network in networks
    }


def _purge(network: Network, tick: Tick) -> None:
    numbers = network.revisions.order_by("number").values_list("pk", flat=True)
    while batch := list(numbers[:REVISIONS_AT_ONCE]):
        network.revisions.filter(pk__in=batch).delete()
        tick()
    project = network.project
    with transaction.atomic():
        digests = list(network.weight_sets.values_list("blob_id", flat=True))
        network.delete()
        release_blobs(project, digests)


def _shares(project: Project) -> Iterable[Share]:
    rows = WeightSet.objects.filter(network__project=project).values_list("network")
    for network_id, size_bytes, num in rows.annotate(Sum("blob__size_bytes"), Count("pk")):
        yield Share("weights", "network", network_id, size_bytes or 0, num)


def _named(project: Project, digests: Sequence[str]) -> set[str]:
    sets = WeightSet.objects.filter(network__project=project, blob__in=digests)
    files = WeightFile.objects.filter(project=project, blob__in=digests)
    return {*sets.values_list("blob_id", flat=True), *files.values_list("blob_id", flat=True)}
