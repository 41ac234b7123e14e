"""What people do with networks: one function an intent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pydantic import TypeAdapter

from accounts.models import Person, Project
from common.errors import Code, Problem, not_found
from common.topics import publish
from datasets.models import Dataset
from designer import documents, history, selectors
from designer.documents import (
    analyze_document,
    as_stored,
    notebook,
    read_code,
    read_document,
    read_small_document,
    source_code,
    stored_document,
)
from designer.limits import require_network_allowed, require_room, require_storable
from designer.models import Network, Revision, Version
from designer.schemas import Saved
from designer.starts import can_train, document_from_template
from designer.weights import copy_weight_sets
from netloom.analyze import Analysis
from netloom.graph.apply import apply_operations
from netloom.graph.between import operations_between
from netloom.graph.document import Document, graph_hash
from netloom.graph.operations import Operation, OperationRefused
from storage.bin import put_in, take_out

__all__ = [
    "analyze_document",
    "bind_dataset",
    "create_network",
    "create_version",
    "delete_network",
    "duplicate_network",
    "notebook",
    "pin_version",
    "read_code",
    "read_document",
    "read_small_document",
    "rename_network",
    "restore_network",
    "restore_version",
    "save_operations",
    "source_code",
    "stored_document",
]

OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])


def create_network(
    project: Project,
    person: Person | None,
    name: str,
    *,
    template: str | None = None,
    dataset: Dataset | None = None,
    document: dict[str, Any] | Document | None = None,
) -> Network:
    """Make a network from a document, else from a template fitted to the dataset, else empty.

    A template of a task that is not trained yet is fitted to the dataset, but not bound to it.

    Raises:
        Problem: `document_invalid` or `too_large`; `invalid` for an unknown template; `not_found`
            for a dataset of another project; `quota_exceeded` when the project has too many
            networks; `disk_full`.
    """
    _check_dataset(project, dataset)
    if isinstance(document, dict):
        document = read_document(document)
    if document is None:
        document = document_from_template(template, dataset) if template else Document()
        document = documents.with_class_name(document, name)
        if template and not can_train(template):
            # It took its sizes from the data; bound to it, it would be told to be a classifier.
            dataset = None
    require_storable(document)
    summary = documents.summary_fields(document, analyze_document(document, dataset))
    with transaction.atomic():
        require_network_allowed(project)
        return Network.objects.create(
            project=project,
            name=name,
            template=template or "",
            dataset=dataset,
            document=as_stored(document),
            created_by=person,
            updated_at=timezone.now(),
            **summary,
        )


def save_operations(
    network: Network,
    person: Person | None,
    operations: Sequence[Operation],
    *,
    base_revision: int,
    gesture: str = "",
    client_id: str = "",
) -> Saved:
    """Apply edits to the revision they were made on and store the result as the next one.

    The whole document is written by one compare-and-set on the revision number. A repeated
    request of the same client, whose first answer was lost, is answered as the first was.

    Raises:
        Problem: `revision_conflict` with both sides, `operation_refused`, `too_large` or
            `disk_full`; nothing was changed.
    """
    if network.revision != base_revision:
        return _answer_again(network, operations, base_revision, client_id)
    document = _apply(stored_document(network.document), operations)
    require_room(document)
    analysis = analyze_document(document, network.dataset)
    if not _write(
        network, document, analysis, operations, gesture=gesture, client_id=client_id, person=person
    ):
        network.refresh_from_db()
        return _answer_again(network, operations, base_revision, client_id)
    return Saved(revision=network.revision, analysis=analysis)


def restore_version(network: Network, version: Version, person: Person) -> None:
    """Go back to a snapshot by operations that lead there: the history only grows."""
    if version.network_id != network.pk:
        raise not_found("version")
    target = stored_document(version.document)
    operations = operations_between(stored_document(network.document), target)
    if operations:
        save_operations(
            network,
            person,
            operations,
            base_revision=network.revision,
            gesture=f"Restore {version}"[:120],
        )


def rename_network(network: Network, name: str) -> None:
    """Give a network another name; the class in its code keeps its own."""
    network.name = name
    _update(network, name=name)


def bind_dataset(network: Network, dataset: Dataset | None) -> None:
    """Bind to a dataset of the same project, or to none; problems follow from it."""
    _check_dataset(network.project, dataset)
    network.dataset = dataset
    document = stored_document(network.document)
    fields = documents.summary_fields(document, analyze_document(document, dataset))
    _update(network, dataset=dataset, **fields)


def delete_network(network: Network, person: Person | None) -> None:
    """Move to the bin."""
    put_in(network, person)
    _tell(network)


def restore_network(network: Network) -> None:
    """Take out of the bin."""
    take_out(network)
    _tell(network)


def duplicate_network(network: Network, person: Person) -> Network:
    """Copy a network; the copy starts its own history.

    Raises:
        Problem: `quota_exceeded` when the project has too many networks; `disk_full`.
    """
    require_room(stored_document(network.document))
    with transaction.atomic():
        require_network_allowed(network.project)
        copy = Network.objects.create(
            project_id=network.project_id,
            name=_free_name(network),
            template=network.template,
            dataset_id=network.dataset_id,
            document=network.document,
            num_layers=network.num_layers,
            parameters=network.parameters,
            num_errors=network.num_errors,
            num_warnings=network.num_warnings,
            created_by=person,
            updated_at=timezone.now(),
        )
        copy_weight_sets(network, copy)
        return copy


def create_version(network: Network, person: Person | None, name: str = "") -> Version:
    """Snapshot the present state; raises Problem `disk_full`."""
    require_room(stored_document(network.document))
    return _snapshot(network, person, name)


def pin_version(network: Network, person: Person | None) -> Version:
    """Return the immutable snapshot that a run refers to; one of the same document is reused.

    So there is at most one for each save, which has asked for room: a run on a full disk is queued,
    and ends with its own word about that.
    """
    with transaction.atomic():
        version = (
            network.versions.filter(revision=network.revision).order_by("created_at").first()
        ) or _snapshot(network, person)
        Version.objects.filter(pk=version.pk).update(num_pins=F("num_pins") + 1)
    version.num_pins += 1
    return version


def _snapshot(network: Network, person: Person | None, name: str = "") -> Version:
    return Version.objects.create(
        network=network,
        name=name,
        revision=network.revision,
        document=network.document,
        graph_hash=graph_hash(stored_document(network.document)),
        author=person,
    )


def _apply(document: Document, operations: Sequence[Operation]) -> Document:
    try:
        after, _ = apply_operations(document, list(operations))
    except OperationRefused as error:
        raise Problem(
            Code.OPERATION_REFUSED,
            f"The change does not fit the network: {error}",
            "Reload the network and make the change again.",
        ) from error
    return read_document(as_stored(after))


def _write(
    network: Network,
    document: Document,
    analysis: Analysis,
    operations: Sequence[Operation],
    *,
    gesture: str,
    client_id: str,
    person: Person | None,
) -> bool:
    """Store document, revision and log line together; False when somebody was faster."""
    base_revision = network.revision
    fields: dict[str, Any] = {
        "document": as_stored(document),
        "revision": base_revision + 1,
        "updated_at": timezone.now(),
        **documents.summary_fields(document, analysis),
    }
    plain = OPERATIONS.dump_python(list(operations), mode="json", by_alias=True)
    with transaction.atomic():
        current = Network.objects.filter(pk=network.pk, revision=base_revision, deleted_at=None)
        if not current.update(**fields):
            return False
        history.keep_snapshot(network, base_revision)
        revision = Revision.objects.create(
            network=network,
            number=base_revision + 1,
            base_revision=base_revision,
            operations=plain,
            num_operations=len(plain),
            gesture=gesture,
            client_id=client_id,
            author=person,
        )
        publish(f"network:{network.pk}", selectors.revision_message(revision))
    for name, value in fields.items():
        setattr(network, name, value)
    publish(f"project:{network.project_id}", selectors.network_message(network))
    return True


def _answer_again(
    network: Network, operations: Sequence[Operation], base_revision: int, client_id: str
) -> Saved:
    saves = selectors.saves_since(network, base_revision)
    if client_id and len(saves) == 1 and network.revision == base_revision + 1:
        save = saves[0]
        if save.client_id == client_id and save.operations == list(operations):
            document = stored_document(network.document)
            return Saved(
                revision=network.revision, analysis=analyze_document(document, network.dataset)
            )
    raise Problem(
        Code.REVISION_CONFLICT,
        f"The network was changed meanwhile: it is at revision {network.revision}, this change was"
        f" made on revision {base_revision}.",
        "Merge the changes, keep yours as a copy, or reload.",
        revision=network.revision,
        document=network.document,
        operations_since=[save.model_dump(mode="json", by_alias=True) for save in saves],
    )


def _update(network: Network, **fields: Any) -> None:
    fields["updated_at"] = timezone.now()
    Network.objects.filter(pk=network.pk).update(**fields)
    for name, value in fields.items():
        setattr(network, name, value)
    _tell(network)


def _tell(network: Network) -> None:
    publish(f"project:{network.project_id}", selectors.network_message(network))


def _check_dataset(project: Project, dataset: Dataset | None) -> None:
    if dataset is not None and dataset.project_id != project.pk:
        raise not_found("dataset")


def _free_name(network: Network) -> str:
    taken = set(
        Network.objects.filter(project_id=network.project_id, deleted_at=None).values_list(
            "name", flat=True
        )
    )
    base = f"{network.name[:110]} copy"
    name, number = base, 2
    while name in taken:
        name, number = f"{base} {number}", number + 1
    return name
