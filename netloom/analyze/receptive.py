"""The receptive field: which positions of the network's input one position of a layer sees.

What each layer does to positions is declared beside its shape rule (`LayerType.reach`). Here the
steps are composed from the inputs on. The result is exact, not only a size: for every position the
first and the last input position that reach it. Layers that enlarge see different numbers of
positions in turn, so windows are held for one period of that pattern.

Where paths meet, a position sees from the first to the last position that any of them sees. A path
that sees a whole axis makes the meeting see it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd, lcm
from typing import TypeAlias

from netloom.layers.reach import POSITION_AXES, SAME_POSITION, Reach, Slide, Step
from netloom.layers.shapes import Shape

MAX_PERIOD = 1024
"""Windows that repeat later than this are told as the whole axis."""

Window: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """What the positions along one axis see of one axis of the input.

    Attributes:
        axis: Axis of the tensor along which the window moves.
        period: Positions after which the pattern of windows repeats.
        shift: Input positions by which it has moved on then.
        windows: First and last input position seen by positions 0 to `period - 1`; the last lies
            before the first where nothing is seen. Input positions may lie outside the input.
    """

    axis: str
    period: int = 1
    shift: int = 1
    windows: tuple[Window, ...] = ((0, 0),)

    @property
    def size(self) -> int:
        """Return how many positions the widest window spans."""
        return max(0, *(last - first + 1 for first, last in self.windows), 0)

    @property
    def jump(self) -> float:
        """Return how far apart two neighbouring windows are, in input positions."""
        return self.shift / self.period

    @property
    def centre(self) -> float:
        """Return the middle of the window of position 0, in input positions."""
        return sum(self.windows[0]) / 2

    def window(self, position: int) -> Window:
        """Return the first and the last input position that one position sees."""
        turns, phase = divmod(position, self.period)
        first, last = self.windows[phase]
        return first + turns * self.shift, last + turns * self.shift

    def then(self, step: Step) -> Field | None:
        """Return what positions behind a layer see; None where it is the whole axis."""
        period = lcm(self.period, step.shift) // step.shift * step.period
        if period > MAX_PERIOD:
            return None
        windows = tuple(self._hull(step.seen(position)) for position in range(period))
        shift = period // step.period * step.shift // self.period * self.shift
        return _reduced(self.axis, period, shift, windows)

    def joined(self, other: Field) -> Field | None:
        """Return what both see together; None where their windows drift apart."""
        if self == other:
            return self
        period = lcm(self.period, other.period)
        is_drifting = self.shift * other.period != other.shift * self.period
        if self.axis != other.axis or is_drifting or period > MAX_PERIOD:
            return None
        windows = tuple(_hull_of((self.window(at), other.window(at))) for at in range(period))
        return _reduced(self.axis, period, period // self.period * self.shift, windows)

    def _hull(self, positions: range) -> Window:
        if not positions:
            return (0, -1)
        if self.period == 1:
            return self.window(positions[0])[0], self.window(positions[-1])[1]
        return _hull_of(self.window(position) for position in positions)


def _hull_of(windows: Iterable[Window]) -> Window:
    seen = [window for window in windows if window[0] <= window[1]]
    if not seen:
        return (0, -1)
    return min(first for first, _ in seen), max(last for _, last in seen)


def _reduced(axis: str, period: int, shift: int, windows: tuple[Window, ...]) -> Field:
    """Return the field with the shortest period, so that equal fields are equal."""
    common = gcd(period, shift)
    for count in range(common, 1, -1):
        if common % count:
            continue
        short, by = period // count, shift // count
        candidate = Field(axis, short, by, windows[:short])
        if all(candidate.window(at) == windows[at] for at in range(short, period)):
            return candidate
    return Field(axis, period, shift, windows)


Fields: TypeAlias = Mapping[str, Field | None]
"""By axis of the network's input; None where the whole axis is seen."""


def input_fields(shape: Shape) -> Fields:
    """Return that every position of an input sees itself."""
    return {dim.axis: Field(dim.axis) for dim in shape if dim.axis in POSITION_AXES}


def fields_behind(reach: Reach, arriving: Iterable[tuple[Fields, Shape]], output: Shape) -> Fields:
    """Return what positions of a layer's output see.

    Args:
        arriving: Fields and shape at each input port.
        output: Shape at the output port.
    """
    arriving = list(arriving)
    if reach == SAME_POSITION and len(arriving) == 1 and arriving[0][1] == output:
        return arriving[0][0]
    sizes = {dim.axis: dim.size for dim in output}
    joined: dict[str, Field | None] = {}
    for fields, shape in arriving:
        given = {dim.axis: dim.size for dim in shape}
        for name, field in fields.items():
            moved = None if field is None else _moved(reach, name, field)
            is_repeated = (
                moved is not None
                and given.get(moved.axis) == 1
                and sizes.get(moved.axis) != 1
                and moved.axis not in reach.along
            )
            if moved is not None and (moved.axis not in sizes or is_repeated):
                moved = None
            if name in joined:
                before = joined[name]
                moved = None if before is None or moved is None else before.joined(moved)
            joined[name] = moved
    return joined


def _moved(reach: Reach, name: str, field: Field) -> Field | None:
    if reach.sees_everything:
        return None
    step = reach.along.get(field.axis, _STILL)
    if step is None:
        return None
    if name != field.axis and not (isinstance(step, Slide) and step.extent == step.stride == 1):
        # Positions that were laid out row by row: neighbours may lie in different rows.
        return None
    moved = field if step == _STILL else field.then(step)
    target = reach.laid_out.get(field.axis)
    if target is None or moved is None:
        return moved
    return Field(target, moved.period, moved.shift, moved.windows)


_STILL = Slide()
