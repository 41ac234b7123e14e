"""Networks and weights that come from files: queued here, done by `designer.tasks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from accounts.models import Person, Project
from common.errors import Code, Problem
from common.topics import publish
from designer import documents, selectors
from designer.limits import require_network_allowed, require_storable
from designer.models import Network, WeightSet
from designer.reading import NEXT_STEP
from jobs.models import Job
from jobs.services import enqueue
from netloom.formats.bundle import WEIGHTS, BundleError, BundleInfo, read_bundle_info
from netloom.formats.imported import ImportReport
from netloom.formats.reading import REPORT
from netloom.graph.document import Document
from storage.holding import release_blobs
from storage.models import Upload
from storage.services import store_file

IMPORT = "designer.import"
MAX_REPORT_BYTES = 32 * 2**20
MOST_TENSORS = 200_000
_ENDINGS = (
    ".keras", ".hdf5", ".h5", ".json", ".zip", ".netloom", ".onnx", ".safetensors", ".pth",
    ".pt2", ".pt", ".prototxt", ".caffemodel",
)  # fmt: skip


def start_import(
    person: Person,
    project: Project,
    upload: Upload,
    name: str,
    *,
    beside: Sequence[Upload] = (),
) -> Job:
    """Queue the opening of a file; the job's result is `{"network_id", "weight_set_id"}`.

    Args:
        beside: Other files of the same network.
    """
    return enqueue(
        IMPORT,
        {
            "upload_id": upload.id,
            "side_upload_ids": [each.id for each in beside],
            "name": name or name_of(upload.file_name),
        },
        person=person,
        project=project,
        subject=("upload", upload.id),
        message=f"Reading {upload.file_name}",
    )


def name_of(file_name: str) -> str:
    """A name for a network out of its file's."""
    stem = file_name.rpartition("/")[2]
    for ending in _ENDINGS:
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    return " ".join(stem.replace("_", " ").split())[:120] or "Imported network"


def create_imported(
    project: Project, person: Person | None, folder: Path, *, name: str, source: str
) -> WeightSet:
    """Make a network of what the reading process wrote, which is checked like any other upload.

    Raises:
        Problem: `import_failed` for a folder that is no bundle; what `create_network` raises;
            `quota_exceeded` or `disk_full` for the weights.
    """
    info, report = _read_folder(folder)
    document = _named(info.document, name)
    require_storable(document)
    weights = folder / WEIGHTS
    num_tensors = count_tensors(weights)
    summary = documents.summary_fields(document, documents.analyze_document(document, None))
    blob = store_file(project, weights, is_movable=True)
    with released_unless_kept(project, blob.sha256), transaction.atomic():
        require_network_allowed(project)
        network = Network.objects.create(
            project=project,
            name=name,
            document=documents.as_stored(document),
            created_by=person,
            updated_at=timezone.now(),
            **summary,
        )
        weight_set = WeightSet.objects.create(
            network=network,
            blob=blob,
            document=network.document,
            source=source[:255],
            format=report.format[:120],
            classes=info.meta.classes,
            report=report.model_dump(mode="json"),
            num_tensors=num_tensors,
            author=person,
        )
        publish(f"project:{project.pk}", selectors.network_message(network))
    return weight_set


@contextmanager
def released_unless_kept(project: Project, sha256: str) -> Iterator[None]:
    """Let go of bytes that were stored for a row which then could not be made."""
    try:
        yield
    except Problem:
        release_blobs(project, [sha256])
        raise


def copy_weight_sets(network: Network, copy: Network) -> None:
    """Give a copy of a network the weights that its own came with; their bytes are there once."""
    WeightSet.objects.bulk_create(
        WeightSet(
            network=copy,
            blob_id=each.blob_id,
            document=each.document,
            source=each.source,
            format=each.format,
            classes=each.classes,
            report=each.report,
            num_tensors=each.num_tensors,
            author_id=each.author_id,  # pyright: ignore[reportAttributeAccessIssue] - by Django
        )
        for each in network.weight_sets.order_by("created_at")
    )


def _read_folder(folder: Path) -> tuple[BundleInfo, ImportReport]:
    try:
        info = read_bundle_info(folder)
        path = folder / REPORT
        if path.is_symlink() or path.stat().st_size > MAX_REPORT_BYTES:
            raise BundleError("The report is too long.")
        return info, ImportReport.model_validate_json(path.read_bytes())
    except (BundleError, ValidationError, OSError) as error:
        raise Problem(
            Code.IMPORT_FAILED, f"What was read is not a network: {str(error)[:500]}", NEXT_STEP
        ) from error


def count_tensors(path: Path) -> int:
    """Look at the header of the weights, without loading them."""
    try:
        if path.is_symlink():
            raise OSError("a link")
        with safe_open(path, framework="np") as file:
            names: list[Any] = list(file.keys())
    except (SafetensorError, OSError, ValueError) as error:
        raise Problem(
            Code.IMPORT_FAILED, f"The weights that were read are damaged: {error}", NEXT_STEP
        ) from error
    if len(names) > MOST_TENSORS:
        raise Problem(
            Code.TOO_LARGE,
            f"The file holds {len(names):,} tensors; {MOST_TENSORS:,} are allowed.",
            NEXT_STEP,
        )
    return len(names)


def _named(document: Document, name: str) -> Document:
    """A network whose file gave it no name of its own takes the file's."""
    if document.graph.name not in ("Network", "network", ""):
        return document
    return documents.with_class_name(document, name)
