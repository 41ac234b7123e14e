"""What becomes of the weights of one network in another: decided per tensor, without torch.

The same decision is shown before an act and followed when a run starts, so that the preview
promises exactly what the trainer does. It needs nothing but the two documents: layers are matched
by their ids, widths by the layers that make them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netloom.graph.document import Document
from netloom.surgery.expand import Expansion, TensorSpec, expand
from netloom.surgery.spaces import Layout, TensorAxis, Widths
from netloom.surgery.widths import find_widths

Fate = Literal["kept", "resized", "new"]


@dataclass(frozen=True, slots=True, order=True)
class MakerAxis:
    """Weights that make the channels of a width.

    Attributes:
        axis: The axis that counts them.
        starts: Where the channels begin on it; once for each gate of a recurrent layer.
    """

    key: str
    axis: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpaceChange:
    """A width that differs."""

    old_size: int
    new_size: int
    makers: tuple[MakerAxis, ...]


@dataclass(frozen=True, slots=True)
class AxisPart:
    """A run of an axis: `size` channels, or those of a width that changes, each `inner` times."""

    size: int
    inner: int
    change: SpaceChange | None


@dataclass(frozen=True, slots=True)
class AxisResize:
    """How one axis of a tensor is laid out anew."""

    axis: int
    is_input: bool
    parts: tuple[AxisPart, ...]


@dataclass(frozen=True, slots=True)
class TensorTransfer:
    """What becomes of one tensor of the new network."""

    spec: TensorSpec
    fate: Fate
    resizes: tuple[AxisResize, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """What every tensor of the new network starts from.

    Attributes:
        tensors: By key.
        left_over: Tensors of the old network that the new one has no place for.
    """

    before: Expansion
    after: Expansion
    tensors: dict[str, TensorTransfer]
    left_over: tuple[TensorSpec, ...] = ()
    inexact: tuple[str, ...] = field(default=())


def plan_transfer(before: Document, after: Document) -> Transfer:
    """Decide for every tensor of `after` what it takes from the weights of `before`."""
    old, new = expand(before), expand(after)
    return _Comparison(old, new, find_widths(old), find_widths(new)).compare()


@dataclass(slots=True)
class _Comparison:
    old: Expansion
    new: Expansion
    old_widths: Widths
    new_widths: Widths
    _changes: dict[int, SpaceChange] = field(default_factory=dict[int, SpaceChange])

    def compare(self) -> Transfer:
        specs = {t.key: t for use in self.old.uses for t in (*use.parameters, *use.buffers)}
        tensors: dict[str, TensorTransfer] = {}
        for use in self.new.uses:
            for spec in (*use.parameters, *use.buffers):
                tensors[spec.key] = self._tensor(specs.get(spec.key), spec)
        left_over = tuple(spec for key, spec in specs.items() if key not in tensors)
        return Transfer(self.old, self.new, tensors, left_over)

    def _tensor(self, old: TensorSpec | None, new: TensorSpec) -> TensorTransfer:
        if old is None or len(old.shape) != len(new.shape):
            return TensorTransfer(new, "new")
        if old.shape == new.shape:
            return TensorTransfer(new, "kept")
        old_axes = self.old_widths.axes.get(new.key, {})
        new_axes = self.new_widths.axes.get(new.key, {})
        resizes: list[AxisResize] = []
        for axis, (old_size, new_size) in enumerate(zip(old.shape, new.shape, strict=True)):
            resize = self._axis(axis, old_axes.get(axis), new_axes.get(axis))
            if resize is None and old_size != new_size:
                return TensorTransfer(new, "new")
            if resize is not None and any(part.change for part in resize.parts):
                resizes.append(resize)
        return TensorTransfer(new, "resized", tuple(resizes))

    def _axis(self, axis: int, old: TensorAxis | None, new: TensorAxis | None) -> AxisResize | None:
        """Return how an axis follows its widths; None where it does not."""
        if old is None or new is None or not self._is_same(old.layout, new.layout):
            return None
        parts: list[AxisPart] = []
        for was, now in zip(old.layout, new.layout, strict=True):
            old_size = self.old_widths.space(was.space).size
            space = self.new_widths.space(now.space)
            change = None
            if old_size != space.size:
                if space.pins or self.old_widths.space(was.space).pins:
                    return None
                change = self._change(now.space, old_size)
            parts.append(AxisPart(old_size, now.inner, change))
        return AxisResize(axis, new.is_input, tuple(parts))

    def _is_same(self, old: Layout, new: Layout) -> bool:
        """Say whether two layouts consist of the same channels, whatever their number."""
        if len(old) != len(new):
            return False
        for was, now in zip(old, new, strict=True):
            makers = self.old_widths.identity(was.space)
            if was.inner != now.inner or makers != self.new_widths.identity(now.space):
                return False
            if not makers and (
                self.old_widths.space(was.space).size != self.new_widths.space(now.space).size
            ):
                return False
        return True

    def _change(self, space: int, old_size: int) -> SpaceChange:
        root = self.new_widths.root(space)
        if root not in self._changes:
            found = self.new_widths.space(space)
            makers = sorted(
                MakerAxis(tensor.key, axis, starts)
                for use in found.makers
                for tensor in use.parameters
                if "weight" in tensor.name
                for axis, laid in self.new_widths.axes.get(tensor.key, {}).items()
                if not laid.is_input and (starts := self._starts(laid.layout, root, old_size))
            )
            self._changes[root] = SpaceChange(old_size, found.size, tuple(makers))
        return self._changes[root]

    def _starts(self, layout: Layout, root: int, old_size: int) -> tuple[int, ...]:
        """Return where a space began on an axis of the old network."""
        starts: list[int] = []
        place = 0
        for segment in layout:
            is_space = self.new_widths.root(segment.space) == root
            if is_space and segment.inner == 1:
                starts.append(place)
            size = old_size if is_space else self.new_widths.space(segment.space).size
            place += size * segment.inner
        return tuple(starts)
