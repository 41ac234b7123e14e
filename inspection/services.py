"""What people ask of trained networks; every question is a job in the interactive lane."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person
from common.errors import Code, Problem, not_found
from datasets.access import access_dataset, access_dataset_version, access_item
from datasets.models import DatasetVersion
from datasets.services import pin_version
from inspection.models import Explanation
from inspection.schemas import (
    EvaluationRequest,
    ExplanationRequest,
    ImageChoice,
    PredictionRequest,
)
from inspection.sources import Source, access_source
from jobs.schemas import JobOut
from jobs.selectors import job_out, unfinished_job
from jobs.services import enqueue
from storage.access import access_complete_upload
from storage.services import blob_response
from training.access import access_checkpoint
from training.models import Checkpoint

PREDICT = "inspection.predict"
EXPLAIN = "inspection.explain"
EVALUATE = "inspection.evaluate"
BUNDLE = "inspection.bundle"

Picture = Literal["heatmap", "overlay", "image", "data"]


def request_prediction(person: Person, payload: PredictionRequest) -> JobOut:
    """Queue a prediction for one image."""
    source = _source_for(person, payload)
    return _enqueue(PREDICT, person, source, _asked(payload, source), "Looking at the image")


def request_explanation(person: Person, payload: ExplanationRequest) -> JobOut:
    """Queue an explanation of what the checkpoint says of one image."""
    source = _source_for(person, payload)
    num_classes = len(source.classes)
    # Of a file that names no classes nobody knows the number before its network is loaded.
    if num_classes and payload.target_class is not None and payload.target_class >= num_classes:
        raise Problem(
            Code.INVALID,
            f"There is no class {payload.target_class}; the network tells {num_classes} apart.",
            f"Choose one from 0 to {num_classes - 1}.",
        )
    return _enqueue(
        EXPLAIN,
        person,
        source,
        _asked(payload, source),
        f"Explaining by {payload.method}",
    )


def request_evaluation(person: Person, payload: EvaluationRequest) -> JobOut:
    """Queue an evaluation; the version it runs on is pinned now.

    The same one, when it waits or runs already, is not done twice: its job is the answer.
    """
    checkpoint = access_checkpoint(person, payload.checkpoint_id, "edit")
    version = _version_for(person, checkpoint, payload)
    names = [entry["name"] for entry in version.classes]
    trained_on = [entry["name"] for entry in checkpoint.run.dataset_version.classes]
    if names != trained_on:
        raise Problem(
            Code.INVALID,
            "The dataset's classes are not those the network was trained on.",
            "Choose a dataset with the same classes in the same order.",
            dataset_classes=names,
            network_classes=trained_on,
        )
    asked: dict[str, object] = {
        "checkpoint_id": checkpoint.id,
        "dataset_version_id": version.id,
        "split": payload.split,
    }
    present = unfinished_job(EVALUATE, ("checkpoint", checkpoint.id), asked)
    if present is not None:
        return job_out(present)
    source = Source(checkpoint=checkpoint)
    return _enqueue(EVALUATE, person, source, asked, f"Evaluating on {payload.split}")


def explanation_file(
    request: HttpRequest, explanation: Explanation, which: Picture
) -> HttpResponseBase:
    """One of the files of an explanation; they never change."""
    is_picture = which != "data"
    return blob_response(
        request,
        getattr(explanation, which),
        content_type="image/png" if is_picture else "application/octet-stream",
        file_name=f"{explanation.method}-{which}.{'png' if is_picture else 'npz'}",
        is_immutable=True,
    )


def _source_for(person: Person, choice: ImageChoice) -> Source:
    """Check that the person may see network and image both."""
    source = access_source(person, choice.source, "view")
    project_id = source.project.pk
    if choice.item_id is not None:
        item = access_item(person, choice.item_id, "view")
        require_project(item.dataset.project_id, project_id)
    if choice.upload_id is not None:
        access_complete_upload(person, choice.upload_id, project_id)
    return source


def _asked(payload: ImageChoice, source: Source) -> dict[str, object]:
    return {**payload.model_dump(mode="json", exclude={"weights"}), **source.payload}


def _version_for(
    person: Person, checkpoint: Checkpoint, payload: EvaluationRequest
) -> DatasetVersion:
    if payload.dataset_version_id is not None:
        version = access_dataset_version(person, payload.dataset_version_id, "view")
        require_project(version.dataset.project_id, checkpoint.run.project_id)
        return version
    if payload.dataset_id is not None:
        dataset = access_dataset(person, payload.dataset_id, "view")
        require_project(dataset.project_id, checkpoint.run.project_id)
        return pin_version(dataset, person)
    return checkpoint.run.dataset_version


def require_project(project_id: str, network_project_id: str) -> None:
    """Answers are shown to everyone in the network's project; so must the images be already."""
    if project_id != network_project_id:
        raise not_found("data in this project")


def _enqueue(
    kind: str, person: Person, source: Source, payload: dict[str, object], message: str
) -> JobOut:
    job = enqueue(
        kind,
        payload,
        person=person,
        project=source.project,
        subject=source.subject,
        message=message,
    )
    return job_out(job)
