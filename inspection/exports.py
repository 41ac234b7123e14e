"""Networks as files to take away: what can be written, who may ask, and how long it is kept."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import Person
from common.addresses import api_address
from common.errors import Code, Problem
from designer.documents import stored_document
from designer.models import Network
from designer.throwaway import converter_environment
from inspection import export_schemas as schemas
from inspection.models import Export
from inspection.weights import chosen_weights, require_weights_seen
from jobs.schemas import JobOut
from jobs.selectors import job_out
from jobs.services import enqueue
from netloom.formats.exported import ExportError, ExportGap, ExportReport
from netloom.formats.write import Writer, find_gaps, get_writer, read_options, writers
from netloom.graph.document import Document
from storage.holding import release_blobs
from storage.services import blob_response
from training.access import access_checkpoint
from training.models import Checkpoint

EXPORT = "designer.export"
KEPT = timedelta(days=1)
LOOK_S = 600.0
AT_ONCE = 200
NEXT_STEP = "Choose another format, or change the network, and export it again."


def export_formats(
    person: Person, network: Network, checkpoint_id: str | None
) -> list[schemas.ExportFormat]:
    """Every format, with what of the network it cannot express.

    Args:
        checkpoint_id: The network as the run of a checkpoint trained it, not as it is drawn.
    """
    stored = network.document
    if checkpoint_id is not None:
        stored = _of_network(access_checkpoint(person, checkpoint_id, "view"), network)
    document = stored_document(stored)
    return [_format(writer, document) for writer in writers()]


def request_export(person: Person, network: Network, payload: schemas.ExportIn) -> JobOut:
    """Queue an export; its job's result is `{"export_id"}`.

    Raises:
        Problem: `export_failed` with the gaps or what is lacking here, `invalid` for the options,
            `no_checkpoint`; what may not be seen.
    """
    require_weights_seen(person, payload.weights)
    asked = payload.model_dump(mode="json")
    stored = network.document
    if payload.as_trained:
        chosen = chosen_weights(asked["weights"])
        if not isinstance(chosen, Checkpoint):
            raise Problem(
                Code.INVALID,
                "Only weights of a run belong to a network as it was trained.",
                "Leave as_trained out, or choose weights of a run.",
            )
        stored = _of_network(chosen, network)
        # The best one may change while the job waits; the document would not fit it then.
        asked["weights"] = {"kind": "checkpoint", "checkpoint_id": chosen.id}
    _require_expressible(stored_document(stored), payload)
    title = get_writer(payload.format).title
    job = enqueue(
        EXPORT,
        {**asked, "document": stored, "network_id": network.id},
        person=person,
        project=network.project,
        subject=("network", network.id),
        message=f"Writing {title}",
    )
    return job_out(job)


def export_out(export: Export) -> schemas.Export:
    """What the page is told of a file that was written."""
    return schemas.Export(
        id=export.pk,
        network_id=export.network_id,
        format=export.format,
        file_name=export.file_name,
        size_bytes=export.blob.size_bytes,
        url=api_address(f"/exports/{export.pk}/file"),
        report=ExportReport.model_validate(export.report),
        created_at=export.created_at,
        expires_at=export.created_at + KEPT,
    )


def export_file(request: HttpRequest, export: Export) -> HttpResponseBase:
    """Answer with the file."""
    return blob_response(
        request, export.blob, content_type="application/octet-stream", file_name=export.file_name
    )


class ExportKeeper:
    """Removes files that nobody can download any more; any number of workers may."""

    def __init__(self) -> None:
        self._look_at = 0.0

    def look(self) -> None:
        """Look every ten minutes."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            remove_expired()


def remove_expired() -> None:
    """Remove exports that are older than a day, with their bytes."""
    old = Export.objects.filter(created_at__lt=timezone.now() - KEPT)
    for export in old.select_related("network__project")[:AT_ONCE]:
        with transaction.atomic():
            export.delete()
            release_blobs(export.network.project, [export.blob_id])


def _format(writer: Writer, document: Document) -> schemas.ExportFormat:
    return schemas.ExportFormat(
        name=writer.name,
        title=writer.title,
        summary=writer.summary,
        endings=list(writer.endings),
        options=writer.options.model_json_schema(),
        lacking=writer.lacking(converter_environment()),
        gaps=_gaps(writer, document),
    )


def _gaps(writer: Writer, document: Document) -> list[ExportGap]:
    """What cannot be expressed as long as no option is chosen."""
    try:
        return find_gaps(document, writer.name)
    except ExportError as error:
        return [ExportGap(reason=str(error)[:2000])]


def _of_network(checkpoint: Checkpoint, network: Network) -> dict[str, object]:
    """The network that a checkpoint belongs to, which must be a state of this one."""
    if checkpoint.run.network_id != network.id:
        raise Problem(
            Code.INVALID,
            "The checkpoint belongs to another network.",
            "Export that network, or leave as_trained out.",
        )
    return checkpoint.run.network_version.document


def _require_expressible(document: Document, payload: schemas.ExportIn) -> None:
    """Refuse at once what a format cannot express; its gaps go along for the page."""
    try:
        writer = get_writer(payload.format)
        read_options(writer, payload.options)
    except ExportError as error:
        raise Problem(
            Code.INVALID, str(error), "Choose a format and options of the list."
        ) from None
    if problem := writer.lacking(converter_environment()):
        text = f"{writer.title} cannot be written here. {problem}"
        raise Problem(Code.EXPORT_FAILED, text, "Choose another format.")
    gaps = find_gaps(document, payload.format, payload.options)
    if gaps:
        raise Problem(
            Code.EXPORT_FAILED,
            str(ExportError.of(writer.title, gaps)),
            NEXT_STEP,
            gaps=[gap.model_dump(mode="json") for gap in gaps],
        )
