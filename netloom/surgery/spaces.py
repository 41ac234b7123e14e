"""Widths as data: channels that belong together, and which axes of which tensors they lay out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.layers.shapes import Shape, axes_of
from netloom.surgery.expand import LayerUse


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of an axis: one space, each of its channels repeated `inner` times."""

    space: int
    inner: int = 1


Layout = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class TensorAxis:
    """What lays out one axis of a tensor.

    Attributes:
        is_input: The values of the axis are summed over, as the input channels of a convolution.
    """

    layout: Layout
    is_input: bool = False


Axes = Mapping[str, Mapping[int, TensorAxis]]
"""What lays out the tensors of a layer, by tensor name and axis."""


@dataclass(slots=True)
class Space:
    """Channels that are made together and must be as many everywhere.

    Attributes:
        makers: Layers whose weights make the channels.
        followers: Depthwise convolutions, which make as many as arrive.
        split: Layers that split the channels among heads.
        pins: Why the width cannot be changed, in words.
        inexact: Layers for which copied channels are not quite the same.
        uneven: Layers for which they are, as long as every channel is copied equally often.
    """

    size: int
    makers: list[LayerUse] = field(default_factory=list[LayerUse])
    followers: list[LayerUse] = field(default_factory=list[LayerUse])
    split: list[LayerUse] = field(default_factory=list[LayerUse])
    pins: list[str] = field(default_factory=list[str])
    inexact: list[str] = field(default_factory=list[str])
    uneven: list[str] = field(default_factory=list[str])

    def take_in(self, other: Space) -> None:
        """Add what is known of a space that turned out to be the same."""
        self.makers += other.makers
        self.followers += other.followers
        self.split += other.split
        self.pins += [pin for pin in other.pins if pin not in self.pins]
        self.inexact += other.inexact
        self.uneven += other.uneven


@dataclass(slots=True)
class Widths:
    """Spaces of a network, and the axes they lay out by tensor key.

    Attributes:
        of_layer: The space that the width parameter of a layer decides, by the path of its owner.
    """

    axes: dict[str, Mapping[int, TensorAxis]] = field(
        default_factory=dict[str, Mapping[int, TensorAxis]]
    )
    of_layer: dict[str, Layout] = field(default_factory=dict[str, Layout])
    _spaces: list[Space] = field(default_factory=list[Space])
    _parents: list[int] = field(default_factory=list[int])
    _identities: dict[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])

    def root(self, space: int) -> int:
        """Return the number by which a space and all that were joined with it are known."""
        while self._parents[space] != space:
            self._parents[space] = self._parents[self._parents[space]]
            space = self._parents[space]
        return space

    def space(self, number: int) -> Space:
        return self._spaces[self.root(number)]

    def identity(self, number: int) -> frozenset[str]:
        """Return what makes a space the same one in two networks: the layers that make it."""
        root = self.root(number)
        if root not in self._identities:
            self._identities[root] = frozenset(use.owner for use in self._spaces[root].makers)
        return self._identities[root]

    def new(self, size: int, maker: LayerUse | None = None, pin: str = "") -> Layout:
        """Begin a space."""
        number = len(self._spaces)
        self._spaces.append(
            Space(size, [] if maker is None else [maker], pins=[pin] if pin else [])
        )
        self._parents.append(number)
        return (Segment(number),)

    def begin(self, use: LayerUse, size: int) -> Layout:
        """Return the space of a layer, the same for every use of the same weights."""
        if use.owner not in self.of_layer:
            self.of_layer[use.owner] = self.new(size, use)
        return self.of_layer[use.owner]

    def pin(self, layout: Layout, reason: str) -> None:
        """Say why the spaces of a layout cannot change."""
        for segment in layout:
            pins = self.space(segment.space).pins
            if reason not in pins:
                pins.append(reason)

    def join(self, one: Layout, other: Layout, reason: str) -> None:
        """Make two layouts equal; where they cannot be, neither may change."""
        if [self._form(each) for each in one] != [self._form(each) for each in other]:
            self.pin(one, reason)
            self.pin(other, reason)
            return
        for left, right in zip(one, other, strict=True):
            keep, gone = sorted((self.root(left.space), self.root(right.space)))
            if keep != gone:
                self._identities.clear()
                self._parents[gone] = keep
                self._spaces[keep].take_in(self._spaces[gone])

    def is_one(self, layout: Layout) -> bool:
        """Say whether a layout is one space and nothing else."""
        return len({self.root(each.space) for each in layout}) == 1

    def size_of(self, layout: Iterable[Segment]) -> int:
        return sum(self.space(each.space).size * each.inner for each in layout)

    def lay(self, use: LayerUse, axes: Axes) -> None:
        """Say what lays out the tensors of a use."""
        for tensor in (*use.parameters, *use.buffers):
            if tensor.name in axes:
                self.axes[tensor.key] = axes[tensor.name]

    def _form(self, segment: Segment) -> tuple[int, int]:
        return self.space(segment.space).size, segment.inner


def channels_of(shape: Shape) -> int | None:
    """Return the size of the axis that widths are about: C, else F; None without either."""
    axes = axes_of(shape)
    axis = "C" if "C" in axes else "F"
    sizes = [dim.size for dim in shape if dim.axis == axis]
    return sizes[0] if sizes and isinstance(sizes[0], int) else None
