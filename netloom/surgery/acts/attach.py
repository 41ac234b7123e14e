"""A classifier as backbone: a feature pyramid or a U-Net decoder at layers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from netloom.graph.document import Endpoint, ParamValue, Position
from netloom.layers.detection import MAX_LEVELS
from netloom.layers.params import MAX_SIZE, param
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.edit import ROW_PX, STEP_PX, GraphEdit
from netloom.surgery.feature_maps import (
    FeatureMap,
    ancestors,
    feature_maps,
    image_inputs,
    named_levels,
    proposed_levels,
    tapped,
)

_MOST_PROPOSED = 4
_FEWEST = 2
_ANCHOR_SCALES = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
_ANCHOR_STRIDES = 4
"""Sides of the smallest anchor of a level, in positions."""


class AttachParams(ActParams):
    layers: str = param(
        "",
        "At layers",
        "Names with commas between, each of another resolution: inner.layer inside a block. The "
        "last layer of each resolution is proposed.",
    )
    num_classes: int = param(
        2, "Classes", "Kinds of objects, or of pixels.", minimum=1, maximum=1_000_000
    )
    freeze_backbone: bool = param(
        False, "Freeze the backbone", "Only what is new learns, which is a good first run."
    )


class PyramidParams(AttachParams):
    head: Literal["anchor-free", "anchors", "pixels"] = param(
        "anchor-free",
        "For",
        "anchor-free: boxes as FCOS finds them. anchors: boxes as RetinaNet finds them. pixels: a "
        "class for every pixel.",
    )
    channels: int = param(
        256, "Channels", "Width of every level of the pyramid.", minimum=1, maximum=MAX_SIZE
    )


class DecoderParams(AttachParams):
    channels: int = param(
        256,
        "Most channels",
        "Width of the decoder at most; a level is no wider than the map it takes.",
        minimum=1,
        maximum=MAX_SIZE,
    )


A = TypeVar("A", bound=AttachParams)


@dataclass(slots=True)
class _Site:
    """Where layers are being put.

    Attributes:
        size: Height and width of the image.
        added: Nodes that were put there.
    """

    edit: GraphEdit
    levels: list[FeatureMap]
    taps: list[Endpoint]
    image: str
    size: tuple[int, int]
    at: Position | None
    added: list[str]

    def put(
        self,
        type_name: str,
        values: Mapping[str, ParamValue],
        sources: Mapping[str, Endpoint],
        *,
        row: int = 0,
        stem: str | None = None,
    ) -> str:
        """Add a layer to the right of what was added last, connected; returns its id."""
        near = None
        if self.at is not None:
            self.at = Position(x=self.at.x + STEP_PX, y=self.at.y)
            near = Position(x=self.at.x, y=self.at.y + row * ROW_PX)
        node_id = self.edit.add(type_name, dict(values), near=near, stem=stem)
        for port, source in sources.items():
            self.edit.connect(source, Endpoint(node=node_id, port=port))
        self.added.append(node_id)
        return node_id

    def then(self, source: Endpoint, type_name: str, **values: ParamValue) -> Endpoint:
        """Add a layer with one input behind a tensor and return what it gives."""
        return _out(self.put(type_name, values, {"input": source}))


class _Attach(Act[A]):
    places = ("network",)

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        try:
            levels = _chosen_levels(context, "")
        except ActRefused:
            return {}
        found: dict[str, ParamValue] = {"layers": ", ".join(each.name for each in levels)}
        if context.binding.num_classes is not None:
            found["num_classes"] = context.binding.num_classes
        return found

    def site(self, context: Context, params: AttachParams) -> _Site:
        """Cut the network back to its backbone, its maps ready to be taken."""
        images = image_inputs(context)
        if len(images) != 1:
            raise ActRefused("This needs a network with one image input.")
        levels = _chosen_levels(context, params.layers)
        edit = GraphEdit(context.document, None)
        taps = [tapped(edit, level) for level in levels]
        kept = ancestors(edit.scope, {tap.node for tap in taps}) | set(images)
        gone = edit.scope.nodes.keys() - kept
        ends = [edit.place(node_id) for node_id in gone if edit.place(node_id) is not None]
        at = edit.place(taps[-1].node) or next(iter(ends), None)
        edit.remove(gone)
        if params.freeze_backbone:
            edit.freeze([key for key in sorted(kept) if key not in images], is_frozen=True)
        node = context.document.graph.nodes[images[0]]
        size = (int(str(node.params.get("height", 32))), int(str(node.params.get("width", 32))))
        return _Site(edit, levels, taps, images[0], size, at, [])


class AttachPyramid(_Attach[PyramidParams]):
    id = "attach_pyramid"
    title = "Attach a feature pyramid"
    summary = (
        "Makes a detector or a segmentation network of a classifier: maps of several resolutions "
        "are mixed (Lin et al., 2017), and a head finds boxes or classes of pixels. The classifier "
        "at the end goes; the rest keeps its weights."
    )
    Params = PyramidParams

    def perform(self, context: Context, params: PyramidParams) -> Outcome:
        site = self.site(context, params)
        count = len(site.levels)
        pyramid = site.put(
            "FeaturePyramid",
            {"num_levels": count, "out_channels": params.channels},
            {f"input_{index}": tap for index, tap in enumerate(site.taps, start=1)},
        )
        outputs = [Endpoint(node=pyramid, port=f"output_{n}") for n in range(1, count + 1)]
        warnings: list[str] = []
        if params.head == "pixels":
            _segment(site, _added_up(site, outputs), site.levels[0], params.num_classes)
        else:
            _detect(site, outputs, params)
            warnings.append(
                "Runs here train no detectors: its head gives the maps that losses are computed "
                "of, in exported code as well."
            )
        what = "boxes" if params.head != "pixels" else "pixels"
        label = f"Attach a feature pyramid for {what} at {count} layers"
        return Outcome(label, site.edit, warnings, site.added[:1])


class AttachUNet(_Attach[DecoderParams]):
    id = "attach_unet"
    title = "Attach a U-Net decoder"
    summary = (
        "Makes a segmentation network of a classifier: from the coarsest map back to the size of "
        "the image, joined by a finer map at each step (Ronneberger et al., 2015). The classifier "
        "at the end goes; the rest keeps its weights."
    )
    Params = DecoderParams

    def perform(self, context: Context, params: DecoderParams) -> Outcome:
        site = self.site(context, params)
        flow = site.taps[-1]
        for level, tap in reversed(list(zip(site.levels[:-1], site.taps[:-1], strict=True))):
            size = _size(level.height, level.width)
            larger = site.put("Upsample", {"size": size, "mode": "linear"}, {"input": flow})
            joined = site.put("Concatenate", {}, {"input_1": _out(larger), "input_2": tap})
            flow = _out(joined)
            width = min(level.channels, params.channels)
            for _ in range(2):
                values: dict[str, ParamValue] = {
                    "out_channels": width, "kernel_size": 3, "padding": "same", "bias": False,
                }  # fmt: skip
                flow = site.then(flow, "Conv2d", **values)
                flow = site.then(site.then(flow, "BatchNorm2d"), "ReLU")
        _segment(site, flow, site.levels[0], params.num_classes)
        label = f"Attach a U-Net decoder at {len(site.levels)} layers"
        return Outcome(label, site.edit, (), site.added[:1])


def _chosen_levels(context: Context, text: str) -> list[FeatureMap]:
    """Return the maps of the named layers, of the selected ones, or those that are proposed."""
    maps = feature_maps(context.document)
    selected = set(context.target.node_ids) if context.target.scope is None else set[str]()
    if text.strip():
        found = named_levels(maps, text)
    elif len(selected) >= _FEWEST:
        found = named_levels(
            maps, ",".join(m.name for m in maps if len(m.path) == 1 and m.path[0] in selected)
        )
    else:
        found = proposed_levels(maps)[-_MOST_PROPOSED:]
    if len(found) < _FEWEST:
        raise ActRefused(
            "This needs maps of at least two resolutions. Layers inside a block can be reached "
            "where the block is used once; dissolve it otherwise."
        )
    if len(found) > MAX_LEVELS:
        raise ActRefused(f"At most {MAX_LEVELS} layers can be taken.")
    return found


def _detect(site: _Site, maps: list[Endpoint], params: PyramidParams) -> None:
    """Put a head over all levels and what makes boxes of its maps."""
    height = site.size[0]
    count = len(maps)
    strides = [float(round(height / level.height, 3)) for level in site.levels]
    inputs = {f"input_{index}": each for index, each in enumerate(maps, start=1)}
    values: dict[str, ParamValue] = {"num_levels": count, "num_classes": params.num_classes}
    is_free = params.head == "anchor-free"
    if is_free:
        head = site.put("AnchorFreeHead", values, inputs)
        choice: dict[str, ParamValue] = {"num_levels": count, "sizes": [*strides]}
        stems = ("class", "box", "center")
    else:
        head = site.put("AnchorHead", values, inputs)
        sizes: list[bool | int | float | str | None] = [
            round(_ANCHOR_STRIDES * stride * scale, 1)
            for stride in strides
            for scale in _ANCHOR_SCALES
        ]
        choice = {"num_levels": count, "sizes": sizes}
        stems = ("class", "box")
    sources = {
        f"{stem}_{level}": Endpoint(node=head, port=f"{stem}_{level}")
        for level in range(1, count + 1)
        for stem in stems
    }
    sources["sizes"] = _told_sizes(site)
    boxes = site.put("AnchorFreeDetections" if is_free else "AnchorDetections", choice, sources)
    site.put("Output", {}, {"input": Endpoint(node=boxes, port="detections")}, stem="detected")


def _told_sizes(site: _Site) -> Endpoint:
    """Return the sizes of the images; the input is made ready by its own settings as before."""
    edit = site.edit
    leaving = edit.leaving(site.image)
    unchanged: dict[str, ParamValue] = {
        "min_size": 0, "size_divisible": 1, "mean": [0.0], "std": [1.0],
    }  # fmt: skip
    place = edit.place(site.image)
    below = None if place is None else Position(x=place.x, y=place.y + ROW_PX)
    node_id = edit.add("DetectionTransform", unchanged, near=below)
    edit.disconnect([edge_id for edge_id, _ in leaving])
    edit.connect(Endpoint(node=site.image, port="output"), Endpoint(node=node_id, port="input"))
    for _, edge in leaving:
        edit.connect(_out(node_id), edge.target)
    return Endpoint(node=node_id, port="sizes")


def _added_up(site: _Site, maps: list[Endpoint]) -> Endpoint:
    """Enlarge every level to the finest and add them."""
    finest, *coarser = maps
    size = _size(site.levels[0].height, site.levels[0].width)
    sources = {"input_1": finest}
    for index, each in enumerate(coarser, start=2):
        values: dict[str, ParamValue] = {"size": size, "mode": "linear"}
        larger = site.put("Upsample", values, {"input": each}, row=index - 2)
        sources[f"input_{index}"] = _out(larger)
    return _out(site.put("Add", {"num_inputs": len(maps)}, sources))


def _segment(site: _Site, flow: Endpoint, level: FeatureMap, num_classes: int) -> None:
    """Give every pixel of the image a class."""
    height, width = site.size
    head = site.put("SegmentationHead", {"num_classes": num_classes, "scale": 1}, {"input": flow})
    flow = _out(head)
    if (level.height, level.width) != (height, width):
        values: dict[str, ParamValue] = {"size": _size(height, width), "mode": "linear"}
        flow = _out(site.put("Upsample", values, {"input": flow}))
    site.put("Output", {}, {"input": flow}, stem="pixels")


def _size(height: int, width: int) -> ParamValue:
    return [height, width]


def _out(node_id: str) -> Endpoint:
    return Endpoint(node=node_id, port="output")


ACTS = (AttachPyramid(), AttachUNet())
