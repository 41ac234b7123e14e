"""Put a choice of boxes behind a network that gives boxes and scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netloom.analyze import analyze
from netloom.graph.document import Endpoint, ParamValue, Position
from netloom.layers.box_checks import BOX_NUMBERS, MAX_BOXES
from netloom.layers.params import param
from netloom.layers.shapes import DimJson
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.edit import STEP_PX, GraphEdit
from netloom.surgery.feature_maps import image_inputs


class BoxesParams(ActParams):
    score_threshold: float = param(
        0.5, "Score above", "Boxes with a lower score are dropped.", minimum=0, maximum=1
    )
    iou_threshold: float = param(
        0.5,
        "Overlap below",
        "A box that covers a better one of its class by a larger share is dropped.",
        minimum=0,
        maximum=1,
    )
    max_detections: int = param(
        100, "Detections", "Most boxes for an image.", minimum=1, maximum=MAX_BOXES
    )
    box_format: Literal["corners", "center"] = param(
        "corners", "Boxes are", "corners: x1, y1, x2, y2; center: x, y, width, height."
    )
    scores: Literal["as they are", "sigmoid", "softmax"] = param(
        "as they are", "Scores are", "What makes a score of what arrives."
    )
    background: int = param(
        -1, "Background", "Class that means nothing is there, from 0; -1 if there is none.",
        minimum=-1, maximum=1_000_000,
    )  # fmt: skip
    is_relative: bool = param(
        True, "In shares of the image", "Off where the network gives boxes in pixels."
    )


class ChooseBoxes(Act[BoxesParams]):
    id = "choose_boxes"
    title = "Choose the best boxes"
    summary = (
        "Puts non-maximum suppression behind a network that gives boxes (B, N, 4) and scores "
        "(B, N, K) as outputs: one output of detections takes their place."
    )
    places = ("network",)
    Params = BoxesParams

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        try:
            found = _find(context)
        except ActRefused:
            return {}
        # Two classes of which one says that nothing is there: so detectors of one thing are made.
        return {"background": 0 if found.num_classes == 2 else -1}

    def perform(self, context: Context, params: BoxesParams) -> Outcome:
        found = _find(context)
        edit = GraphEdit(context.document, None)
        values: dict[str, ParamValue] = {
            name: getattr(params, name) for name in type(params).model_fields
        }
        images = image_inputs(context)
        if params.is_relative and len(images) != 1:
            raise ActRefused(
                "Boxes in shares of the image need one image input, whose size they take."
            )
        place = edit.place(found.boxes_output)
        edit.remove([found.boxes_output, found.scores_output])
        new_id = edit.add("Detections", values, near=place)
        edit.connect(found.boxes, Endpoint(node=new_id, port="boxes"))
        edit.connect(found.scores, Endpoint(node=new_id, port="scores"))
        if params.is_relative:
            edit.connect(
                Endpoint(node=images[0], port="output"), Endpoint(node=new_id, port="image")
            )
        behind = None if place is None else Position(x=place.x + STEP_PX, y=place.y)
        output_id = edit.add("Output", {}, near=behind, stem="detected")
        edit.connect(
            Endpoint(node=new_id, port="detections"), Endpoint(node=output_id, port="input")
        )
        return Outcome("Choose the best boxes", edit, (), [new_id])


@dataclass(frozen=True, slots=True)
class _Found:
    """The two outputs of a network that gives boxes."""

    boxes_output: str
    scores_output: str
    boxes: Endpoint
    scores: Endpoint
    num_classes: int | str


def _find(context: Context) -> _Found:
    graph = context.document.graph
    analysis = analyze(context.document)
    sources: dict[str, Endpoint] = {}
    shapes: dict[str, list[DimJson]] = {}
    for edge in graph.edges.values():
        found = analysis.nodes.get(edge.source.node)
        target = graph.nodes.get(edge.target.node)
        if target is not None and target.type == "Output" and found is not None:
            sources[edge.target.node] = edge.source
            shapes[edge.target.node] = found.outputs.get(edge.source.port, [])
    for box, shape in sorted(shapes.items()):
        for key, other in sorted(shapes.items()):
            is_pair = key != box and _is_rows(shape, BOX_NUMBERS) and _is_rows(other)
            if is_pair and other[1]["size"] == shape[1]["size"]:
                return _Found(box, key, sources[box], sources[key], other[2]["size"])
    raise ActRefused(
        "No two outputs are boxes (B, N, 4) and scores (B, N, K) with a row for each box. Give the "
        "network such outputs, or add a Detections layer by hand."
    )


def _is_rows(shape: list[DimJson], width: int | None = None) -> bool:
    return len(shape) == 3 and shape[0]["axis"] == "B" and width in (None, shape[2]["size"])


ACTS = (ChooseBoxes(),)
