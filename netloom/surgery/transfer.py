"""What becomes of the weights of one network in another: decided per tensor, without torch.

The same decision is shown before an act and followed when a run starts, so that the preview
promises exactly what the trainer does. It needs nothing but the two documents: layers are matched
by their ids, also where they went into a block or came out of one, widths by the layers that make
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from netloom.graph.document import Document
from netloom.graph.regrouped import match_regrouped
from netloom.surgery.expand import Expansion, TensorSpec, expand
from netloom.surgery.spaces import Layout, TensorAxis, Widths
from netloom.surgery.widths import find_widths

Fate = Literal["kept", "resized", "new"]


@dataclass(frozen=True, slots=True, order=True)
class MakerAxis:
    """Weights that make the channels of a width.

    Attributes:
        key: As the old network names them.
        axis: The axis that counts them.
        starts: Where the channels begin on it; once for each gate of a recurrent layer.
    """

    key: str
    axis: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SpaceChange:
    """A width that differs. Compared by identity: each is there once."""

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
    """What becomes of one tensor of the new network.

    Attributes:
        source: Key of the tensor it is made of; None where it is new.
    """

    spec: TensorSpec
    fate: Fate
    resizes: tuple[AxisResize, ...] = ()
    source: str | None = None


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


@dataclass(frozen=True, slots=True, eq=False)
class TakenApart:
    """A network with its layers and widths found, to be compared with others again and again."""

    document: Document
    expansion: Expansion
    widths: Widths


def take_apart(document: Document) -> TakenApart:
    """Find the layers and widths of a network."""
    expansion = expand(document)
    return TakenApart(document, expansion, find_widths(expansion))


def plan_transfer(before: Document | TakenApart, after: Document) -> Transfer:
    """Decide for every tensor of `after` what it takes from the weights of `before`."""
    old = before if isinstance(before, TakenApart) else take_apart(before)
    new = take_apart(after)
    return _Comparison(old.expansion, new.expansion, old.widths, new.widths).compare()


@dataclass(slots=True)
class _Comparison:
    old: Expansion
    new: Expansion
    old_widths: Widths
    new_widths: Widths
    _changes: dict[int, SpaceChange] = field(default_factory=dict[int, SpaceChange])
    _same_makers: dict[tuple[int, int], bool] = field(default_factory=dict[tuple[int, int], bool])
    _owners: dict[str, str] = field(default_factory=dict[str, str])
    """What weights of today went by, where the old network has them."""
    _sources: dict[str, TensorSpec] = field(default_factory=dict[str, TensorSpec])
    """The tensor that each one of today was, by key."""

    def compare(self) -> Transfer:
        specs = {t.key: t for use in self.old.uses for t in (*use.parameters, *use.buffers)}
        self._find_sources(specs)
        tensors = {
            spec.key: self._tensor(self._sources.get(spec.key), spec)
            for use in self.new.uses
            for spec in (*use.parameters, *use.buffers)
        }
        used = {tensor.source for tensor in tensors.values()}
        left_over = tuple(spec for key, spec in specs.items() if key not in used)
        return Transfer(self.old, self.new, tensors, left_over)

    def _find_sources(self, specs: Mapping[str, TensorSpec]) -> None:
        owners = {use.path: use.owner for use in self.old.uses}
        former = match_regrouped(owners, (use.path for use in self.new.uses))
        for use in self.new.uses:
            path = former.get(use.path, use.path)
            if path in owners:
                self._owners.setdefault(use.owner, owners[path])
            for spec in (*use.parameters, *use.buffers):
                # What shared the weights of another starts as a copy of them.
                names = (spec.key, f"{path}:{spec.name}", f"{owners.get(path)}:{spec.name}")
                old = next((specs[name] for name in names if name in specs), None)
                if old is not None:
                    self._sources[spec.key] = old

    def _tensor(self, old: TensorSpec | None, new: TensorSpec) -> TensorTransfer:
        if old is None or len(old.shape) != len(new.shape):
            return TensorTransfer(new, "new")
        if old.shape == new.shape:
            return TensorTransfer(new, "kept", source=old.key)
        old_axes = self.old_widths.axes.get(old.key, {})
        new_axes = self.new_widths.axes.get(new.key, {})
        resizes: list[AxisResize] = []
        for axis, (old_size, new_size) in enumerate(zip(old.shape, new.shape, strict=True)):
            resize = self._axis(axis, old_axes.get(axis), new_axes.get(axis))
            if resize is None and old_size != new_size:
                return TensorTransfer(new, "new")
            if resize is not None and any(part.change for part in resize.parts):
                resizes.append(resize)
        return TensorTransfer(new, "resized", tuple(resizes), source=old.key)

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
            if was.inner != now.inner or not self._has_same_makers(was.space, now.space):
                return False
            if not makers and (
                self.old_widths.space(was.space).size != self.new_widths.space(now.space).size
            ):
                return False
        return True

    def _has_same_makers(self, old: int, new: int) -> bool:
        roots = self.old_widths.root(old), self.new_widths.root(new)
        if roots not in self._same_makers:
            identity = self.new_widths.identity(new)
            makers = frozenset(self._owners.get(owner, owner) for owner in identity)
            self._same_makers[roots] = makers == self.old_widths.identity(old)
        return self._same_makers[roots]

    def _change(self, space: int, old_size: int) -> SpaceChange:
        root = self.new_widths.root(space)
        if root not in self._changes:
            found = self.new_widths.space(space)
            makers = sorted(
                MakerAxis(self._source_key(tensor), axis, starts)
                for use in found.makers
                for tensor in use.parameters
                if "weight" in tensor.name
                for axis, laid in self.new_widths.axes.get(tensor.key, {}).items()
                if not laid.is_input and (starts := self._starts(laid.layout, root, old_size))
            )
            self._changes[root] = SpaceChange(old_size, found.size, tuple(makers))
        return self._changes[root]

    def _source_key(self, tensor: TensorSpec) -> str:
        return self._sources.get(tensor.key, tensor).key

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
