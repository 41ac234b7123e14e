"""Live previews, computed by the warm child."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from common.errors import Code, Problem
from datasets.models import Item
from datasets.originals import local_originals
from datasets.services import binding_of
from designer.models import Network
from inspection.models import Preview
from inspection.previews import PREVIEW
from inspection.tasks import warm_child
from inspection.weights import chosen_weights, told_checkpoint, trained_weights
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from netloom.explain.activation_results import ActivationOptions
from netloom.serve.requests import PreviewRequest
from storage.disk import scratch_folder
from storage.models import Upload
from storage.uploads import local_upload
from training.models import Checkpoint

TIMEOUT_S = 15.0


def register() -> None:
    """Called once, when Django is ready. Importing this file has named the kind of work."""


@job_kind(PREVIEW, lane=Lane.INTERACTIVE)
def preview(job: RunningJob) -> dict[str, Any]:
    """One sample through a network as it is drawn."""
    payload = job.payload
    network = Network.objects.select_related("dataset").filter(pk=payload["network_id"]).first()
    if network is None:
        raise Problem(Code.NOT_FOUND, "The network was deleted meanwhile.")
    chosen = chosen_weights(payload["weights"])
    with scratch_folder() as folder:
        document = folder / "network.json"
        document.write_text(json.dumps(payload["document"]))
        request = PreviewRequest(
            document=document,
            image=_image(payload["sample"], folder),
            trained=trained_weights(chosen, folder),
            weights_seed=payload["weights"].get("seed", 0),
            sample_seed=payload["sample"].get("seed", 0),
            classes=_classes(network),
            only=payload["only"],
            options=ActivationOptions.model_validate(payload["options"]),
            output=folder / "preview.json",
        )
        warm_child().request(
            "preview",
            request.model_dump(mode="json"),
            on_progress=job.progress,
            stopped=job.stopped,
            timeout_s=TIMEOUT_S,
            is_light=True,
        )
        content = zlib.compress(request.output.read_bytes(), level=1)
    job.check_stopped()
    Preview.objects.create(job_id=job.id, network=network, content=content)
    weights = told_checkpoint(chosen) if isinstance(chosen, Checkpoint) else None
    return {"preview_id": job.id, "checkpoint": weights}


def _image(sample: dict[str, Any], folder: Path) -> Path | None:
    """The file of the sample; its bytes are opened in the child only."""
    if sample["kind"] == "item":
        item = Item.objects.get(pk=sample["item_id"])
        return local_originals([(item.sha256, item.reference)], folder / "image")[item.sha256]
    if sample["kind"] == "upload":
        return local_upload(Upload.objects.get(pk=sample["upload_id"]), folder)
    return None


def _classes(network: Network) -> list[str]:
    return [] if network.dataset is None else binding_of(network.dataset).class_names or []
