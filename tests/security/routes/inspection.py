from __future__ import annotations

import zlib
from typing import Any

from inspection.exports import EXPORT
from inspection.models import (
    Baseline,
    Evaluation,
    Explanation,
    Export,
    PredictionTable,
    Preview,
)
from inspection.previews import PREVIEW
from inspection.schemas import PredictionOut
from inspection.services import PREDICT
from jobs.models import Job, JobState, Lane
from netloom.formats.exported import ExportReport
from netloom.serve.requests import Preview as PreviewAnswer
from storage.services import store_bytes
from tests.security.routes import Route, World
from tests.security.routes.datasets import dataset_version, item
from tests.security.routes.designer import EMPTY, network
from tests.security.routes.training import checkpoint, run


def _question(world: World) -> dict[str, Any]:
    return {"checkpoint_id": checkpoint(world).id, "item_id": item(world).id}


ROUTES = {
    "create_prediction": Route("view", _question),
    "get_prediction": Route("view"),
    "create_explanation": Route("view", lambda world: {**_question(world), "method": "occlusion"}),
    "get_explanation": Route("view"),
    "get_explanation_heatmap": Route("view"),
    "get_explanation_overlay": Route("view"),
    "get_explanation_image": Route("view"),
    "get_explanation_data": Route("view"),
    "list_checkpoint_layers": Route("view"),
    "download_checkpoint_bundle": Route("view"),
    "create_evaluation": Route("edit", lambda world: {"checkpoint_id": checkpoint(world).id}),
    "list_evaluations": Route("view", query=lambda world: f"run={run(world).id}"),
    "get_evaluation": Route("view"),
    "list_evaluation_items": Route("view"),
    "list_weight_set_layers": Route("view"),
    "list_project_weights": Route("view"),
    "create_prediction_table": Route(
        "edit",
        lambda world: {
            "weights": {"type": "checkpoint", "checkpoint_id": checkpoint(world).id},
            "dataset_version_id": dataset_version(world).id,
        },
    ),
    "list_prediction_tables": Route("view", query=lambda world: f"project={world.project.id}"),
    "get_prediction_table": Route("view"),
    "list_predicted_rows": Route("view"),
    "download_prediction_table": Route("view"),
    "delete_prediction_table": Route("edit"),
    "create_baselines": Route(
        "edit", lambda world: {"dataset_version_id": dataset_version(world).id}
    ),
    "compare_on_version": Route("view"),
    "get_baseline": Route("view"),
    "download_baseline": Route("view"),
    "delete_baseline": Route("edit"),
    "list_checkpoint_feature_layers": Route("view"),
    "list_weight_set_feature_layers": Route("view"),
    "create_preview": Route("view", lambda world: {"document": EMPTY, "page": "a"}),
    "get_preview": Route("mine"),
    "list_export_formats": Route("view"),
    "create_export": Route("view", {"format": "document"}),
    "get_export": Route("view"),
    "download_export": Route("view"),
}


def _explanation(world: World) -> str:
    blob = store_bytes(world.project, b"picture")
    return Explanation.objects.create(
        run=run(world),
        checkpoint=checkpoint(world),
        image_name="a.png",
        method="gradcam",
        target_class=0,
        class_name="cat",
        probability=0.5,
        options={},
        min=0.0,
        max=1.0,
        seconds=0.1,
        rows_forwarded=1,
        width=8,
        height=8,
        source_box=[0, 0, 8, 8],
        heatmap=blob,
        overlay=blob,
        image=blob,
        data=blob,
        author=world.people["owner"],
    ).id


def _evaluation(world: World) -> str:
    return Evaluation.objects.create(
        run=run(world),
        checkpoint=checkpoint(world),
        dataset_version=dataset_version(world),
        split="validation",
        classes=["cat"],
        accuracy=1.0,
        balanced_accuracy=1.0,
        loss=0.0,
        per_class=[],
        confusion=[[1]],
        num_items=1,
        author=world.people["owner"],
    ).id


def _table(world: World) -> str:
    return PredictionTable.objects.create(
        network=network(world),
        run=run(world),
        checkpoint=checkpoint(world),
        asked="a run",
        dataset_version=dataset_version(world),
        classes=["cat"],
        dataset_classes=["cat"],
        top_k=1,
        num_items=0,
        csv=store_bytes(world.project, b"image"),
        author=world.people["owner"],
    ).id


def _baseline(world: World) -> str:
    return Baseline.objects.create(
        dataset_version=dataset_version(world),
        split="validation",
        features_kind="pixels",
        features="Raw pixels",
        model="logistic",
        title="Logistic regression",
        num_features=1,
        num_train=1,
        num_items=1,
        accuracy=1.0,
        balanced_accuracy=1.0,
        macro_f1=1.0,
        classes=["cat"],
        per_class=[],
        confusion=[[1]],
        fit_seconds=0.1,
        predict_seconds=0.1,
        table_bytes=4,
        kept=store_bytes(world.project, b"model"),
        author=world.people["owner"],
    ).id


def _preview(world: World) -> str:
    job = Job.objects.create(
        kind=PREVIEW,
        lane=Lane.INTERACTIVE,
        state=JobState.SUCCEEDED,
        person=world.people["owner"],
    )
    answer = PreviewAnswer(nodes={}, notes=[], num_fitted=None, num_tensors=None, seconds=0.1)
    Preview.objects.create(
        job=job,
        network=network(world),
        content=zlib.compress(answer.model_dump_json().encode()),
    )
    return job.id


def _export(world: World) -> str:
    job = Job.objects.create(kind=EXPORT, lane=Lane.BULK, state=JobState.SUCCEEDED)
    report = ExportReport(format="document", title="Netloom network", files=[])
    Export.objects.create(
        job=job,
        network=network(world),
        blob=store_bytes(world.project, b"network"),
        format="document",
        file_name="network.json",
        report=report.model_dump(mode="json"),
    )
    return job.id


def _prediction(world: World) -> str:
    told = PredictionOut(
        checkpoint_id=checkpoint(world).id,
        weight_set_id=None,
        item_id=item(world).id,
        probabilities=[],
        found=None,
        is_as_drawn=False,
        image_url="data:,",
        input_shape=[1, 1, 8, 8],
        seconds=0.1,
    )
    return Job.objects.create(
        kind=PREDICT,
        lane=Lane.INTERACTIVE,
        state=JobState.SUCCEEDED,
        project=world.project,
        person=world.people["owner"],
        result=told.model_dump(mode="json"),
    ).id


OBJECTS = {
    "get_prediction.job_id": _prediction,
    "explanation_id": _explanation,
    "evaluation_id": _evaluation,
    "preview_id": _preview,
    "export_id": _export,
    "table_id": _table,
    "baseline_id": _baseline,
}
