"""Classical models beside networks: asked for, compared, deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person
from common.errors import Code, Problem, not_found
from datasets.access import access_dataset, access_dataset_version
from datasets.models import DatasetVersion
from datasets.services import pin_version
from designer.documents import stored_document
from inspection.baseline_schemas import (
    BaselineComparison,
    BaselineOut,
    BaselineRequest,
    BaselineSummary,
    JudgedRun,
    JudgedSplit,
)
from inspection.models import Baseline, Evaluation
from inspection.schemas import EvaluationClass
from inspection.services import require_project
from inspection.sources import NOBODY, Source, access_source
from jobs.schemas import JobOut
from jobs.selectors import job_out, unfinished_job
from jobs.services import enqueue
from netloom.compile.errors import CompileError
from netloom.explain.reports import macro_f1
from netloom.explain.results import ClassReport
from netloom.features.layers import find_layer
from netloom.features.results import FeatureError
from storage.holding import release_blobs
from storage.services import blob_response

CLASSICAL = "inspection.classical"
MAX_BASELINES = 200
_LISTED = 100


def request_baselines(person: Person, payload: BaselineRequest) -> JobOut:
    """Queue classical models; the same ones, when they wait already, are the answer.

    Raises:
        Problem: What may not be seen; `invalid` for a layer that the network lacks, `too_large`
            for too many results of one version.
    """
    version = _version_for(person, payload)
    source = None if payload.weights is None else access_source(person, payload.weights, "edit")
    project = version.dataset.project
    if source is not None:
        require_project(version.dataset.project_id, source.project.pk)
        if "layer" in payload.features:
            _require_layer(source, payload.layer)
    if Baseline.objects.filter(dataset_version=version).count() >= MAX_BASELINES:
        raise Problem(
            Code.TOO_LARGE,
            f"{MAX_BASELINES} results are kept for this version of the dataset already.",
            "Delete some that nobody needs any more.",
        )
    asked: dict[str, object] = {
        **payload.model_dump(mode="json", exclude={"weights", "dataset_id"}),
        **(NOBODY if source is None else source.payload),
        "dataset_version_id": version.id,
    }
    subject = ("dataset", version.dataset_id) if source is None else source.subject
    present = unfinished_job(CLASSICAL, subject, asked)
    if present is not None:
        return job_out(present)
    job = enqueue(
        CLASSICAL,
        asked,
        person=person,
        project=project,
        subject=subject,
        message=f"Fitting classical models on {version.dataset.name}",
    )
    return job_out(job)


def compare(version: DatasetVersion, split: JudgedSplit) -> BaselineComparison:
    """Classical models and evaluated runs on the same images."""
    found = Baseline.objects.filter(dataset_version=version, split=split)
    found = found.exclude(network__deleted_at__isnull=False).exclude(run__deleted_at__isnull=False)
    judged = Evaluation.objects.filter(
        dataset_version=version, split=split, run__deleted_at=None
    ).select_related("run__network")
    return BaselineComparison(
        dataset_id=version.dataset_id,
        dataset_name=version.dataset.name,
        dataset_version_id=version.id,
        split=split,
        baselines=[
            BaselineSummary(**_fields(each))
            for each in found.select_related("author").order_by("-created_at", "id")[:_LISTED]
        ],
        runs=[_judged(each) for each in judged.order_by("-created_at", "id")[:_LISTED]],
    )


def baseline_out(baseline: Baseline) -> BaselineOut:
    """A result with its table and confusion matrix."""
    return BaselineOut(
        **_fields(baseline),
        options=baseline.options,
        classes=baseline.classes,
        per_class=[EvaluationClass(**each) for each in baseline.per_class],
        confusion=baseline.confusion,
    )


def baseline_model(request: HttpRequest, baseline: Baseline) -> HttpResponseBase:
    """The arrays of a linear model; raises Problem not_found for what was not kept."""
    if baseline.kept is None:
        raise not_found("kept model")
    return blob_response(
        request,
        baseline.kept,
        content_type="application/octet-stream",
        file_name=f"{baseline.model}-{baseline.features_kind}.npz",
        is_immutable=True,
    )


def delete_baseline(baseline: Baseline) -> None:
    """Delete a result with its model."""
    project = baseline.dataset_version.dataset.project
    with transaction.atomic():
        digests = [] if baseline.kept_id is None else [baseline.kept_id]
        baseline.delete()
        release_blobs(project, digests)


def _version_for(person: Person, payload: BaselineRequest) -> DatasetVersion:
    if payload.dataset_version_id is not None:
        return access_dataset_version(person, payload.dataset_version_id, "edit")
    return pin_version(access_dataset(person, payload.dataset_id or "", "edit"), person)


def _require_layer(source: Source, layer: str | None) -> None:
    try:
        find_layer(stored_document(source.document), layer)
    except (CompileError, FeatureError) as error:
        raise Problem(Code.INVALID, str(error), "Choose another layer.") from error


def _judged(evaluation: Evaluation) -> JudgedRun:
    run = evaluation.run
    return JudgedRun(
        evaluation_id=evaluation.id,
        run_id=run.id,
        run_name=run.name or f"Run {run.number}",
        network_name=run.network.name,
        checkpoint_id=evaluation.checkpoint_id,
        accuracy=evaluation.accuracy,
        balanced_accuracy=evaluation.balanced_accuracy,
        macro_f1=macro_f1([ClassReport(**each) for each in evaluation.per_class]),
        num_items=evaluation.num_items,
        created_at=evaluation.created_at,
    )


def _fields(baseline: Baseline) -> dict[str, Any]:
    names = ("id", "dataset_version_id", "split", "features_kind", "features", "model", "title")
    names += ("network_id", "run_id", "asked", "num_features", "num_train", "num_items")
    names += ("accuracy", "balanced_accuracy", "macro_f1", "fit_seconds", "predict_seconds")
    names += ("table_bytes", "notes", "created_at")
    return {
        **{name: getattr(baseline, name) for name in names},
        "has_model": baseline.kept_id is not None,
        "author": baseline.author.name,
    }
