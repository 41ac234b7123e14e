"""Detectors in two stages: regions that may hold an object, then a look at each.

Legend: B batch, C channels, H height, W width, A anchors, T regions of an image, N detections of
an image, K classes, F features. The regions of a batch stand one after the other along the first
axis, T · B, so that ordinary layers work on them.
"""

from __future__ import annotations

from netloom.layers.attention import changed
from netloom.layers.base import (
    Argument,
    Constructor,
    Inference,
    Inputs,
    LayerType,
    Port,
    ShapeProblem,
)
from netloom.layers.box_checks import (
    BOX_NUMBERS,
    MAX_BOXES,
    SIZES_PORT,
    ChoiceParams,
    MapsToBoxes,
    needs,
    sizes_problem,
)
from netloom.layers.dense_detections import (
    AnchorDetectionsParams,
    choice_of,
    levels_problem,
)
from netloom.layers.detection import Levels, LevelsParams
from netloom.layers.detections import DETECTIONS_PORT
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import LayerParams, PositivePair, param
from netloom.layers.shapes import (
    BATCH,
    Dim,
    Shape,
    detections_shape,
    elements_per_sample,
    holds_detections,
    image_shape,
)
from netloom.layers.sizes import Size, symbol


class RegionProposalHeadParams(LevelsParams):
    """Anchors and depth."""

    num_anchors: int = param(
        3, "Anchors", "Boxes tried at every position.", minimum=1, maximum=1024, on_card=True
    )
    num_convs: int = param(
        1,
        "Convolutions",
        "Convolutions before the predictions.",
        minimum=1,
        maximum=16,
        is_advanced=True,
    )


class RegionProposalHead(Levels[RegionProposalHeadParams]):
    type_name = "RegionProposalHead"
    name_stem = "rpn_head"
    title = "Region proposal head"
    summary = "At every position and for every anchor: is there an object, and where exactly."
    docs = (
        "For each level it gives the logit of an object (B, A, H, W) and box offsets "
        "(B, A · 4, H, W), with the same weights for every level (Ren et al., 2015). Weights are "
        "called as in torchvision's RPNHead: conv.0.0.weight, cls_logits.weight, "
        "bbox_pred.weight."
    )
    aliases = ("rpn", "region proposal network", "faster r-cnn", "objectness")
    icon = "target"
    variadic_outputs = {"object": "Object", "box": "Boxes"}
    inferred = {"channels": "Channels"}
    Params = RegionProposalHeadParams

    def infer(self, params: RegionProposalHeadParams, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := self._maps_problem(inputs, same_channels=True):
            return problem
        channels = fixed_size(next(iter(inputs.values())), "C")
        anchors = params.num_anchors
        parameters: dict[str, tuple[int, ...]] = {}
        for index in range(params.num_convs):
            parameters[f"conv.{index}.0.weight"] = (channels, channels, 3, 3)
            parameters[f"conv.{index}.0.bias"] = (channels,)
        for name, width in (("cls_logits", anchors), ("bbox_pred", BOX_NUMBERS * anchors)):
            parameters[f"{name}.weight"] = (width, channels, 1, 1)
            parameters[f"{name}.bias"] = (width,)
        outputs: dict[str, Shape] = {}
        flops: Size = 0
        for level, shape in enumerate(inputs.values(), start=1):
            height, width = fixed_size(shape, "H"), fixed_size(shape, "W")
            outputs[f"object_{level}"] = image_shape(anchors, height, width)
            outputs[f"box_{level}"] = image_shape(BOX_NUMBERS * anchors, height, width)
            work = params.num_convs * channels * (18 * channels + 2)
            work += (BOX_NUMBERS + 1) * anchors * (2 * channels + 1)
            flops = flops + height * width * work
        return Inference(
            outputs, inferred={"channels": channels}, parameters=parameters, flops=flops
        )

    def constructor(self, params: RegionProposalHeadParams, inputs: Inputs) -> Constructor:
        channels = fixed_size(next(iter(inputs.values())), "C")
        return Constructor(
            self.type_name, (channels, params.num_anchors), changed(params, ("num_convs",))
        )


class RegionProposalsParams(AnchorDetectionsParams):
    """Levels, anchors and which regions are kept."""

    score_threshold: float = param(
        0.0, "Score above", "Regions with a lower score are dropped.", minimum=0, maximum=1
    )
    iou_threshold: float = param(
        0.7,
        "Overlap below",
        "A region that covers a better one of its level by a larger share of both is dropped.",
        minimum=0,
        maximum=1,
    )
    max_detections: int = param(
        1000, "Regions", "Most regions for an image.", minimum=1, maximum=MAX_BOXES, on_card=True
    )


class RegionProposals(MapsToBoxes[RegionProposalsParams]):
    type_name = "RegionProposals"
    decides_by_numbers = True
    name_stem = "proposals"
    title = "Region proposals"
    summary = "Chooses the regions of an image that are most likely to hold an object."
    docs = (
        "The best anchors of each level, corrected and cut at the border of the image, without "
        "those that overlap better ones, as torchvision's RegionProposalNetwork chooses in "
        "evaluation. Gives (B, T, 4), x1, y1, x2, y2 in pixels of the network's tensor; rows that "
        "are left over are zeros. No gradient flows back through it."
    )
    aliases = ("rpn", "faster r-cnn", "proposals", "nms")
    variadic_inputs = {"object": "Object", "box": "Boxes"}
    outputs = (Port("boxes", "Boxes"),)
    Params = RegionProposalsParams

    def output_ports(self, params: RegionProposalsParams) -> tuple[Port, ...]:
        return self.outputs

    def infer(self, params: RegionProposalsParams, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := levels_problem(self.title, params, params.sizes):
            return problem
        if problem := self.maps_problem(params, inputs, {}):
            return problem
        anchors = len(params.sizes) // params.num_levels * len(params.aspect_ratios)
        for level in range(1, params.num_levels + 1):
            for port, wanted in (
                (f"object_{level}", anchors),
                (f"box_{level}", BOX_NUMBERS * anchors),
            ):
                if fixed_size(inputs[port], "C") != wanted:
                    words = f"{wanted} channels for {anchors} anchors"
                    return needs(self.title, words, inputs[port], port)
        boxes = (BATCH, Dim("T", params.max_detections), Dim("F", BOX_NUMBERS))
        return Inference({"boxes": boxes})

    def constructor(self, params: RegionProposalsParams, inputs: Inputs) -> Constructor:
        arguments = ([*params.sizes], [*params.aspect_ratios])
        return Constructor(self.type_name, arguments, choice_of(params))


class RegionAlignParams(LevelsParams):
    """What is taken from each region."""

    output_size: PositivePair = param(
        (7, 7), "Output size", "Height and width taken from every region.", on_card=True
    )
    num_samples: int = param(
        2,
        "Samples",
        "Points per direction that each number is the mean of.",
        minimum=1,
        maximum=64,
        is_advanced=True,
    )


class RegionAlign(MapsToBoxes[RegionAlignParams]):
    type_name = "RegionAlign"
    decides_by_numbers = True
    name_stem = "roi_align"
    title = "Region align"
    summary = "Takes a piece of fixed size for every region, out of the level that fits its size."
    docs = (
        "Large regions are taken from coarse levels, small ones from fine levels (Lin et al., "
        "2017), as torchvision's MultiScaleRoIAlign does. Gives (T · B, C, height, width): the "
        "pieces of all images along the first axis, for convolutions and linear layers behind."
    )
    aliases = ("roi align", "MultiScaleRoIAlign", "roi pooling", "faster r-cnn", "mask r-cnn")
    icon = "crop"
    fixed_inputs = (Port("boxes", "Boxes"), SIZES_PORT)
    variadic_inputs = {"input": "Level"}
    outputs = (Port("output", "Output"),)
    Params = RegionAlignParams

    def output_ports(self, params: RegionAlignParams) -> tuple[Port, ...]:
        return self.outputs

    def infer(self, params: RegionAlignParams, inputs: Inputs) -> Inference | ShapeProblem:
        if problem := self.maps_problem(params, inputs, {}):
            return problem
        if problem := self._maps_problem(
            {f"input_{n}": inputs[f"input_{n}"] for n in range(1, params.num_levels + 1)},
            same_channels=True,
        ):
            return problem
        boxes = inputs["boxes"]
        count = boxes[1].size if len(boxes) == 3 else None
        if not isinstance(count, int) or boxes[2].size != BOX_NUMBERS:
            return needs(self.title, "boxes (B, T, 4) with a fixed T", boxes, "boxes")
        rows, columns = params.output_size
        shape = image_shape(fixed_size(inputs["input_1"], "C"), rows, columns)
        output = (Dim("B", symbol("B") * count), *shape[1:])
        work = elements_per_sample(output) * (8 * params.num_samples**2)
        return Inference({"output": output}, flops=work)

    def constructor(self, params: RegionAlignParams, inputs: Inputs) -> Constructor:
        kwargs: dict[str, Argument] = {"output_size": params.output_size}
        return Constructor(self.type_name, (), kwargs | changed(params, ("num_samples",)))


class RegionDetectionsParams(ChoiceParams):
    """Which boxes are kept."""

    gives_boxes: bool = param(
        False,
        "Also in pixels of the tensor",
        "Adds an output (B, T, 4) of the boxes in pixels of the network's tensor, from which a "
        "Region align takes pieces for masks and keypoints.",
        is_advanced=True,
    )


class RegionDetections(LayerType[RegionDetectionsParams]):
    type_name = "RegionDetections"
    name_stem = "detections"
    title = "Region detections"
    category = "Detection"
    summary = "Turns what was found in each region into boxes with scores and labels."
    docs = (
        "Class logits (T · B, K) and box offsets (T · B, K · 4) of the regions (B, T, 4). Softmax "
        "over the classes, of which 0 is the background, then non-maximum suppression for each "
        "class, as torchvision's RoIHeads does in evaluation. Gives (B, T, 6) in pixels of the "
        "image as it came."
    )
    aliases = ("faster r-cnn", "box head", "roi heads", "nms", "post-processing")
    icon = "box-multiple"
    has_weights = False
    inputs = (
        Port("regions", "Regions"),
        Port("scores", "Class logits"),
        Port("offsets", "Box offsets"),
        SIZES_PORT,
    )
    outputs = (DETECTIONS_PORT, Port("boxes", "Boxes", "gives_boxes"))
    Params = RegionDetectionsParams

    def infer(self, params: RegionDetectionsParams, inputs: Inputs) -> Inference | ShapeProblem:
        regions, scores, offsets = (inputs[name] for name in ("regions", "scores", "offsets"))
        count = regions[1].size if len(regions) == 3 else None
        if not isinstance(count, int) or regions[2].size != BOX_NUMBERS:
            return needs(self.title, "regions (B, T, 4) with a fixed T", regions, "regions")
        rows = symbol("B") * count
        if len(scores) != 2 or scores[0].size != rows:
            return needs(self.title, f"logits ({rows}, K), one row a region,", scores, "scores")
        classes = scores[1].size
        if not isinstance(classes, int) or classes < 2:
            return needs(self.title, "logits of a background and a class", scores, "scores")
        if len(offsets) != 2 or offsets[0].size != rows or offsets[1].size != 4 * classes:
            words = f"offsets ({rows}, {4 * classes}), four numbers a class,"
            return needs(self.title, words, offsets, "offsets")
        if problem := sizes_problem(self.title, inputs):
            return problem
        outputs = {"detections": detections_shape(params.max_detections)}
        if params.gives_boxes:
            outputs["boxes"] = (BATCH, Dim("T", params.max_detections), Dim("F", BOX_NUMBERS))
        return Inference(outputs, flops=count * classes * 30)

    def constructor(self, params: RegionDetectionsParams, inputs: Inputs) -> Constructor:
        return Constructor(
            self.type_name, (), choice_of(params) | changed(params, ("gives_boxes",))
        )


class RegionMasks(LayerType[LayerParams]):
    type_name = "RegionMasks"
    name_stem = "masks"
    title = "Region masks"
    category = "Detection"
    summary = "Puts the mask of every detection at its place in the image."
    docs = (
        "Mask logits (T · B, K, H, W) of detections (B, T, 6): the mask of each detection's class, "
        "0..1, enlarged to its box in an image of the size of the third input. Gives "
        "(B, T, H, W), zeros for rows that are left over. Computes what torchvision's Mask R-CNN "
        "does in evaluation."
    )
    aliases = ("mask r-cnn", "instance segmentation", "paste masks")
    icon = "mask"
    has_weights = False
    inputs = (DETECTIONS_PORT, Port("scores", "Mask logits"), Port("image", "Image"))
    outputs = (Port("masks", "Masks"),)
    Params = LayerParams

    def infer(self, params: LayerParams, inputs: Inputs) -> Inference | ShapeProblem:
        logits, detections, image = inputs["scores"], inputs["detections"], inputs["image"]
        if not holds_detections(detections) or not isinstance(detections[1].size, int):
            return needs(self.title, "detections", detections, "detections")
        count = detections[1].size
        if len(logits) != 4 or logits[0].size != symbol("B") * count:
            words = f"mask logits ({symbol('B') * count}, K, H, W), one map a detection,"
            return needs(self.title, words, logits, "scores")
        if logits[2].size != logits[3].size:
            return needs(self.title, "square masks", logits, "scores")
        if problem := expect_image(self.title, image):
            return ShapeProblem(problem.message, port="image")
        output = image_shape(count, fixed_size(image, "H"), fixed_size(image, "W"))
        return Inference({"masks": output}, flops=8 * elements_per_sample(output))

    def constructor(self, params: LayerParams, inputs: Inputs) -> Constructor:
        return Constructor(self.type_name)


class RegionKeypoints(LayerType[LayerParams]):
    type_name = "RegionKeypoints"
    name_stem = "keypoints"
    title = "Region keypoints"
    category = "Detection"
    summary = "Finds the points of every detection where its heat maps are highest."
    docs = (
        "Heat maps (T · B, K, H, W) of boxes (B, T, 4) in pixels of the network's tensor. Gives "
        "(B, T, K, 3): x and y in pixels of the image as it came, and the score, as torchvision's "
        "Keypoint R-CNN does in evaluation; zeros for rows that are left over."
    )
    aliases = ("keypoint r-cnn", "pose", "landmarks", "heat maps")
    icon = "stretching"
    has_weights = False
    inputs = (Port("boxes", "Boxes"), Port("maps", "Heat maps"), SIZES_PORT)
    outputs = (Port("keypoints", "Keypoints"),)
    Params = LayerParams

    def infer(self, params: LayerParams, inputs: Inputs) -> Inference | ShapeProblem:
        maps, boxes = inputs["maps"], inputs["boxes"]
        count = boxes[1].size if len(boxes) == 3 else None
        if not isinstance(count, int) or boxes[2].size != BOX_NUMBERS:
            return needs(self.title, "boxes (B, T, 4) with a fixed T", boxes, "boxes")
        if len(maps) != 4 or maps[0].size != symbol("B") * count:
            words = f"heat maps ({symbol('B') * count}, K, H, W), some for each box,"
            return needs(self.title, words, maps, "maps")
        if problem := sizes_problem(self.title, inputs):
            return problem
        points = Dim("C", maps[1].size)
        return Inference({"keypoints": (BATCH, Dim("T", count), points, Dim("F", 3))})

    def constructor(self, params: LayerParams, inputs: Inputs) -> Constructor:
        return Constructor(self.type_name)


LAYERS = (
    RegionProposalHead(),
    RegionProposals(),
    RegionAlign(),
    RegionDetections(),
    RegionMasks(),
    RegionKeypoints(),
)
