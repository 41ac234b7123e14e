"""Weights alone: they wait in the project until a person says which network they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction
from pydantic import TypeAdapter, ValidationError

from accounts.models import Person, Project
from common.errors import Code, Problem
from common.rooms import Room
from designer import documents, services
from designer.models import Network, WeightFile, WeightSet
from designer.reading import NEXT_STEP
from designer.weight_fits import document_for
from designer.weights import MAX_REPORT_BYTES, count_tensors, released_unless_kept
from jobs.models import Job
from jobs.services import enqueue
from netloom.formats.bundle import WEIGHTS
from netloom.formats.loading import matching_report
from netloom.formats.match_places import constant_keys
from netloom.formats.matching import Matching, match_weights
from netloom.formats.normalisations import NORMALISATIONS, NormalisationName, with_normalisation
from netloom.formats.reading import FACTS
from netloom.formats.relabel import relabel
from netloom.formats.weight_file import FileTensor, WeightFacts
from netloom.graph.between import operations_between
from netloom.graph.document import Document
from netloom.templates import templates
from storage.holding import release_blobs
from storage.services import local_blob, store_file

LOAD = "designer.load_weights"
MOST_COMPARED = 60
"""Networks, newest first: comparing more than that would keep a person waiting."""
MOST_TENSORS_COMPARED = 60_000
"""Over all these networks, each of which is looked at with the whole file."""
MOST_MATCHING = 2
MOST_WAITING = 6
PATIENCE_S = 4.0
"""Comparing takes a processor for up to seconds: the other threads are left to other requests."""
LEAST_SHARE = 0.25
"""Of the network's learned numbers, where less than half of the file has a place in it."""
matching_room = Room(
    MOST_MATCHING,
    most_waiting=MOST_WAITING,
    patience_s=PATIENCE_S,
    detail="Other weights are being compared with networks.",
    next_step="Ask again in a few seconds.",
)
_TENSORS: TypeAdapter[list[FileTensor]] = TypeAdapter(list[FileTensor])


def create_weight_file(
    project: Project, person: Person | None, folder: Path, *, source: str
) -> WeightFile:
    """Keep what the reading process wrote of a file that holds weights alone.

    Raises:
        Problem: `import_failed` for what is damaged; `quota_exceeded` or `disk_full`.
    """
    try:
        path = folder / FACTS
        if path.is_symlink() or path.stat().st_size > MAX_REPORT_BYTES:
            raise OSError("The list of tensors is too long.")
        facts = WeightFacts.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise Problem(
            Code.IMPORT_FAILED, f"What was read are no weights: {str(error)[:500]}", NEXT_STEP
        ) from error
    weights = folder / WEIGHTS
    num_tensors = count_tensors(weights)
    blob = store_file(project, weights, is_movable=True)
    with released_unless_kept(project, blob.sha256):
        return WeightFile.objects.create(
            project=project,
            blob=blob,
            source=source[:255],
            format=facts.format,
            tensors=[tensor.model_dump(mode="json") for tensor in facts.tensors],
            num_tensors=num_tensors,
            author=person,
        )


def delete_weight_file(waiting: WeightFile) -> None:
    """Let go of weights that nobody needs."""
    with transaction.atomic():
        digest = waiting.blob_id
        waiting.delete()
        release_blobs(waiting.project, [digest])


def match_network(
    network: Network, waiting: WeightFile, images: NormalisationName | None
) -> Matching:
    """Say which tensor of a file would go where in a network."""
    return match_document(documents.stored_document(network.document), waiting, images)


def match_template(
    template: str, waiting: WeightFile, images: NormalisationName | None
) -> Matching:
    """The same for a template with the channels and classes of the file."""
    return match_document(document_for(template, tensors_of(waiting)), waiting, images)


def match_document(
    document: Document, waiting: WeightFile, images: NormalisationName | None
) -> Matching:
    """The same for a network that may not be stored."""
    is_bgr = images is not None and NORMALISATIONS[images].is_bgr
    return match_weights(document, tensors_of(waiting), is_bgr=is_bgr)


def fitting_networks(waiting: WeightFile) -> list[tuple[Network, Matching]]:
    """Return networks of the project that the weights fit, best first.

    A few tensors of equal shape are found in many networks. One that fits meets two of three: half
    of the file has a place, a quarter of the network is in the file, names lead to most of it.
    """
    tensors = tensors_of(waiting)
    networks = Network.objects.filter(project=waiting.project_id, deleted_at=None)
    found: list[tuple[Network, Matching]] = []
    most = max(1, min(MOST_COMPARED, MOST_TENSORS_COMPARED // max(1, len(tensors))))
    for network in networks.order_by("-updated_at")[:most]:
        matching = match_weights(documents.stored_document(network.document), tensors)
        if _fits(matching):
            found.append((network, matching))
    return sorted(found, key=lambda each: (-each[1].share, each[1].num_values))


def _fits(matching: Matching) -> bool:
    if not matching.num_matched:
        return False
    is_most = 2 * matching.num_matched >= matching.num_in_file
    is_named = 2 * matching.count("shape in order") <= matching.num_matched
    is_part = matching.share >= LEAST_SHARE
    return is_most + is_named + is_part >= 2


def start_loading(
    person: Person, network: Network, waiting: WeightFile, images: NormalisationName | None
) -> Job:
    """Queue the loading; the job's result is `{"network_id", "weight_set_id"}`.

    Raises:
        Problem: `invalid` when nothing of the file fits.
    """
    if network.project_id != waiting.project_id:
        raise Problem(
            Code.INVALID, "The weights are of another project.", "Import the file into this one."
        )
    if not match_network(network, waiting, images).num_matched:
        raise _nothing_fits(waiting, network.name)
    return enqueue(
        LOAD,
        {"weight_file_id": waiting.id, "network_id": network.id, "images": images},
        person=person,
        project=network.project,
        subject=("network", network.id),
        message=f"Loading {waiting.source}",
    )


def start_loading_template(
    person: Person, template: str, waiting: WeightFile, images: NormalisationName | None
) -> Job:
    """Draw a template for the weights, and queue the loading into it.

    Raises:
        Problem: `invalid` when there is no such template or nothing of the file fits;
            `quota_exceeded` when the project has too many networks; `disk_full`.
    """
    document = document_for(template, tensors_of(waiting))
    title = next(info.title for info in templates() if info.id == template)
    if not match_document(document, waiting, images).num_matched:
        raise _nothing_fits(waiting, title)
    with transaction.atomic():
        named = documents.with_class_name(document, title)
        network = services.create_network(waiting.project, person, title, document=named)
        return start_loading(person, network, waiting, images)


def _nothing_fits(waiting: WeightFile, name: str) -> Problem:
    return Problem(
        Code.INVALID,
        f"Nothing in {waiting.source} fits {name}.",
        "Choose the network that the weights were trained in.",
    )


def load_into(
    network: Network,
    waiting: WeightFile,
    person: Person | None,
    images: NormalisationName | None,
    folder: Path,
) -> WeightSet:
    """Make a weight set of what fits, and treat images as the weights expect; the file is done.

    Raises:
        Problem: `import_failed` for damaged bytes; `quota_exceeded` or `disk_full`.
    """
    matching = match_network(network, waiting, images)
    written = folder / WEIGHTS
    before = network.weight_sets.order_by("-created_at").first()
    try:
        num_tensors = relabel(
            local_blob(waiting.blob_id, folder),
            written,
            matching,
            before=None if before is None else local_blob(before.blob_id, folder),
            kept=constant_keys(documents.stored_document(network.document)),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(
            Code.IMPORT_FAILED, f"The weights are damaged: {str(error)[:300]}", NEXT_STEP
        ) from error
    count_tensors(written)
    project = waiting.project
    blob = store_file(project, written, is_movable=True)
    report = matching_report(matching, waiting.format, images)
    with released_unless_kept(project, blob.sha256), transaction.atomic():
        if images is not None:
            _treat_images(network, person, images)
        made = WeightSet.objects.create(
            network=network,
            blob=blob,
            document=network.document,
            source=waiting.source,
            format=waiting.format,
            report=report.model_dump(mode="json"),
            num_tensors=num_tensors,
            author=person,
        )
        delete_weight_file(waiting)
    return made


def _treat_images(network: Network, person: Person | None, images: NormalisationName) -> None:
    before = documents.stored_document(network.document)
    operations = operations_between(before, with_normalisation(before, images))
    if operations:
        services.save_operations(
            network,
            person,
            operations,
            base_revision=network.revision,
            gesture="Normalise images as the weights expect",
        )


def tensors_of(waiting: WeightFile) -> list[FileTensor]:
    """Return names and shapes, in the file's order."""
    stored: list[dict[str, Any]] = waiting.tensors
    return _TENSORS.validate_python(stored)
