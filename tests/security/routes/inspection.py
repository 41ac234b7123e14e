from __future__ import annotations

from datasets.models import Item
from inspection.models import Evaluation, Explanation
from tests.security.routes import Route, World
from tests.security.routes.training import make_checkpoint, make_dataset_version


def _item(world: World) -> Item:
    return Item.objects.create(
        dataset=make_dataset_version(world).dataset,
        position=1,
        file_name="a.png",
        source="a.png",
        sha256="1" * 64,
        size_bytes=1,
        format="PNG",
        mode="rgb",
        width=8,
        height=8,
        split="train",
        state="unlabeled",
    )


def _image(world: World) -> dict[str, object]:
    return {"checkpoint_id": make_checkpoint(world).id, "item_id": _item(world).id}


def _explanation(world: World) -> str:
    checkpoint = make_checkpoint(world)
    blob = checkpoint.blob
    return Explanation.objects.create(
        run=checkpoint.run,
        checkpoint=checkpoint,
        image_name="a.png",
        method="gradcam",
        layer="conv",
        target_class=0,
        class_name="cat",
        probability=0.5,
        options={"seed": 0},
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
    checkpoint = make_checkpoint(world)
    return Evaluation.objects.create(
        run=checkpoint.run,
        checkpoint=checkpoint,
        dataset_version=make_dataset_version(world),
        split="test",
        classes=["cat", "dog"],
        accuracy=1.0,
        balanced_accuracy=1.0,
        loss=0.0,
        per_class=[],
        confusion=[[1, 0], [0, 1]],
        num_items=2,
        author=world.people["owner"],
    ).id


ROUTES = {
    "create_prediction": Route("view", _image),
    "create_explanation": Route("view", lambda world: {**_image(world), "method": "gradcam"}),
    "get_explanation": Route("view"),
    "get_explanation_heatmap": Route("view"),
    "get_explanation_overlay": Route("view"),
    "get_explanation_image": Route("view"),
    "get_explanation_data": Route("view"),
    "list_checkpoint_layers": Route("view"),
    "download_checkpoint_bundle": Route("view"),
    "create_evaluation": Route("edit", lambda world: {"checkpoint_id": make_checkpoint(world).id}),
    "list_evaluations": Route(
        "view", query=lambda world: f"checkpoint={make_checkpoint(world).id}"
    ),
    "get_evaluation": Route("view"),
    "list_evaluation_items": Route("view"),
}

OBJECTS = {"explanation_id": _explanation, "evaluation_id": _evaluation}
