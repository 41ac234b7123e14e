"""Questions to trained checkpoints, answered by the warm child."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import Person
from common.errors import Code, Problem
from datasets.models import DatasetVersion, Item, Split
from datasets.originals import local_originals
from datasets.services import write_manifest
from inspection.models import EvaluatedItem, Evaluation, Explanation
from inspection.schemas import PredictedClass, PredictionOut
from inspection.services import BUNDLE, EVALUATE, EXPLAIN, PREDICT
from inspection.sources import Source, source_of
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from jobs.warm_child import WarmChild
from jobs.worker import on_worker_start
from netloom.explain.detection_results import BoxOptions
from netloom.explain.results import Evaluation as EvaluationResult
from netloom.explain.results import ExplainOptions
from netloom.serve.requests import (
    BundleRequest,
    EvaluateRequest,
    ExplainAnswer,
    ExplainRequest,
    ModelFiles,
    PredictAnswer,
    PredictRequest,
)
from storage.disk import scratch_folder
from storage.models import Upload
from storage.services import local_blob, store_batch, store_file
from storage.uploads import local_upload
from training.models import Checkpoint

BATCH = 1000
PICTURES = ("heatmap.png", "overlay.png", "image.png", "data.npz")


@cache
def warm_child() -> WarmChild:
    """The worker's one child; it starts with the first request or by `warm_up`."""
    return WarmChild("inspection.child")


def register() -> None:
    """Called once, when Django is ready. Importing this file has named the kinds of work."""
    on_worker_start("interactive", lambda: warm_child().warm_up())


@job_kind(PREDICT, lane=Lane.INTERACTIVE)
def predict(job: RunningJob) -> dict[str, Any]:
    """What a network says of one image: the likeliest classes, or boxes."""
    source = source_of(job.payload)
    with model_files(source) as (model, folder):
        image, _ = _image(job, folder)
        request = PredictRequest(
            model=model,
            image=image,
            top_k=job.payload["top_k"],
            boxes=BoxOptions.model_validate(job.payload["boxes"]),
        )
        answer = PredictAnswer.model_validate(_ask(job, "predict", request))
    class_ids = source.class_ids
    told = PredictionOut(
        **source.payload,
        item_id=job.payload["item_id"],
        probabilities=[
            PredictedClass(class_id=class_ids[one.index] if class_ids else None, **one.model_dump())
            for one in answer.probabilities
        ],
        found=answer.found,
        is_as_drawn=source.is_as_drawn,
        image_url=answer.input_png,
        input_shape=answer.input_shape,
        seconds=answer.seconds,
    )
    return told.model_dump(mode="json")


@job_kind(EXPLAIN, lane=Lane.INTERACTIVE)
def explain(job: RunningJob) -> dict[str, Any]:
    """A heat map of one image."""
    source = source_of(job.payload)
    payload = job.payload
    options = dict(payload["options"])
    seed = options.pop("seed")
    with model_files(source) as (model, folder):
        image, name = _image(job, folder)
        request = ExplainRequest(
            model=model,
            image=image,
            explain=payload["method"],
            target_class=payload["target_class"],
            layer=payload["layer"],
            seed=seed,
            options=ExplainOptions.model_validate(options),
            output=folder,
        )
        answer = ExplainAnswer.model_validate(_ask(job, "explain", request))
        contents = [(folder / picture).read_bytes() for picture in PICTURES]
    used = {**options, "seed": seed}
    used["num_superpixels"], used["num_samples"] = answer.num_superpixels, answer.num_samples
    used["baseline_values"] = answer.baseline
    heatmap, overlay, picture, data = store_batch(source.project, contents)
    explanation = Explanation.objects.create(
        run=source.run,
        checkpoint=source.checkpoint,
        weight_set=source.weight_set,
        item_id=payload["item_id"],
        image_name=name[:255],
        method=payload["method"],
        options=used,
        heatmap=heatmap,
        overlay=overlay,
        image=picture,
        data=data,
        author=person_of(job),
        r2=answer.r_squared,
        **answer.model_dump(exclude={"r_squared", "num_superpixels", "num_samples", "baseline"}),
    )
    return {"explanation_id": explanation.id}


@job_kind(EVALUATE, lane=Lane.INTERACTIVE)
def evaluate(job: RunningJob) -> dict[str, Any]:
    """A checkpoint over a split."""
    source = source_of(job.payload)
    version = DatasetVersion.objects.get(pk=job.payload["dataset_version_id"])
    split = job.payload["split"]
    with model_files(source) as (model, folder):
        request = EvaluateRequest(
            model=model,
            manifest=write_manifest(version, folder, only=Split(split)),
            split=split,
            output=folder / "evaluation.json",
        )
        _ask(job, "evaluate", request)
        result = EvaluationResult.model_validate_json(request.output.read_bytes())
    if result.num_items == 0:
        raise Problem(
            Code.INVALID,
            f"No item of the {split} split has a label.",
            "Label items of this split, or choose another one.",
        )
    with transaction.atomic():
        evaluation = _store_evaluation(job, source, version, result)
    return {"evaluation_id": evaluation.id, "unreadable": result.unreadable}


@job_kind(BUNDLE, lane=Lane.INTERACTIVE)
def bundle(job: RunningJob) -> dict[str, Any]:
    """Make the zip that a person takes away; kept beside the checkpoint."""
    source = source_of(job.payload)
    checkpoint, run = source.checkpoint, source.run
    if checkpoint is None or run is None:
        raise Problem(Code.NO_CHECKPOINT, "Only checkpoints of runs are packed.")
    metrics = {} if checkpoint.metric is None else {run.config["best_metric"]: checkpoint.metric}
    with model_files(source) as (model, folder):
        request = BundleRequest(
            model=model,
            metrics=metrics,
            description=f"{run.network.name}, {run.name}, step {checkpoint.step}",
            output=folder / "bundle.zip",
        )
        _ask(job, "bundle", request)
        blob = store_file(run.project, request.output)
    Checkpoint.objects.filter(pk=checkpoint.pk).update(bundle=blob)
    return {"size_bytes": blob.size_bytes}


def _ask(job: RunningJob, name: str, request: Any) -> dict[str, Any]:
    return warm_child().request(
        name,
        request.model_dump(mode="json"),
        on_progress=job.progress,
        stopped=job.stopped,
    )


@contextmanager
def model_files(source: Source) -> Iterator[tuple[ModelFiles, Path]]:
    """The model's files, and a folder for the answer that goes away afterwards."""
    with scratch_folder() as folder:
        document = folder / "network.json"
        document.write_text(json.dumps(source.document))
        trained_as = None
        if source.weight_set is not None and source.document != source.weight_set.document:
            trained_as = folder / "trained.json"
            trained_as.write_text(json.dumps(source.weight_set.document))
        model = ModelFiles(
            sha256=source.sha256,
            checkpoint=local_blob(source.sha256, folder / "checkpoint"),
            document=document,
            trained_as=trained_as,
            classes=source.classes,
            kind="checkpoint" if source.weight_set is None else "file",
        )
        yield model, folder


def _image(job: RunningJob, folder: Path) -> tuple[Path, str]:
    """Path and file name of the image; the bytes are opened in the child only."""
    if job.payload["item_id"] is not None:
        item = Item.objects.get(pk=job.payload["item_id"])
        originals = local_originals([(item.sha256, item.reference)], folder / "image")
        return originals[item.sha256], item.file_name
    upload = Upload.objects.get(pk=job.payload["upload_id"])
    return local_upload(upload, folder), upload.file_name


def person_of(job: RunningJob) -> Person:
    if job.person is None:
        raise Problem(Code.NOT_FOUND, "Whoever asked for this has left the studio.")
    return job.person


def _store_evaluation(
    job: RunningJob, source: Source, version: DatasetVersion, result: EvaluationResult
) -> Evaluation:
    evaluation = Evaluation.objects.create(
        run=source.run,
        checkpoint=source.checkpoint,
        dataset_version=version,
        split=result.split,
        classes=[entry["name"] for entry in version.classes],
        accuracy=result.accuracy,
        balanced_accuracy=result.balanced_accuracy,
        loss=result.loss,
        per_class=[one.model_dump() for one in result.per_class],
        confusion=result.confusion_KK,
        num_items=result.num_items,
        author=person_of(job),
    )
    EvaluatedItem.objects.bulk_create(
        (
            EvaluatedItem(
                evaluation=evaluation,
                item_id=one.item_id,
                label=one.label,
                predicted=one.predicted,
                confidence=one.confidence,
                loss=one.loss,
            )
            for one in result.predictions
        ),
        batch_size=BATCH,
    )
    return evaluation
