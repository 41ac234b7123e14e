"""What one position of a layer's output sees of its input: declared beside each shape rule.

A *position* is a place along D, H, W or T with all its channels or features. Axes that a
declaration does not name keep their positions. The analysis composes these steps from the input
of the network on; see `netloom.analyze.receptive`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

POSITION_AXES = "DHWT"


@dataclass(frozen=True, slots=True)
class Slide:
    """A window in front of each output position: convolution, pooling, cropping, padding.

    Output position `o` sees input positions `o * stride - padding` and the next ones, `extent` of
    them with the holes of a dilation counted.
    """

    extent: int = 1
    stride: int = 1
    padding: int = 0

    @property
    def period(self) -> int:
        """Output positions after which the pattern repeats."""
        return 1

    @property
    def shift(self) -> int:
        """Input positions by which it moves on in a period."""
        return self.stride

    def seen(self, position: int) -> range:
        """Return the input positions that one output position sees, outer ones included."""
        first = position * self.stride - self.padding
        return range(first, first + self.extent)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Each input position is written over a window of the output: transposed convolution."""

    kernel_size: int
    stride: int
    padding: int = 0
    dilation: int = 1

    @property
    def period(self) -> int:
        return self.stride

    @property
    def shift(self) -> int:
        return 1

    def seen(self, position: int) -> range:
        at = position + self.padding
        taps = [at - tap * self.dilation for tap in range(self.kernel_size)]
        hit = [tap // self.stride for tap in taps if tap % self.stride == 0]
        return range(min(hit), max(hit) + 1) if hit else range(0)


@dataclass(frozen=True, slots=True)
class Resample:
    """A size becomes another: resizing, adaptive pooling.

    Attributes:
        before: Positions of the input, or the smaller side of their ratio.
        after: Positions of the output, in the same measure.
        taps: How output positions read: the nearest one, its 2 or 4 neighbours around the place
            that corresponds, or all that fall into it (`area`).
    """

    before: int
    after: int
    taps: Literal["nearest", "linear", "cubic", "area"] = "nearest"

    @property
    def period(self) -> int:
        return self.after

    @property
    def shift(self) -> int:
        return self.before

    def seen(self, position: int) -> range:
        low = position * self.before // self.after
        if self.taps == "nearest":
            return range(low, low + 1)
        if self.taps == "area":
            return range(low, -(-(position + 1) * self.before // self.after))
        # The middle of the output position, in input positions: (o + 1/2) * ratio - 1/2.
        twice = (2 * position + 1) * self.before - self.after
        left = twice // (2 * self.after)
        if twice % (2 * self.after) == 0:
            return range(left, left + 1)
        return range(left, left + 2) if self.taps == "linear" else range(left - 1, left + 3)


Step: TypeAlias = Slide | Stamp | Resample


@dataclass(frozen=True, slots=True)
class Reach:
    """What one output position sees.

    Attributes:
        along: How positions move along an axis; None where every position sees the whole axis.
        sees_everything: Every axis is seen whole, whatever `along` says.
        laid_out: Axes whose positions are laid out along another one, e.g. `{"H": "T", "W": "T"}`
            for patches that become a sequence.
    """

    along: Mapping[str, Step | None] = field(default_factory=dict[str, "Step | None"])
    sees_everything: bool = False
    laid_out: Mapping[str, str] = field(default_factory=dict[str, str])


SAME_POSITION = Reach()
EVERYTHING = Reach(sees_everything=True)


def sliding(
    axes: str, extent: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> Reach:
    """Return the reach of a window with one number per axis."""
    steps = zip(extent, stride, padding, strict=True)
    return Reach({axis: Slide(*step) for axis, step in zip(axes, steps, strict=True)})


def whole(axes: str) -> Reach:
    """Return the reach of what looks along these axes as a whole."""
    return Reach(dict.fromkeys(axes))
