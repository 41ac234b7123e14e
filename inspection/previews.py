"""Live previews: what is asked, who may ask it, and how a newer question ends an older one."""

from __future__ import annotations

import zlib
from datetime import timedelta

from django.utils import timezone

from accounts.models import Person
from common.errors import Code, Problem
from datasets.access import access_item
from designer.documents import analyze_document, as_stored, read_small_document
from designer.models import Network
from inspection.models import Preview
from inspection.preview_schemas import PreviewIn, PreviewOut, Sample, Weights
from inspection.weights import require_weights_seen
from jobs.models import FINISHED, Job
from jobs.schemas import JobOut
from jobs.selectors import job_out
from jobs.services import cancel_job, enqueue
from netloom.analyze import Analysis
from netloom.graph.document import Document
from netloom.layers.registry import get_layer
from storage.access import access_complete_upload

PREVIEW = "inspection.preview"
WHOLE, CLOSE = "preview", "preview_close"
KEPT = timedelta(minutes=10)

MAX_PARAMETERS = 250_000_000
MAX_ACTIVATION_BYTES = 2 * 2**30
MAX_FLOPS = 300_000_000_000
MAX_LAYERS = 5_000
MAX_STEPS = 20_000
_MEGA = 1_000_000


def request_preview(person: Person, network: Network, payload: PreviewIn) -> JobOut:
    """Queue a preview and end what the same page has asked before.

    Raises:
        Problem: `document_invalid` or `too_large` for the network; what may not be seen.
    """
    document = read_small_document(payload.document)
    # A sample also passes through a network that does not suit the data it is bound to.
    _require_previewable(document, analyze_document(document, None))
    _require_seen(person, network, payload.sample, payload.weights)
    subject = (WHOLE if payload.only is None else CLOSE, payload.page)
    _overtake(person, subject)
    job = enqueue(
        PREVIEW,
        {
            **payload.model_dump(mode="json", exclude={"document", "page"}),
            "document": as_stored(document),
            "network_id": network.id,
        },
        person=person,
        project=None,  # one person looks; the pages of the others need not hear of it
        subject=subject,
        message="Passing a sample through the network",
    )
    return job_out(job)


def preview_out(preview: Preview) -> PreviewOut:
    """What each layer gave."""
    return PreviewOut.model_validate_json(zlib.decompress(preview.content))


def _require_previewable(document: Document, analysis: Analysis) -> None:
    if not analysis.is_trainable:
        num_errors = sum(found.severity == "error" for found in analysis.diagnostics)
        raise Problem(
            Code.DOCUMENT_INVALID,
            f"A sample passes through once the network has no errors; it has {num_errors:,}.",
            "Mend what the problems list names.",
        )
    totals = analysis.totals
    for present, most, unit, what in (
        (totals.parameters / _MEGA, MAX_PARAMETERS / _MEGA, "M parameters", "weights"),
        (
            totals.activation_bytes / _MEGA,
            MAX_ACTIVATION_BYTES / _MEGA,
            "MB of activations",
            "activations",
        ),
        (totals.flops / 1e9, MAX_FLOPS / 1e9, "GFLOPs a sample", "work"),
        (totals.num_layers, MAX_LAYERS, "layers", "layers"),
        (_num_steps(document, analysis), MAX_STEPS, "steps one after the other", "steps"),
    ):
        if present > most:
            raise Problem(
                Code.TOO_LARGE,
                f"The network has {present:,.0f} {unit}; a live preview takes up to {most:,.0f}.",
                "Make the network or its input smaller to see it at work.",
                limit=what,
            )


def _num_steps(document: Document, analysis: Analysis) -> int:
    """How many steps recurrent layers take one after the other: no core helps another there."""
    scopes = (document.graph, *document.graph.blocks.values())
    recurrent = {
        node_id
        for scope in scopes
        for node_id, node in scope.nodes.items()
        if (layer := get_layer(node.type)) is not None and layer.category == "Recurrent"
    }
    found = analysis.nodes.items()
    times = sum(node.repeats for path, node in found if path.rpartition("/")[2] in recurrent)
    lengths = (
        dim["size"]
        for _, node in found
        for dims in node.outputs.values()
        for dim in dims
        if dim["axis"] == "T"
    )
    return times * max((size for size in lengths if isinstance(size, int)), default=1)


def _require_seen(person: Person, network: Network, sample: Sample, weights: Weights) -> None:
    """Check that the person may see what is shown; it is shown to nobody else."""
    if sample.kind == "item":
        access_item(person, sample.item_id, "view")
    elif sample.kind == "upload":
        access_complete_upload(person, sample.upload_id, network.project_id)
    require_weights_seen(person, weights)


def _overtake(person: Person, subject: tuple[str, str]) -> None:
    """Cancel what the page still waits for and forget what it was shown, and what is old."""
    mine = Job.objects.filter(kind=PREVIEW, person=person)
    asked = mine.filter(subject_type=subject[0], subject_id=subject[1])
    asked.filter(state__in=FINISHED).delete()
    for job in asked.exclude(state__in=FINISHED):
        cancel_job(job)  # it stays until the next question, so that who follows it hears of it
    Job.objects.filter(
        kind=PREVIEW, state__in=FINISHED, finished_at__lt=timezone.now() - KEPT
    ).delete()
