"""Which widths of a network belong together, and which axis of which tensor each decides.

A layer that makes channels (a convolution, a Linear) begins a *space*. Normalisation, activations
and pooling pass it on, an addition makes two spaces one, a concatenation lines several up, and
flattening repeats each channel once for every position. To change one width is to change its
space: every tensor axis that is laid out by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.layers.shapes import Shape, axes_of
from netloom.surgery.expand import Expansion, LayerUse, Value

CONVOLUTIONS = frozenset({"Conv1d", "Conv2d", "Conv3d"})
TRANSPOSED = frozenset({"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"})
WIDTH_PARAM = {
    **dict.fromkeys(CONVOLUTIONS | TRANSPOSED | {"SeparableConv2d"}, "out_channels"),
    "Linear": "out_features",
    "LowRankLinear": "out_features",
}
"""Layers whose width a person sets, and the parameter that says it."""
APPROXIMATE = frozenset({"GroupNorm", "LayerNorm", "RMSNorm"})
"""Layers that look at several channels at once: copies of a channel change their statistics."""

_BATCH_NORMS = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"})
_INSTANCE_NORMS = frozenset({"InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"})
_TOGETHER = frozenset({"Add", "Subtract", "Multiply", "Divide", "Average", "Maximum", "Minimum"})
_MIXES = frozenset({"Softmax", "LogSoftmax", "Softmin", "GLU"})
_PASSES_SHAPE = frozenset({"Pad", "Upsample", "Crop2d"})


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


@dataclass(slots=True)
class Space:
    """Channels that are made together and must be as many everywhere.

    Attributes:
        makers: Tensor axes whose values make the channels, the weight of each maker first.
        pins: Why the width cannot be changed, in words.
        inexact: Layers for which copied channels are not quite the same.
    """

    size: int
    makers: list[LayerUse] = field(default_factory=list[LayerUse])
    followers: list[LayerUse] = field(default_factory=list[LayerUse])
    pins: list[str] = field(default_factory=list[str])
    inexact: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Widths:
    """Spaces of a network, and the axes they lay out by tensor key."""

    axes: dict[str, dict[int, TensorAxis]] = field(default_factory=dict[str, dict[int, TensorAxis]])
    of_layer: dict[str, Layout] = field(default_factory=dict[str, Layout])
    _spaces: list[Space] = field(default_factory=list[Space])
    _parents: list[int] = field(default_factory=list[int])

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
        return frozenset(use.owner for use in self.space(number).makers)

    def new(self, size: int, maker: LayerUse | None = None, pin: str = "") -> Layout:
        """Begin a space."""
        number = len(self._spaces)
        self._spaces.append(
            Space(size, [] if maker is None else [maker], pins=[pin] if pin else [])
        )
        self._parents.append(number)
        return (Segment(number),)

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
            if keep == gone:
                continue
            self._parents[gone] = keep
            into, source = self._spaces[keep], self._spaces[gone]
            into.makers += source.makers
            into.followers += source.followers
            into.pins += [pin for pin in source.pins if pin not in into.pins]
            into.inexact += source.inexact

    def _form(self, segment: Segment) -> tuple[int, int]:
        return self.space(segment.space).size, segment.inner


def find_widths(expansion: Expansion) -> Widths:
    """Follow the channels from where they are made to where they are used."""
    follow = _Follow(Widths())
    for use in expansion.uses:
        follow.layer(use)
    return follow.widths


def channels_of(shape: Shape) -> int | None:
    """Return the size of the axis that widths are about: C, else F; None without either."""
    axes = axes_of(shape)
    axis = "C" if "C" in axes else "F"
    sizes = [dim.size for dim in shape if dim.axis == axis]
    return sizes[0] if sizes and isinstance(sizes[0], int) else None


@dataclass(slots=True)
class _Follow:
    widths: Widths
    _layouts: dict[tuple[str, str], Layout] = field(default_factory=dict[tuple[str, str], Layout])
    _arrived: dict[str, Layout] = field(default_factory=dict[str, Layout])

    def layer(self, use: LayerUse) -> None:
        """Say how one use lays out its tensors and what leaves it."""
        layouts = {port: self._layout(value) for port, value in use.inputs.items()}
        arriving = layouts.get("input")
        out = self._rule(use, arriving, layouts)
        if out is None:
            for layout in layouts.values():
                self.widths.pin(layout, _pin_text(use))
            for port, shape in use.outputs.items():
                size = channels_of(shape)
                if size is not None:
                    pin = f"{use.name} ({use.layer.title}) decides it"
                    self._layouts[use.path, port] = self.widths.new(size, pin=pin)
            return
        self._layouts[use.path, "output"] = out
        if use.path != use.owner and arriving is not None and use.owner in self._arrived:
            self.widths.join(self._arrived[use.owner], arriving, f"{use.name} shares its weights")
        elif arriving is not None:
            self._arrived[use.owner] = arriving

    def _layout(self, value: Value) -> Layout:
        key = (value.path, value.port)
        if key not in self._layouts:
            size = channels_of(value.shape) or 1
            self._layouts[key] = self.widths.new(size, pin="its size is not a matter of width")
        return self._layouts[key]

    def _rule(
        self, use: LayerUse, arriving: Layout | None, layouts: Mapping[str, Layout]
    ) -> Layout | None:
        """Return the layout of what leaves; None where widths cannot be followed."""
        kind = use.node.type
        if kind in _TOGETHER:
            return self._joined(use, list(layouts.values()))
        if kind == "Concatenate":
            return self._concatenated(use, list(layouts.values()))
        if arriving is None or use.layer.role == "output":
            return None
        if kind in WIDTH_PARAM:
            return self._made(use, arriving)
        if _is_passed_on(use):
            return self._passed(use, arriving)
        if kind == "Flatten":
            return _flattened(self.widths, use, arriving)
        return None

    def _joined(self, use: LayerUse, layouts: list[Layout]) -> Layout:
        for other in layouts[1:]:
            self.widths.join(layouts[0], other, f"{use.name} takes channels of different origin")
        return layouts[0]

    def _concatenated(self, use: LayerUse, layouts: list[Layout]) -> Layout:
        out = channels_of(use.outputs["output"])
        if out == sum(_size(self.widths, layout) for layout in layouts):
            return tuple(segment for layout in layouts for segment in layout)
        return self._joined(use, layouts)

    def _made(self, use: LayerUse, arriving: Layout) -> Layout | None:
        size = channels_of(use.outputs["output"])
        groups = getattr(use.params, "groups", 1)
        if size is None:
            return None
        kind = use.node.type
        if groups != 1:
            is_depthwise = groups == size == _size(self.widths, arriving)
            if kind not in CONVOLUTIONS or not is_depthwise:
                return None
            self._lay(use, {"weight": {0: (arriving, False)}, "bias": {0: (arriving, False)}})
            for segment in arriving:
                self.widths.space(segment.space).followers.append(use)
            return arriving
        out = self._begun(use, size)
        self._lay(use, _made_axes(kind, out, arriving))
        return out

    def _begun(self, use: LayerUse, size: int) -> Layout:
        """Return the space of a layer, the same for every use of the same weights."""
        if use.owner not in self.widths.of_layer:
            self.widths.of_layer[use.owner] = self.widths.new(size, use)
        return self.widths.of_layer[use.owner]

    def _passed(self, use: LayerUse, arriving: Layout) -> Layout | None:
        size = _size(self.widths, arriving)
        if channels_of(use.outputs["output"]) != size:
            return None
        if any(t.shape not in {(size,), (1,), ()} for t in (*use.parameters, *use.buffers)):
            return None
        names = [t.name for t in (*use.parameters, *use.buffers) if t.shape == (size,)]
        self._lay(use, {name: {0: (arriving, False)} for name in names})
        if use.node.type in APPROXIMATE:
            for segment in arriving:
                self.widths.space(segment.space).inexact.append(use.name)
        return arriving

    def _lay(self, use: LayerUse, axes: Mapping[str, Mapping[int, tuple[Layout, bool]]]) -> None:
        for tensor in (*use.parameters, *use.buffers):
            found = axes.get(tensor.name)
            if found is not None:
                self.widths.axes[tensor.key] = {
                    axis: TensorAxis(layout, is_input) for axis, (layout, is_input) in found.items()
                }


def _made_axes(
    kind: str, out: Layout, arriving: Layout
) -> dict[str, dict[int, tuple[Layout, bool]]]:
    """Return the axes of a layer that makes channels, by tensor name."""
    if kind == "SeparableConv2d":
        return {
            "depthwise.weight": {0: (arriving, False)},
            "pointwise.weight": {0: (out, False), 1: (arriving, True)},
            "pointwise.bias": {0: (out, False)},
        }
    if kind == "LowRankLinear":
        return {
            "down.weight": {1: (arriving, True)},
            "up.weight": {0: (out, False)},
            "up.bias": {0: (out, False)},
        }
    made, taken = (1, 0) if kind in TRANSPOSED else (0, 1)
    return {
        "weight": {made: (out, False), taken: (arriving, True)},
        "bias": {0: (out, False)},
    }


def _is_passed_on(use: LayerUse) -> bool:
    kind, category = use.node.type, use.layer.category
    if kind in _MIXES or kind == "LocalResponseNorm" or kind.startswith("MaxUnpool"):
        return False
    return (
        category in ("Activation", "Pooling", "Regularization")
        or kind in _BATCH_NORMS | _INSTANCE_NORMS | APPROXIMATE | _PASSES_SHAPE
    )


def _flattened(widths: Widths, use: LayerUse, arriving: Layout) -> Layout | None:
    received = use.inputs["input"].shape
    before, after = channels_of(received), channels_of(use.outputs["output"])
    axes = axes_of(use.outputs["output"])
    if before is None or after is None or axes != "BF" or after % before:
        return None
    if len(received) > 1 and received[1].axis not in ("C", "F"):
        return None
    inner = after // before
    del widths
    return tuple(Segment(each.space, each.inner * inner) for each in arriving)


def _size(widths: Widths, layout: Iterable[Segment]) -> int:
    return sum(widths.space(each.space).size * each.inner for each in layout)


def _pin_text(use: LayerUse) -> str:
    if use.layer.role == "output":
        return f"it is what the network gives at {use.name}"
    if getattr(use.params, "groups", 1) != 1:
        return f"{use.name} splits its channels into groups"
    return f"{use.name} ({use.layer.title}) ties its weights to it in its own way"
