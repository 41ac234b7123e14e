"""Put a choice of boxes behind a network that gives boxes and scores, or raw numbers for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from netloom.analyze import Analysis, analyze
from netloom.graph.document import Endpoint, ParamValue, Position, Scalar
from netloom.layers.box_checks import BOX_NUMBERS, MAX_BOXES
from netloom.layers.params import FloatList, param
from netloom.layers.raw_boxes import PriorBoxesParams
from netloom.layers.shapes import DimJson
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.edit import STEP_PX, GraphEdit
from netloom.surgery.feature_maps import image_inputs
from netloom.surgery.raw_boxes import (
    KnownPriors,
    Level,
    is_box_grid,
    known_priors,
    offset_levels,
    shape_at,
    strides_of,
)

_PRIORS = tuple(PriorBoxesParams.model_fields)


class _ChoiceParams(ActParams):
    box_format: Literal["corners", "center", "offsets", "grid"] = param(
        "corners",
        "Boxes are",
        "corners: x1, y1, x2, y2; center: x, y, width, height; offsets: from prior boxes, which "
        "the network was trained with; grid: cells of a map.",
    )
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


class BoxesParams(PriorBoxesParams, _ChoiceParams):
    """The choice first, then prior boxes; a file does not say how large these are."""

    sizes: FloatList = param(
        (),
        "Prior sizes",
        "Side of each prior box, level by level: those that the network was trained with.",
        unit="px",
    )


class ChooseBoxes(Act[BoxesParams]):
    id = "choose_boxes"
    title = "Choose the best boxes"
    summary = (
        "Puts non-maximum suppression behind a network that gives boxes (B, N, 4) and scores "
        "(B, N, K), or offsets from prior boxes, or a map of boxes: one output of detections takes "
        "their place."
    )
    places = ("network",)
    Params = BoxesParams

    def choices(self, context: Context) -> dict[str, list[Scalar]]:
        try:
            found = _find(context)
        except ActRefused:
            return {}
        if found.scores is None:
            return {"box_format": ["grid"]}
        pairs: list[Scalar] = ["corners", "center", "offsets"]
        return {"box_format": ["offsets", *pairs[:2]] if found.levels else pairs}

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        try:
            found = _find(context)
        except ActRefused:
            return {}
        # Two classes of which one says that nothing is there: so detectors of one thing are made.
        values: dict[str, ParamValue] = {"background": 0 if found.num_classes == 2 else -1}
        if found.levels:
            values["sizes_per_level"] = [level.num_boxes for level in found.levels]
        if found.strides:
            values["strides"] = [*found.strides]
        if found.known is not None:
            values |= {"sizes": [*found.known.sizes], "is_clipped": found.known.is_clipped}
        return values

    def asks(self, name: str, chosen: Mapping[str, ParamValue]) -> bool:
        box_format = chosen.get("box_format")
        if name in _PRIORS:
            return box_format == "offsets"
        if name == "is_relative":
            return box_format in ("corners", "center")
        return name != "scores" or box_format != "grid"

    def perform(self, context: Context, params: BoxesParams) -> Outcome:
        found = _find(context)
        is_raw = params.box_format in ("offsets", "grid")
        if (params.box_format == "grid") != (found.scores is None):
            raise ActRefused(f"“{params.box_format}” does not fit what this network gives.")
        images = image_inputs(context)
        if (is_raw or params.is_relative) and len(images) != 1:
            raise ActRefused(
                "Boxes in shares of the image need one image input, whose size they take."
            )
        edit = GraphEdit(context.document, None)
        place = edit.place(found.outputs[0])
        edit.remove(found.outputs)
        image = Endpoint(node=images[0], port="output") if images else None
        boxes, scores, decoder = found.boxes, found.scores, None
        if params.box_format == "offsets":
            decoder = edit.add("PriorBoxes", _prior_values(params), near=place)
            edit.connect(boxes, Endpoint(node=decoder, port="offsets"))
            if image is not None:
                edit.connect(image, Endpoint(node=decoder, port="image"))
        elif params.box_format == "grid":
            decoder = edit.add("GridBoxes", {}, near=place)
            edit.connect(boxes, Endpoint(node=decoder, port="input"))
            scores = Endpoint(node=decoder, port="scores")
        if decoder is not None:
            boxes, place = Endpoint(node=decoder, port="boxes"), _behind(place)
        new_id = edit.add("Detections", _choice_values(params, is_raw), near=place)
        edit.connect(boxes, Endpoint(node=new_id, port="boxes"))
        if scores is not None:
            edit.connect(scores, Endpoint(node=new_id, port="scores"))
        if image is not None and (is_raw or params.is_relative):
            edit.connect(image, Endpoint(node=new_id, port="image"))
        output_id = edit.add("Output", {}, near=_behind(place), stem="detected")
        edit.connect(
            Endpoint(node=new_id, port="detections"), Endpoint(node=output_id, port="input")
        )
        warnings = _warnings(found, params) if params.box_format == "offsets" else []
        selected = [new_id] if decoder is None else [decoder, new_id]
        return Outcome("Choose the best boxes", edit, warnings, selected)


def _prior_values(params: BoxesParams) -> dict[str, ParamValue]:
    if not params.sizes:
        raise ActRefused(
            f"The file does not say how large its {sum(params.sizes_per_level)} prior boxes at the "
            "positions of its levels are. Enter the sizes that the network was trained with."
        )
    return params.model_dump(mode="json", include={*_PRIORS})


def _choice_values(params: BoxesParams, is_raw: bool) -> dict[str, ParamValue]:
    names = ("score_threshold", "iou_threshold", "max_detections", "scores", "background")
    values: dict[str, ParamValue] = {name: getattr(params, name) for name in names}
    if params.box_format == "grid":
        values["scores"] = "as they are"
    values["box_format"] = "corners" if is_raw else params.box_format
    values["is_relative"] = is_raw or params.is_relative
    return values


def _warnings(found: _Found, params: BoxesParams) -> list[str]:
    known = found.known
    if known is None or params.sizes != known.sizes:
        return []
    words = [
        "The file does not say how large its prior boxes are. Proposed are those published with "
        f"{known.name}, which have exactly this grid."
    ]
    if known.pixels:
        words.append(f"These were trained on {known.pixels}. Check the image input.")
    return words


def _behind(place: Position | None) -> Position | None:
    return None if place is None else Position(x=place.x + STEP_PX, y=place.y)


@dataclass(frozen=True, slots=True)
class _Found:
    """The outputs of a network that gives boxes.

    Attributes:
        outputs: Nodes whose place the detections take.
        scores: None where one map has boxes and scores.
        levels: Of boxes that are offsets still; with strides where they fit the image.
    """

    outputs: list[str]
    boxes: Endpoint
    scores: Endpoint | None
    num_classes: int | str
    levels: tuple[Level, ...] = ()
    strides: tuple[int, ...] = field(default=())

    @property
    def known(self) -> KnownPriors | None:
        return known_priors(self.strides, self.levels)


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
                levels = offset_levels(graph, analysis, sources[box])
                if sum(level.num_rows for level in levels) != shape[1]["size"]:
                    levels = ()
                strides = strides_of(levels, *_image_size(context, analysis))
                return _Found(
                    [box, key], sources[box], sources[key], other[2]["size"], levels, strides
                )
    if len(sources) == 1:
        [(output, source)] = sources.items()
        if is_box_grid(graph, analysis, source):
            return _Found([output], source, None, "")
    raise ActRefused(
        "No two outputs are boxes (B, N, 4) and scores (B, N, K) with a row for each box, and none "
        "is a map of objectness, box and classes. Give the network such outputs, or add a "
        "Detections layer by hand."
    )


def _image_size(context: Context, analysis: Analysis) -> tuple[int, int]:
    """Return height and width of the one image input; zeros without."""
    images = image_inputs(context)
    image = Endpoint(node=images[0], port="output") if len(images) == 1 else None
    shape = [] if image is None else shape_at(analysis, image)
    sizes = [dim["size"] for dim in shape[2:] if isinstance(dim["size"], int)]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (0, 0)


def _is_rows(shape: list[DimJson], width: int | None = None) -> bool:
    return len(shape) == 3 and shape[0]["axis"] == "B" and width in (None, shape[2]["size"])


ACTS = (ChooseBoxes(),)
