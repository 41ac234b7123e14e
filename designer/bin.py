"""Networks in the bin."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.limits import Limit
from designer.limits import count_networks
from designer.models import Network
from storage.bin import BinKind, Tick, register_bin_kind
from storage.usage import register_project_count

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


def _describe(networks: Sequence[Network]) -> dict[str, str]:
    return {
        network.pk: f"{network.num_nodes:,} layer{'' if network.num_nodes == 1 else 's'}"
        for network in networks
    }


def _purge(network: Network, tick: Tick) -> None:
    numbers = network.revisions.order_by("number").values_list("pk", flat=True)
    while batch := list(numbers[:REVISIONS_AT_ONCE]):
        network.revisions.filter(pk__in=batch).delete()
        tick()
    network.delete()
