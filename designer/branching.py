"""Comparing, merging, branching and going back: one function an intent."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from common.errors import Code, Problem, not_found
from designer import documents, history, services
from designer.access import access_network, access_version
from designer.history_schemas import Compared, Merged, MergeIn, State
from designer.limits import require_network_allowed, require_room
from designer.models import MergePoint, Network, Version
from designer.weights import copy_weight_sets
from netloom.graph.between import operations_between
from netloom.graph.compare import compare_documents
from netloom.graph.document import Document, graph_hash
from netloom.graph.match import align_document
from netloom.graph.merge import Conflict, MergeRefused, merge_documents
from netloom.graph.operations import Operation


def resolve(network: Network, person: Person, state: State) -> tuple[Document, str]:
    """The document of a state and what to call it.

    Raises:
        Problem: `not_found` for what is not there, not allowed, or of another project;
            `document_invalid`.
    """
    if state.document is not None:
        return documents.read_small_document(state.document), "your edits"
    if state.version_id is not None:
        version = access_version(person, state.version_id, "view")
        _require_same_project(network, version.network)
        return documents.stored_document(version.document), _version_label(version)
    if state.network_id is not None:
        other = access_network(person, state.network_id, "view")
        _require_same_project(network, other)
        return documents.stored_document(other.document), other.name
    if state.revision is not None and state.revision != network.revision:
        return history.document_at(network, state.revision), f"revision {state.revision}"
    return documents.stored_document(network.document), "now"


def compare_states(network: Network, person: Person, before: State, after: State) -> Compared:
    """What differs between two states, layout ignored."""
    old, old_label = resolve(network, person, before)
    new, new_label = resolve(network, person, after)
    return Compared(
        comparison=compare_documents(old, new),
        before=align_document(new, old),
        before_label=old_label,
        after_label=new_label,
    )


def merge_states(network: Network, person: Person, wanted: MergeIn) -> Merged:
    """Merge three ways; saves nothing unless asked to.

    Raises:
        Problem: `invalid` without a base; `conflict` when it is to be saved and conflicts have no
            choice; what `save_operations` raises.
    """
    if wanted.is_saved:
        _require_present(network, wanted.ours)
    theirs, label = resolve(network, person, wanted.theirs)
    ours, _ = resolve(network, person, wanted.ours)
    base = _base(network, person, wanted)
    try:
        merge = merge_documents(base, ours, theirs, wanted.choices)
    except MergeRefused as error:
        raise Problem(
            Code.DOCUMENT_INVALID,
            f"The networks cannot be merged. {error}",
            "Compare them instead.",
        ) from error
    present = documents.stored_document(network.document)
    operations = operations_between(present, merge.document)
    if wanted.is_saved:
        with transaction.atomic():
            _save_merge(network, person, wanted, merge.conflicts, operations, label)
            if wanted.theirs.network_id is not None:
                MergePoint.objects.update_or_create(
                    network=network,
                    other_id=wanted.theirs.network_id,
                    defaults={
                        "document": documents.as_stored(theirs),
                        "merged_at": timezone.now(),
                    },
                )
    return Merged(
        document=merge.document,
        conflicts=merge.conflicts,
        notes=merge.notes,
        comparison=compare_documents(ours, merge.document),
        operations=[] if wanted.is_saved else operations,
        revision=network.revision,
    )


def _require_present(network: Network, ours: State) -> None:
    """A merge that is saved begins with what is there now: nothing that was saved is undone."""
    if ours == State():
        return
    if ours == State(revision=ours.revision):
        if ours.revision == network.revision:
            return
        raise Problem(
            Code.REVISION_CONFLICT,
            f"The network is at revision {network.revision} by now, not {ours.revision}.",
            "Merge again with what is there now.",
            revision=network.revision,
        )
    raise Problem(
        Code.INVALID,
        "Only a merge with the present state is saved.",
        "Leave `ours` out, or save the operations of the merge yourself.",
    )


def _save_merge(
    network: Network,
    person: Person,
    wanted: MergeIn,
    conflicts: Sequence[Conflict],
    operations: Sequence[Operation],
    label: str,
) -> None:
    open_ones = [each for each in conflicts if each.id not in wanted.choices]
    if open_ones:
        raise Problem(
            Code.CONFLICT,
            f"Both sides changed {open_ones[0].what}"
            + (f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else "")
            + " differently.",
            "Choose a side for each conflict and merge again.",
            conflicts=[each.model_dump() for each in open_ones],
        )
    if operations:
        services.save_operations(
            network,
            person,
            operations,
            base_revision=network.revision,
            gesture=f"Merge {label}"[:120],
        )


def _base(network: Network, person: Person, wanted: MergeIn) -> Document:
    """The state that both sides began with, or that the last merge between them brought over."""
    if wanted.base is not None:
        return resolve(network, person, wanted.base)[0]
    other_id = wanted.theirs.network_id
    if other_id is not None:
        other = access_network(person, other_id, "view")
        pair = (network.pk, other.pk)
        merged = MergePoint.objects.filter(network__in=pair, other__in=pair)
        if (last := merged.order_by("-merged_at").first()) is not None:
            return documents.stored_document(last.document)
        for branch, parent in ((other, network), (network, other)):
            origin = branch.origin
            if origin is not None and origin.network_id == parent.pk:
                return documents.stored_document(origin.document)
    raise Problem(
        Code.INVALID,
        "These two have no point in common that is known: neither branched off the other.",
        "Name the state that both began with as the base, or compare them instead.",
    )


def branch_network(network: Network, person: Person, name: str, state: State) -> Network:
    """Make a network that begins with a state of this one and remembers it.

    Raises:
        Problem: `quota_exceeded`, `disk_full`; `invalid` for a state that is not of this network.
    """
    if state.document is not None or state.network_id is not None:
        raise Problem(
            Code.INVALID,
            "A branch begins with a revision or a version of its network.",
            "Give one of these, or nothing for the present state.",
        )
    document, _ = resolve(network, person, state)
    version = _version_of(network, person, state)
    require_room(document)
    summary = documents.summary_fields(
        document, documents.analyze_document(document, network.dataset)
    )
    with transaction.atomic():
        require_network_allowed(network.project)
        if version is None:
            version = Version.objects.create(
                network=network,
                name=f"Branch point of {name}"[:120],
                revision=network.revision if state.revision is None else state.revision,
                document=documents.as_stored(document),
                graph_hash=graph_hash(document),
                author=person,
            )
        branch = Network.objects.create(
            project=network.project,
            name=name,
            template=network.template,
            dataset=network.dataset,
            origin=version,
            document=documents.as_stored(document),
            created_by=person,
            updated_at=timezone.now(),
            **summary,
        )
        copy_weight_sets(network, branch)
        return branch


def _version_of(network: Network, person: Person, state: State) -> Version | None:
    if state.version_id is None:
        return None
    version = access_version(person, state.version_id, "view")
    if version.network_id != network.pk:
        raise not_found("version")
    return version


def restore_revision(network: Network, person: Person, revision: int) -> None:
    """Go back to any save by operations that lead there: the history only grows."""
    target = history.document_at(network, revision)
    operations = operations_between(documents.stored_document(network.document), target)
    if operations:
        services.save_operations(
            network,
            person,
            operations,
            base_revision=network.revision,
            gesture=f"Restore revision {revision}",
        )


def _require_same_project(network: Network, other: Network) -> None:
    if network.project_id != other.project_id:
        raise not_found("network")


def _version_label(version: Version) -> str:
    return version.name or f"revision {version.revision}"
