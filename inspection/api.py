"""Predictions, explanations and evaluations of trained checkpoints."""

from __future__ import annotations

from typing import Literal

from django.http.response import HttpResponseBase
from ninja import Router, Status

from accounts.access import access_project
from accounts.auth import PersonRequest
from designer.access import access_weight_set
from inspection import bundles, selectors, services
from inspection.access import access_evaluation, access_explanation
from inspection.schemas import (
    AskableWeights,
    EvaluatedItemList,
    EvaluationList,
    EvaluationOut,
    EvaluationRequest,
    ExplainableLayer,
    ExplanationOut,
    ExplanationRequest,
    PredictionOut,
    PredictionRequest,
)
from inspection.sources import Source
from jobs.access import access_job
from jobs.schemas import JobOut
from training.access import access_checkpoint

router = Router(tags=["inspection"])


@router.post("/predictions", response={202: JobOut}, operation_id="create_prediction")
def create_prediction(request: PersonRequest, payload: PredictionRequest) -> Status:
    """Ask a trained network what it sees: the likeliest classes, or the boxes of a detector.

    The job's result is what `get_prediction` answers.
    """
    return Status(202, services.request_prediction(request.person, payload))


@router.get("/predictions/{job_id}", response=PredictionOut, operation_id="get_prediction")
def get_prediction(request: PersonRequest, job_id: str) -> PredictionOut:
    """What the network said, once the job that was asked for it has succeeded."""
    return selectors.prediction_out(access_job(request.person, job_id, "view"))


@router.post("/explanations", response={202: JobOut}, operation_id="create_explanation")
def create_explanation(request: PersonRequest, payload: ExplanationRequest) -> Status:
    """Ask why; the job shows coarse maps while it works and ends in an explanation."""
    return Status(202, services.request_explanation(request.person, payload))


@router.get(
    "/explanations/{explanation_id}", response=ExplanationOut, operation_id="get_explanation"
)
def get_explanation(request: PersonRequest, explanation_id: str) -> ExplanationOut:
    explanation = access_explanation(request.person, explanation_id, "view")
    return selectors.explanation_out(explanation)


@router.get("/explanations/{explanation_id}/heatmap", operation_id="get_explanation_heatmap")
def get_explanation_heatmap(request: PersonRequest, explanation_id: str) -> HttpResponseBase:
    """The map as an 8-bit grey PNG in the size of the network's input."""
    explanation = access_explanation(request.person, explanation_id, "view")
    return services.explanation_file(request, explanation, "heatmap")


@router.get("/explanations/{explanation_id}/overlay", operation_id="get_explanation_overlay")
def get_explanation_overlay(request: PersonRequest, explanation_id: str) -> HttpResponseBase:
    """The map coloured over the image, as a PNG to keep."""
    explanation = access_explanation(request.person, explanation_id, "view")
    return services.explanation_file(request, explanation, "overlay")


@router.get("/explanations/{explanation_id}/image", operation_id="get_explanation_image")
def get_explanation_image(request: PersonRequest, explanation_id: str) -> HttpResponseBase:
    """The image as the network received it, as a PNG."""
    explanation = access_explanation(request.person, explanation_id, "view")
    return services.explanation_file(request, explanation, "image")


@router.get("/explanations/{explanation_id}/data", operation_id="get_explanation_data")
def get_explanation_data(request: PersonRequest, explanation_id: str) -> HttpResponseBase:
    """The raw map as float32 in an .npz file."""
    explanation = access_explanation(request.person, explanation_id, "view")
    return services.explanation_file(request, explanation, "data")


@router.get(
    "/checkpoints/{checkpoint_id}/layers",
    response=list[ExplainableLayer],
    operation_id="list_checkpoint_layers",
)
def list_checkpoint_layers(request: PersonRequest, checkpoint_id: str) -> list[ExplainableLayer]:
    """The layers Grad-CAM can look at, in the order of computation."""
    checkpoint = access_checkpoint(request.person, checkpoint_id, "view")
    return selectors.explainable_layers(Source(checkpoint=checkpoint))


@router.get(
    "/weights/{weight_set_id}/layers",
    response=list[ExplainableLayer],
    operation_id="list_weight_set_layers",
)
def list_weight_set_layers(request: PersonRequest, weight_set_id: str) -> list[ExplainableLayer]:
    """The layers Grad-CAM can look at of a network that came with its weights."""
    weight_set = access_weight_set(request.person, weight_set_id, "view")
    return selectors.explainable_layers(Source(weight_set=weight_set))


@router.get(
    "/projects/{project_id}/weights",
    response=list[AskableWeights],
    operation_id="list_project_weights",
)
def list_project_weights(request: PersonRequest, project_id: str) -> list[AskableWeights]:
    """Weights that came with files and can be asked without a run, newest first."""
    return selectors.askable_weights(access_project(request.person, project_id, "view"))


@router.get("/checkpoints/{checkpoint_id}/bundle", operation_id="download_checkpoint_bundle")
def download_checkpoint_bundle(request: PersonRequest, checkpoint_id: str) -> HttpResponseBase:
    """Network, weights, classes and preprocessing as one zip for `netloom predict`.

    The first download waits until it is made.
    """
    checkpoint = access_checkpoint(request.person, checkpoint_id, "view")
    return bundles.bundle_response(request, request.person, checkpoint)


@router.post("/evaluations", response={202: JobOut}, operation_id="create_evaluation")
def create_evaluation(request: PersonRequest, payload: EvaluationRequest) -> Status:
    """Run a checkpoint over a split. Evaluating on test is recorded with who and when."""
    return Status(202, services.request_evaluation(request.person, payload))


@router.get("/evaluations", response=EvaluationList, operation_id="list_evaluations")
def list_evaluations(
    request: PersonRequest,
    checkpoint: str | None = None,
    run: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> EvaluationList:
    """Evaluations of a checkpoint or of all checkpoints of a run, newest first."""
    return selectors.list_evaluations(request.person, checkpoint, run, cursor, limit)


@router.get("/evaluations/{evaluation_id}", response=EvaluationOut, operation_id="get_evaluation")
def get_evaluation(request: PersonRequest, evaluation_id: str) -> EvaluationOut:
    return selectors.evaluation_out(access_evaluation(request.person, evaluation_id, "view"))


@router.get(
    "/evaluations/{evaluation_id}/items",
    response=EvaluatedItemList,
    operation_id="list_evaluation_items",
)
def list_evaluation_items(
    request: PersonRequest,
    evaluation_id: str,
    true: int | None = None,
    predicted: int | None = None,
    order: Literal["worst", "best"] = "worst",
    cursor: str | None = None,
    limit: int = 50,
) -> EvaluatedItemList:
    """The items behind a cell of the confusion matrix, or the worst mistakes of all."""
    evaluation = access_evaluation(request.person, evaluation_id, "view")
    return selectors.evaluated_items(evaluation, true, predicted, order, cursor, limit)
