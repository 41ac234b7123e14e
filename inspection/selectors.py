"""What is read about predictions, explanations and evaluations."""

from __future__ import annotations

from typing import Any

from accounts.models import Person
from common.addresses import api_address
from common.errors import Code, Problem
from datasets.item_pages import items_by_id
from designer.documents import stored_document
from inspection.models import EvaluatedItem as EvaluatedItemRow
from inspection.models import Evaluation, Explanation
from inspection.schemas import (
    EvaluatedItem,
    EvaluatedItemList,
    EvaluationClass,
    EvaluationList,
    EvaluationOut,
    EvaluationSummary,
    ExplainableLayer,
    ExplanationOut,
)
from netloom.explain.layers import default_gradcam_layer, gradcam_layers
from netloom.graph.document import Document, Node
from training.access import access_checkpoint, access_run
from training.models import Checkpoint
from training.pages import cursor_of, place, read_cursor

MAX_LIMIT = 200


def explanation_out(explanation: Explanation) -> ExplanationOut:
    """An explanation with the addresses of its pictures."""
    address = api_address(f"/explanations/{explanation.id}")
    return ExplanationOut(
        id=explanation.id,
        checkpoint_id=explanation.checkpoint_id,
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


def explainable_layers(checkpoint: Checkpoint) -> list[ExplainableLayer]:
    """Layers with an image-shaped output, in the order of computation."""
    document = stored_document(checkpoint.run.network_version.document)
    default = default_gradcam_layer(document)
    layers: list[ExplainableLayer] = []
    for path, output_text in gradcam_layers(document):
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
