"""Augmentation shown on real samples, by the same code as training, in a warm process."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

from accounts.models import Person
from common.errors import Code, Problem, not_found
from datasets.access import items_of
from datasets.models import Dataset, Item, Split
from datasets.originals import local_originals
from datasets.schemas import AugmentationPreview
from jobs.models import Job
from jobs.running import RunningJob
from jobs.services import enqueue
from jobs.warm_child import WarmChild
from storage.disk import scratch_folder

JOB_KIND = "datasets.preview"
NUM_SAMPLES = 8
IDLE_S = 180.0


def start_preview(dataset: Dataset, person: Person, wanted: AugmentationPreview) -> Job:
    """Queue a preview; its result holds the images as PNG data URLs."""
    if wanted.item_ids:
        found = items_of(dataset, wanted.item_ids).in_bulk()
        items = [found[item_id] for item_id in dict.fromkeys(wanted.item_ids) if item_id in found]
        if len(items) != len(set(wanted.item_ids)):
            raise not_found("item")
    else:
        present = Item.objects.filter(dataset=dataset, is_removed=False).order_by("position")
        items = list(present.filter(split=Split.TRAIN)[:NUM_SAMPLES] or present[:NUM_SAMPLES])
    if not items:
        raise Problem(Code.INVALID, "The dataset has no image to show.", "Bring images in first.")
    payload = {
        "item_ids": [item.pk for item in items],
        "augmentation": wanted.augmentation.model_dump(mode="json"),
        "input": wanted.input.model_dump(mode="json"),
        "seed": wanted.seed,
    }
    return enqueue(
        JOB_KIND,
        payload,
        person=person,
        project=dataset.project,
        subject=("dataset", dataset.pk),
        message="Augmenting samples",
    )


def run_preview(job: RunningJob) -> dict[str, Any]:
    """The job's function."""
    return _preview_child().preview(job)


class PreviewChild:
    """The warm process; it ends when nobody has asked for a while."""

    def __init__(self) -> None:
        self._child = WarmChild("datasets.preview_child")
        self._timer: threading.Timer | None = None

    def preview(self, job: RunningJob) -> dict[str, Any]:
        """Have the child make the images of a job."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            with scratch_folder() as folder:
                payload = {**job.payload, "items": _files(job.payload["item_ids"], folder)}
                return self._child.request(
                    "preview", payload, on_progress=job.progress, stopped=job.stopped
                )
        finally:
            self._timer = threading.Timer(IDLE_S, self._child.kill)
            self._timer.daemon = True
            self._timer.start()


@cache
def _preview_child() -> PreviewChild:
    return PreviewChild()


def _files(item_ids: list[str], folder: Path) -> list[dict[str, str]]:
    """The originals of items as files of the machine that looks at them."""
    found = Item.objects.in_bulk(item_ids)
    items = [found[item_id] for item_id in item_ids if item_id in found]
    if not items:
        raise not_found("item")
    paths = local_originals([(item.sha256, item.reference) for item in items], folder)
    return [{"id": item.pk, "path": str(paths[item.sha256])} for item in items]
