"""What layers of boxes share: their parameters, ports and the checks of what arrives.

Legend: B batch, C channels, H height, W width, K classes, N boxes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from netloom.layers.base import Inputs, Port, ShapeProblem
from netloom.layers.detection import Levels, LevelsParams
from netloom.layers.expect import IMAGE_AXES, fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import BATCH, Dim, Shape, axes_of, named_shape_text

MAX_BOXES = 100_000
BOX_NUMBERS = 4
SIZE_NUMBERS = 6
SIZES_PORT = Port("sizes", "Sizes of the images")
SIZES_SHAPE: Shape = (BATCH, Dim("F", SIZE_NUMBERS))
"""Height and width of the tensor, of the image inside its borders, of the image as it came."""


class ChoiceParams(LayerParams):
    """Which boxes are kept."""

    score_threshold: float = param(
        0.05,
        "Score above",
        "Boxes with a lower score are dropped.",
        minimum=0,
        maximum=1,
        on_card=True,
    )
    iou_threshold: float = param(
        0.5,
        "Overlap below",
        "A box that covers a better one of its class by a larger share of both is dropped.",
        minimum=0,
        maximum=1,
    )
    max_detections: int = param(
        100, "Detections", "Most boxes for an image.", minimum=1, maximum=MAX_BOXES, on_card=True
    )


class CandidateParams(ChoiceParams):
    """As before, and how many boxes are compared."""

    max_candidates: int = param(
        1000,
        "Candidates",
        "Best boxes of each level, or of each class, that are compared.",
        minimum=1,
        maximum=MAX_BOXES,
        is_advanced=True,
    )


L = TypeVar("L", bound=LevelsParams)


class MapsToBoxes(Levels[L]):
    """Takes several maps for each level, named by `variadic_inputs`, then sizes of images."""

    fixed_inputs = (SIZES_PORT,)
    has_weights = False
    icon = "box-multiple"

    def maps_problem(
        self, params: L, inputs: Inputs, numbers: Mapping[str, Sequence[int] | None]
    ) -> ShapeProblem | None:
        """Return a problem unless maps of a level have one size and the channels they must have.

        Args:
            numbers: By port stem: by level how many channels the map has a multiple of; None
                asks nothing.
        """
        for level in range(1, params.num_levels + 1):
            first = inputs[f"{next(iter(self.variadic_inputs))}_{level}"]
            for stem, title in self.variadic_inputs.items():
                port = f"{stem}_{level}"
                shape = inputs[port]
                if axes_of(shape) != IMAGE_AXES or not all(
                    isinstance(dim.size, int) for dim in shape[1:]
                ):
                    return self._needs(f"a map (B, C, H, W) at {port}", shape, port)
                if [dim.size for dim in shape[2:]] != [dim.size for dim in first[2:]]:
                    return self._needs(
                        f"maps of one size at level {level}, {named_shape_text(first)} and here",
                        shape,
                        port,
                    )
                factors = numbers.get(stem)
                if factors is not None and fixed_size(shape, "C") % factors[level - 1]:
                    return self._needs(
                        f"{title.lower()} with a multiple of {factors[level - 1]} channels",
                        shape,
                        port,
                    )
        return sizes_problem(self.title, inputs)

    def _needs(self, what: str, shape: Shape, port: str) -> ShapeProblem:
        return needs(self.title, what, shape, port)


def needs(title: str, what: str, shape: Shape, port: str) -> ShapeProblem:
    """Say what a layer needs at a port instead of what arrives."""
    return ShapeProblem(f"{title} needs {what} but receives {named_shape_text(shape)}.", port=port)


def sizes_problem(title: str, inputs: Inputs) -> ShapeProblem | None:
    """Return a problem unless sizes of images arrive at their port."""
    shape = inputs[SIZES_PORT.name]
    if axes_of(shape) == "BF" and shape[1].size == SIZE_NUMBERS:
        return None
    return needs(title, "the sizes that a Detector input gives, (B, F=6),", shape, SIZES_PORT.name)
