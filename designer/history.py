"""Earlier states of a network: snapshots, and the saves after them replayed."""

from __future__ import annotations

from django.db.models import Sum
from pydantic import TypeAdapter

from common.errors import Code, Problem, not_found
from designer.documents import stored_document
from designer.models import Network, Snapshot
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.graph.operations import Operation, OperationRefused

SNAPSHOT_EVERY = 256
SNAPSHOT_OPERATIONS = 5_000
"""Saves and operations between two snapshots: replaying these takes well under a second."""
OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


def keep_snapshot(network: Network, revision: int) -> None:
    """Keep the document as it is before a save, where replaying is to begin."""
    if revision % SNAPSHOT_EVERY == 0 or _num_operations(network) >= SNAPSHOT_OPERATIONS:
        Snapshot.objects.get_or_create(
            network=network, number=revision, defaults={"document": network.document}
        )


def _num_operations(network: Network) -> int:
    """Operations since the last snapshot."""
    last = network.snapshots.order_by("-number").values_list("number", flat=True).first()
    saves = network.revisions.filter(number__gt=-1 if last is None else last)
    return saves.aggregate(total=Sum("num_operations"))["total"] or 0


def first_reachable(network: Network) -> int | None:
    """The first revision whose document can be had again."""
    numbers = network.snapshots.order_by("number").values_list("number", flat=True)
    pinned = network.versions.order_by("revision").values_list("revision", flat=True)
    return min((*numbers[:1], *pinned[:1]), default=None)


def document_at(network: Network, revision: int) -> Document:
    """The document of a revision.

    Raises:
        Problem: `not_found` for one that is not there yet, or that is older than what is kept.
    """
    if revision == network.revision:
        return stored_document(network.document)
    if not 0 <= revision < network.revision:
        raise not_found("revision")
    number, document = _nearest(network, revision)
    saves = network.revisions.filter(number__gt=number, number__lte=revision).order_by("number")
    operations: list[Operation] = []
    try:
        for stored in saves.values_list("operations", flat=True).iterator(chunk_size=16):
            operations += OPERATIONS.validate_python(stored)
            if len(operations) >= SNAPSHOT_OPERATIONS:
                document, _ = apply_operations(document, operations)
                operations.clear()
        return apply_operations(document, operations)[0]
    except OperationRefused as error:
        raise _unreachable(revision) from error


def _nearest(network: Network, revision: int) -> tuple[int, Document]:
    snapshot = network.snapshots.filter(number__lte=revision).order_by("-number").first()
    version = network.versions.filter(revision__lte=revision).order_by("-revision").first()
    if version is not None and (snapshot is None or version.revision > snapshot.number):
        return version.revision, stored_document(version.document)
    if snapshot is None:
        raise _unreachable(revision)
    return snapshot.number, stored_document(snapshot.document)


def _unreachable(revision: int) -> Problem:
    return Problem(
        Code.NOT_FOUND,
        f"Revision {revision} cannot be computed: it is older than what is kept of this network.",
        "Choose a later save or a named version.",
    )
