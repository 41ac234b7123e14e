"""What is read about predictions, explanations and evaluations."""

from __future__ import annotations

from typing import Any

from accounts.models import Person, Project
from common.addresses import api_address
from common.errors import Code, Problem, not_found
from datasets.item_pages import items_by_id
from designer.documents import stored_document
from designer.models import WeightSet
from inspection.models import EvaluatedItem as EvaluatedItemRow
from inspection.models import Evaluation, Explanation
from inspection.schemas import (
    AskableWeights,
    EvaluatedItem,
    EvaluatedItemList,
    EvaluationClass,
    EvaluationList,
    EvaluationOut,
    EvaluationSummary,
    ExplainableLayer,
    ExplanationOut,
    FeatureLayerOut,
    PredictionOut,
)
from inspection.services import PREDICT
from inspection.sources import Source
from jobs.models import Job, JobState
from netloom.compile.errors import CompileError
from netloom.explain.layers import default_gradcam_layer, gradcam_layers
from netloom.features.layers import default_feature_layer, feature_layers
from netloom.features.results import FeatureError
from netloom.graph.document import Document, Node
from netloom.layers.shapes import shape_text
from training.access import access_checkpoint, access_run
from training.pages import cursor_of, place, read_cursor

MAX_LIMIT = 200


def prediction_out(job: Job) -> PredictionOut:
    """The answer of a job that asked a network about one image."""
    if job.kind != PREDICT or job.state != JobState.SUCCEEDED:
        raise not_found("prediction")
    return PredictionOut.model_validate(job.result)


def explanation_out(explanation: Explanation) -> ExplanationOut:
    """An explanation with the addresses of its pictures."""
    address = api_address(f"/explanations/{explanation.id}")
    return ExplanationOut(
        id=explanation.id,
        checkpoint_id=explanation.checkpoint_id,
        weight_set_id=explanation.weight_set_id,
        method=explanation.method,  # pyright: ignore[reportArgumentType] - pydantic checks it
        layer=explanation.layer,
        target_class=explanation.target_class,
        class_name=explanation.class_name,
        probability=explanation.probability,
        min=explanation.min,
        max=explanation.max,
        options=explanation.options,
        seconds=explanation.seconds,
        rows_forwarded=explanation.rows_forwarded,
        r2=explanation.r2,
        width=explanation.width,
        height=explanation.height,
        source_box=explanation.source_box,
        item_id=explanation.item_id,
        image_name=explanation.image_name,
        heatmap_url=f"{address}/heatmap",
        overlay_url=f"{address}/overlay",
        input_image_url=f"{address}/image",
        data_url=f"{address}/data",
        author=explanation.author.name,
        created_at=explanation.created_at,
    )


def explainable_layers(source: Source) -> list[ExplainableLayer]:
    """Layers with an image-shaped output, in the order of computation."""
    document = stored_document(source.document)
    try:
        default, found = default_gradcam_layer(document), gradcam_layers(document)
    except CompileError as error:
        raise _cannot_run(error) from error
    layers: list[ExplainableLayer] = []
    for path, output_text in found:
        node, name = _node_at(document, path)
        layers.append(
            ExplainableLayer(
                path=path,
                name=name,
                type=node.type,
                output_text=output_text,
                is_convolution=node.type.startswith("Conv"),
                is_default=path == default,
            )
        )
    return layers


def askable_weights(project: Project) -> list[AskableWeights]:
    """Weights of the project's networks, newest first; an architecture alone is none."""
    found = WeightSet.objects.filter(
        network__project=project, network__deleted_at=None, num_tensors__gt=0
    )
    rows = found.select_related("network").defer("document", "report", "network__document")
    return [
        AskableWeights(
            id=each.pk,
            network_id=each.network_id,
            network_name=each.network.name,
            source=each.source,
            format=each.format,
            classes=each.classes,
            created_at=each.created_at,
        )
        for each in rows.order_by("-created_at", "pk")[:MAX_LIMIT]
    ]


def feature_layers_of(source: Source) -> list[FeatureLayerOut]:
    """Layers whose output can be taken as features, in the order of computation."""
    document = stored_document(source.document)
    try:
        default, layers = default_feature_layer(document).path, feature_layers(document)
    except (CompileError, FeatureError) as error:
        raise _cannot_run(error) from error
    return [
        FeatureLayerOut(
            path=layer.path,
            name=layer.name,
            type=layer.type,
            output_text=shape_text(layer.shape),
            num_features={
                "average": layer.num_features("average"),
                "max": layer.num_features("max"),
                "flat": layer.num_features("flat"),
            },
            is_default=layer.path == default,
        )
        for layer in layers
    ]


def _cannot_run(error: Exception) -> Problem:
    return Problem(
        Code.DOCUMENT_INVALID,
        f"The network cannot be run: {error}",
        "Mend it in the designer, and train it or open it again.",
    )


def list_evaluations(
    person: Person, checkpoint_id: str | None, run_id: str | None, cursor: str | None, limit: int
) -> EvaluationList:
    """Evaluations of a checkpoint or a run, newest first; one of the two must be named."""
    if checkpoint_id is not None:
        rows = Evaluation.objects.filter(
            checkpoint=access_checkpoint(person, checkpoint_id, "view")
        )
    elif run_id is not None:
        rows = Evaluation.objects.filter(run=access_run(person, run_id, "view"))
    else:
        raise Problem(
            Code.INVALID, "Evaluations of what?", "Name a checkpoint or a run in the address."
        )
    total = rows.count()
    start = read_cursor(cursor, place) or 0
    limit = _limit(limit)
    page = list(rows.select_related("author").order_by("-created_at", "id")[start:][: limit + 1])
    return EvaluationList(
        items=[EvaluationSummary(**_summary_fields(one)) for one in page[:limit]],
        total=total,
        next=cursor_of(start + limit) if len(page) > limit else None,
    )


def evaluation_out(evaluation: Evaluation) -> EvaluationOut:
    """An evaluation with its table and confusion matrix."""
    return EvaluationOut(
        **_summary_fields(evaluation),
        classes=evaluation.classes,
        per_class=[EvaluationClass(**one) for one in evaluation.per_class],
        confusion=evaluation.confusion,
    )


def evaluated_items(
    evaluation: Evaluation,
    true: int | None,
    predicted: int | None,
    order: str,
    cursor: str | None,
    limit: int,
) -> EvaluatedItemList:
    """A page of items by loss. The cursor is the loss and row id of the last one."""
    rows = EvaluatedItemRow.objects.filter(evaluation=evaluation, item__is_removed=False)
    if true is not None:
        rows = rows.filter(label=true)
    if predicted is not None:
        rows = rows.filter(predicted=predicted)
    total = rows.count()
    is_worst = order == "worst"
    after = read_cursor(cursor, _loss_and_id)
    if after is not None:
        loss, row_id = after
        further = {"loss__lt" if is_worst else "loss__gt": loss}
        rows = rows.filter(**further) | rows.filter(loss=loss, id__gt=row_id)
    limit = _limit(limit)
    page = list(rows.order_by("-loss" if is_worst else "loss", "id")[: limit + 1])
    shown = page[:limit]
    items = items_by_id(evaluation.dataset_version.dataset_id, [row.item_id for row in shown])
    last = shown[-1] if shown else None
    return EvaluatedItemList(
        items=[
            EvaluatedItem(
                item=items[row.item_id],
                label=row.label,
                predicted=row.predicted,
                confidence=row.confidence,
                loss=row.loss,
            )
            for row in shown
            if row.item_id in items
        ],
        total=total,
        next=cursor_of(f"{last.loss!r}:{last.id}") if last and len(page) > limit else None,
    )


def _summary_fields(evaluation: Evaluation) -> dict[str, Any]:
    names = ("id", "checkpoint_id", "run_id", "dataset_version_id", "split", "accuracy")
    names += ("balanced_accuracy", "loss", "num_items", "created_at")
    fields = {name: getattr(evaluation, name) for name in names}
    return {**fields, "author": evaluation.author.name}


def _loss_and_id(cursor: str) -> tuple[float, int]:
    loss, row_id = cursor.split(":")
    return float(loss), int(row_id)


def _limit(limit: int) -> int:
    return min(max(limit, 1), MAX_LIMIT)


def _node_at(document: Document, path: str) -> tuple[Node, str]:
    """The node a path means and its name with those of the blocks around it."""
    graph = document.graph
    first, *inner = path.split("/")
    node = graph.nodes[first]
    names = [node.name]
    for node_id in inner:
        if node.block is None:
            break
        node = graph.blocks[node.block].nodes[node_id]
        names.append(node.name)
    return node, "/".join(names)
