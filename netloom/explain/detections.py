"""What a detector finds: its boxes over the image that was asked about.

Legend: B batch, C channels, H height, W width, N boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from netloom.compile.module import Network
from netloom.compile.plan import plan_network
from netloom.data.manifest import Item
from netloom.data.preprocess import Preprocessing
from netloom.data.readable import read_batches
from netloom.explain.detection_results import (
    MOST_BOXES,
    MOST_CLASSES,
    Box,
    BoxOptions,
    FoundBoxes,
    ItemBoxes,
)
from netloom.explain.logits import device_of
from netloom.explain.results import Cancelled, ExplainError
from netloom.layers.box_checks import ChoiceParams
from netloom.layers.registry import get_layer
from netloom.layers.shapes import DETECTION_NUMBERS
from netloom.tasks.output import detections_output

_BATCH_PIXELS = 2**21
_MOST_AT_ONCE = 16


@dataclass(frozen=True)
class Detector:
    """A network that gives boxes, and where it says which of them it keeps.

    Attributes:
        output: Which of its outputs has the boxes.
        choosers: Its layers that choose boxes; the last one decides what leaves.
        preprocessing: How an image becomes its input.
    """

    network: Network
    output: int
    choosers: Sequence[nn.Module]
    preprocessing: Preprocessing

    @classmethod
    def of(cls, network: Network) -> Detector | None:
        """Return the detector that a network is, or None.

        Raises:
            PreprocessingError: The network does not say how an image becomes its input.
        """
        document = network.netloom_origins.document
        output = detections_output(plan_network(document))
        if output is None:
            return None
        choosers = [
            network.get_submodule(name)
            for name, path in network.netloom_nodes.items()
            if _chooses_boxes(network, path)
        ]
        return cls(network, output, choosers, Preprocessing.from_document(document))

    @cached_property
    def own(self) -> tuple[float, float]:
        """Score and overlap that the network's own layer is set to."""
        chooser = next(iter(self.choosers), None)
        if chooser is None:
            return 0.0, 1.0
        return _setting(chooser, "score_threshold"), _setting(chooser, "iou_threshold")

    def find(self, pixels_BCHW: Tensor, options: BoxOptions) -> list[Tensor]:
        """Return (N, 6) for each image: x1, y1, x2, y2 in pixels of the input, score and label.

        Args:
            pixels_BCHW: uint8, as `preprocessing` makes them of images.

        Raises:
            ExplainError: What leaves the network is no table of boxes.
        """
        images_BCHW = self.preprocessing.normalise(pixels_BCHW.to(device_of(self.network)))
        with torch.inference_mode(), self._choosing(options):
            given = cast("object", self.network(images_BCHW))
        outputs = cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)
        rows_BN6 = outputs[self.output]
        if not isinstance(rows_BN6, Tensor) or rows_BN6.shape[2:] != (DETECTION_NUMBERS,):
            raise ExplainError(
                "The output of the network is no table of boxes (B, N, 6). Let a Detections layer "
                "feed it."
            )
        return [found_rows(rows_N6) for rows_N6 in rows_BN6]

    def in_image(self, rows_N6: Tensor, size: tuple[int, int], names: Sequence[str]) -> list[Box]:
        """Return boxes of the input as boxes of the image it was made of, inside its edges.

        Args:
            size: Height and width of the upright image, in pixels.
            names: Of the classes, as far as they are known.
        """
        height, width = size
        left, top, right, bottom = self.preprocessing.source_box(height, width)
        scale_x = (right - left) / self.preprocessing.width
        scale_y = (bottom - top) / self.preprocessing.height
        moved_N6 = rows_N6.clone()
        moved_N6[:, 0:4:2] = (rows_N6[:, 0:4:2] * scale_x + left).clamp(0, width)
        moved_N6[:, 1:4:2] = (rows_N6[:, 1:4:2] * scale_y + top).clamp(0, height)
        return boxes_of(moved_N6[:MOST_BOXES], names)

    def found(
        self, pixels_CHW: Tensor, size: tuple[int, int], options: BoxOptions, names: Sequence[str]
    ) -> FoundBoxes:
        """Return what is found in one image; arguments are those of `find` and `in_image`."""
        [rows_N6] = self.find(pixels_CHW[None], options)
        own_score, own_iou = self.own
        score, iou = options.score_threshold, options.iou_threshold
        return FoundBoxes(
            width=size[1],
            height=size[0],
            boxes=self.in_image(rows_N6, size, names),
            num_all=len(rows_N6),
            score_threshold=own_score if score is None else score,
            iou_threshold=own_iou if iou is None else iou,
            own_score_threshold=own_score,
            own_iou_threshold=own_iou,
            seen=self.preprocessing.source_box(*size),
        )

    @contextmanager
    def _choosing(self, options: BoxOptions) -> Generator[None]:
        """Let the layers choose by other settings; they are as before afterwards."""
        wanted = options.model_dump(exclude_none=True)
        before = [{name: getattr(each, name) for name in wanted} for each in self.choosers]
        was_training = self.network.training
        try:
            self.network.eval()
            for each in self.choosers:
                _set(each, wanted)
            yield
        finally:
            for each, settings in zip(self.choosers, before, strict=True):
                _set(each, settings)
            self.network.train(was_training)


def detect_items(
    detector: Detector,
    items: Iterable[Item],
    folder: Path,
    *,
    options: BoxOptions = BoxOptions(),  # noqa: B008 - frozen
    names: Sequence[str] = (),
    should_cancel: Callable[[], bool] = lambda: False,
) -> Iterator[ItemBoxes]:
    """Find boxes in every item, in any number and in their order: what is yielded is not kept.

    Args:
        folder: Where relative paths start.
        names: Of the classes, as far as they are known.
        should_cancel: Asked before each batch.

    Raises:
        ExplainError: What leaves the network is no table of boxes.
        Cancelled: `should_cancel` said so.
    """
    preprocessing = detector.preprocessing
    fitting = _BATCH_PIXELS // (preprocessing.height * preprocessing.width)
    size = max(1, min(fitting, _MOST_AT_ONCE))
    for batch in read_batches(items, folder, preprocessing, size):
        if should_cancel():
            raise Cancelled
        pixels_BCHW = torch.as_tensor(batch.pixels_BCHW)
        rows = detector.find(pixels_BCHW, options) if batch.items else []
        found = {
            item.id: ItemBoxes(
                item_id=item.id,
                width=size[1],
                height=size[0],
                boxes=detector.in_image(rows_N6, size, names),
                num_all=len(rows_N6),
            )
            for item, rows_N6, size in zip(batch.items, rows, batch.sizes, strict=True)
        }
        for item in batch.seen:
            problem = batch.problems.get(item.id, "")
            yield found.get(item.id) or ItemBoxes(item_id=item.id, problem=problem)


def found_rows(rows_N6: Tensor) -> Tensor:
    """Return the rows that hold a box, on the CPU; rows that are left over have the label -1.

    Numbers of classes above `MOST_CLASSES` are left out: a layer behind the detections made them.
    """
    rows_N6 = rows_N6.detach().float().cpu()
    label_N = rows_N6[:, 5]
    is_class_N = (label_N >= 0) & (label_N < MOST_CLASSES)
    return rows_N6[is_class_N & torch.isfinite(rows_N6).all(dim=1)]


def boxes_of(rows_N6: Tensor, names: Sequence[str] = ()) -> list[Box]:
    """Return rows as boxes, with the name of their class where there is one."""
    rows = cast("list[list[float]]", rows_N6.tolist())  # pyright: ignore[reportUnknownMemberType]
    return [
        Box(
            x1=round(x1, 2), y1=round(y1, 2), x2=round(x2, 2), y2=round(y2, 2),
            score=round(score, 4), label=int(label),
            name=names[int(label)] if int(label) < len(names) else "",
        )
        for x1, y1, x2, y2, score, label in rows
    ]  # fmt: skip


def _chooses_boxes(network: Network, path: str) -> bool:
    """Whether a node gives detections and says by which scores it chooses them."""
    graph = network.netloom_origins.document.graph
    first, *inner = path.split("/")
    node = graph.nodes[first]
    for node_id in inner:
        node = graph.blocks[node.block or ""].nodes[node_id]
    layer = get_layer(node.type)
    if layer is None or not issubclass(layer.Params, ChoiceParams):
        return False
    return any(port.name == "detections" for port in layer.outputs)


def _setting(module: nn.Module, name: str) -> float:
    return float(getattr(module, name))


def _set(module: nn.Module, settings: dict[str, float]) -> None:
    for name, value in settings.items():
        setattr(module, name, value)
