"""What is told about networks: lists, one network, its history. Reads only."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from django.db.models import QuerySet

from accounts.access import may
from accounts.models import Person, Project
from common.errors import Code, Problem, not_found
from datasets.selectors import sample_item
from designer import history, schemas, weights_schemas
from designer.documents import analyze_document, stored_document
from designer.models import Network, Revision, Version, WeightSet
from netloom.layers import describe_layers

MAX_LISTED = 1000
MOST_SAVES_TOLD = 1_000
MOST_OPERATIONS_TOLD = 10_000
MOST_DIGITS = 9
"""Of a revision's number."""


def layer_list() -> schemas.LayerList:
    """Every layer type that is installed."""
    return schemas.LayerList(layers=describe_layers())


def network_list(project: Project, *, is_deleted: bool) -> list[schemas.NetworkSummary]:
    """The networks of a project in one query; documents stay in the database."""
    networks = Network.objects.filter(project=project, deleted_at__isnull=not is_deleted)
    return [network_summary(found) for found in _light(networks)[:MAX_LISTED]]


def network_summary(network: Network) -> schemas.NetworkSummary:
    """A line of the list."""
    return schemas.NetworkSummary(
        id=network.pk,
        project_id=network.project_id,
        name=network.name,
        revision=network.revision,
        created_at=network.created_at,
        updated_at=network.updated_at,
        num_layers=network.num_layers,
        parameters=network.parameters,
        problems=schemas.ProblemCounts(errors=network.num_errors, warnings=network.num_warnings),
        dataset_id=network.dataset_id,
        template=network.template or None,
    )


def network(network: Network, person: Person) -> schemas.Network:
    """A network as the canvas opens it."""
    document = stored_document(network.document)
    return schemas.Network(
        id=network.pk,
        project_id=network.project_id,
        name=network.name,
        revision=network.revision,
        document=document,
        dataset_id=network.dataset_id,
        template=network.template or None,
        analysis=analyze_document(document, network.dataset),
        can_edit=may(person, network.project_id, "edit"),
        can_comment=may(person, network.project_id, "label"),
        origin=_origin(network),
        created_at=network.created_at,
        updated_at=network.updated_at,
    )


def _origin(network: Network) -> schemas.Origin | None:
    origin = network.origin
    if origin is None:
        return None
    return schemas.Origin(
        network_id=origin.network_id,
        name=origin.network.name,
        version_id=origin.pk,
        revision=origin.revision,
        is_deleted=origin.network.deleted_at is not None,
    )


def saves_since(network: Network, revision: int) -> list[schemas.RevisionOperations]:
    """Saves after a revision, oldest first, as many as one answer should hold."""
    saves = network.revisions.filter(number__gt=revision).order_by("number")
    sizes = list(saves.values_list("number", "num_operations")[:MOST_SAVES_TOLD])
    sums = accumulate(size for _, size in sizes)
    told = [
        number
        for (number, size), total in zip(sizes, sums, strict=True)
        if total <= MOST_OPERATIONS_TOLD or total == size  # the first one always
    ]
    if not told:
        return []
    return [_save(save) for save in saves.filter(number__lte=told[-1]).select_related("author")]


def operations_since(network: Network, since: int) -> schemas.OperationsSince:
    """What a page needs to catch up; the rest is asked for from the last revision told."""
    saves = saves_since(network, since)
    last = saves[-1].revision if saves else network.revision
    return schemas.OperationsSince(revision=last, saves=saves)


def revision_page(network: Network, cursor: str | None, limit: int) -> schemas.RevisionPage:
    """Saves without their operations, newest first."""
    limit = min(max(limit, 1), 200)
    found = network.revisions.defer("operations").select_related("author").order_by("-number")
    if cursor is not None:
        if not cursor.isdecimal() or len(cursor) > MOST_DIGITS:
            raise Problem(Code.INVALID, "The cursor is not one of this list.", "Start again.")
        found = found.filter(number__lt=int(cursor))
    rows = list(found[: limit + 1])
    return schemas.RevisionPage(
        items=[
            schemas.RevisionSummary(
                revision=row.number,
                gesture=row.gesture,
                num_operations=row.num_operations,
                author=row.author.name if row.author else None,
                created_at=row.created_at,
            )
            for row in rows[:limit]
        ],
        total=network.revision,
        reachable_from=history.first_reachable(network),
        next=str(rows[limit - 1].number) if len(rows) > limit else None,
    )


def version_list(network: Network) -> list[schemas.VersionSummary]:
    """Snapshots, newest first."""
    found = network.versions.defer("document").select_related("author").order_by("-created_at")
    return [version_summary(row) for row in found[:MAX_LISTED]]


def version_summary(version: Version) -> schemas.VersionSummary:
    """A snapshot without its document."""
    return schemas.VersionSummary(**_version_fields(version))


def version(version: Version) -> schemas.Version:
    """A snapshot with its document."""
    return schemas.Version(**_version_fields(version), document=stored_document(version.document))


def network_sample(network: Network) -> schemas.NetworkSample:
    """A real image for the input node; raises not_found without one."""
    item = None
    dataset = network.dataset
    if dataset is not None and dataset.deleted_at is None:
        item = sample_item(dataset)
    if item is None or dataset is None:
        raise not_found("sample")
    stats = dataset.image_stats or {}
    return schemas.NetworkSample(
        item_id=item.id,
        thumbnail_url=item.thumbnail_url,
        image_url=item.image_url,
        label=item.label_name,
        shape=[int(stats.get("channels_suggested", 3)), item.height, item.width],
    )


def revision_message(revision: Revision) -> dict[str, Any]:
    """What the topic of a network says after a save."""
    return {
        "type": "operations",
        "revision": revision.number,
        "operations": revision.operations,
        "client_id": revision.client_id,
        "author": revision.author.name if revision.author else None,
    }


def network_message(network: Network) -> dict[str, Any]:
    """What the topic of a project says when a network changed."""
    return {
        "type": "network",
        "network": network_summary(network).model_dump(mode="json"),
        "is_deleted": network.deleted_at is not None,
    }


def _save(revision: Revision) -> schemas.RevisionOperations:
    return schemas.RevisionOperations(
        revision=revision.number,
        operations=revision.operations,
        gesture=revision.gesture,
        client_id=revision.client_id,
        author=revision.author.name if revision.author else None,
    )


def _version_fields(version: Version) -> dict[str, Any]:
    return {
        "id": version.pk,
        "network_id": version.network_id,
        "name": version.name,
        "revision": version.revision,
        "created_at": version.created_at,
        "author": version.author.name if version.author else None,
        "graph_hash": version.graph_hash,
        "pinned_by_runs": version.num_pins,
    }


def _light(networks: QuerySet[Network]) -> QuerySet[Network]:
    return networks.defer("document").order_by("-updated_at", "pk")


def weight_sets(network: Network) -> list[weights_schemas.WeightSetSummary]:
    """What files brought a network weights or its drawing, newest first."""
    rows = network.weight_sets.select_related("blob").defer("document", "report")
    return [
        weights_schemas.WeightSetSummary(**_weight_set_fields(each))
        for each in rows.order_by("-created_at")[:MAX_LISTED]
    ]


def weight_set(found: WeightSet) -> weights_schemas.WeightSet:
    """One with its report."""
    report = weights_schemas.NetworkImportReport.model_validate(found.report)
    return weights_schemas.WeightSet(**_weight_set_fields(found), report=report)


def _weight_set_fields(found: WeightSet) -> dict[str, Any]:
    return {
        "id": found.pk,
        "network_id": found.network_id,
        "source": found.source,
        "format": found.format,
        "num_tensors": found.num_tensors,
        "size_bytes": found.blob.size_bytes,
        "classes": found.classes,
        "created_at": found.created_at,
    }
