"""The tensors of a network that wait for something to be loaded, and what was found for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from netloom.formats.weight_file import FileTensor, natural
from netloom.graph.document import Document
from netloom.layers.recurrent import GRUParams
from netloom.layers.shapes import Shape
from netloom.surgery.expand import LayerUse, expand

_SPATIAL = frozenset("DHWT")
_PASSES = frozenset({"Dropout", "Identity", "ReLU", "AlphaDropout"})
"""Layers between a Flatten and a Linear layer that leave the order of the numbers alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor of a network.

    Attributes:
        key: Its weight key.
        layer: Names of its layer, with dots.
        path: Of the use that has it.
        depth: How many layers lie before it at most.
        before: Path of the layer with weights right before its own; empty where there is none.
        flattened: Of a Linear layer behind a Flatten: sizes of what was flattened, as one counts
            them that has channels last.
        sees_image: No layer with weights lies between an image input and its own.
        resets_after: Of a GRU, whether its reset gate acts behind the product; None of all others.
    """

    key: str
    layer: str
    name: str
    shape: tuple[int, ...]
    is_learned: bool
    path: str
    type: str
    depth: int
    before: str = ""
    flattened: tuple[int, ...] | None = None
    sees_image: bool = False
    resets_after: bool | None = None

    def computes_as(self, tensor: FileTensor) -> bool:
        """Say whether numbers of the file mean the same here: tensors of both GRUs look alike."""
        return tensor.resets_after is None or tensor.resets_after == self.resets_after

    @property
    def num_values(self) -> int:
        """How many numbers it has."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class Found:
    """What a place takes."""

    tensor: FileTensor
    how: Literal["name", "prefix", "shape in order"]
    note: str = ""


@dataclass(slots=True)
class Matches:
    """By weight key.

    Attributes:
        other_shape: What has the right name and another shape.
    """

    of: dict[str, Found] = field(default_factory=dict[str, Found])
    other_shape: dict[str, FileTensor] = field(default_factory=dict[str, FileTensor])
    notes: list[str] = field(default_factory=list[str])


def places_of(document: Document) -> tuple[list[Place], bool]:
    """Return every tensor of a network, layers in computing order, parallel ones by name.

    Returns:
        The places, and whether every layer was reached with known shapes.
    """
    expansion = expand(document)
    uses = {use.path: use for use in expansion.uses}
    depths: dict[str, int] = {}
    before: dict[str, str] = {}
    raw: set[str] = set()
    for use in expansion.uses:
        sources = [uses[value.path] for value in use.inputs.values() if value.path in uses]
        depths[use.path] = 1 + max((depths[source.path] for source in sources), default=0)
        before[use.path] = _before(sources, before)
        from_image = [source for source in sources if source.path in raw and not source.parameters]
        if use.node.type == "ImageInput" or from_image:
            raw.add(use.path)
    places = [
        Place(
            key=spec.key,
            layer=use.name,
            name=spec.name,
            shape=spec.shape,
            is_learned=spec in use.parameters,
            path=use.path,
            type=use.node.type,
            depth=depths[use.path],
            before=before[use.path],
            flattened=_flattened(use, uses),
            sees_image=use.path in raw,
            resets_after=use.params.reset_after if isinstance(use.params, GRUParams) else None,
        )
        for use in expansion.uses
        for spec in (*use.parameters, *use.buffers)
    ]
    places.sort(key=lambda place: (place.depth, natural(place.layer)))
    return places, expansion.is_complete


def constant_keys(document: Document) -> set[str]:
    """Return the weight keys of constants: no training makes them, so few files hold them."""
    return {place.key for place in places_of(document)[0] if place.type == "Constant"}


def _before(sources: list[LayerUse], before: Mapping[str, str]) -> str:
    """Return the one layer with weights before; nothing where branches meet."""
    if len(sources) != 1:
        return ""
    (source,) = sources
    return source.path if source.parameters else before[source.path]


def _flattened(use: LayerUse, uses: Mapping[str, LayerUse]) -> tuple[int, ...] | None:
    if use.node.type != "Linear":
        return None
    at = use
    while len(at.inputs) == 1:
        (value,) = at.inputs.values()
        source = uses.get(value.path)
        if source is None:
            return None
        if source.node.type == "Flatten" and len(source.inputs) == 1:
            (flat,) = source.inputs.values()
            return _channels_last(flat.shape)
        if source.node.type not in _PASSES:
            return None
        at = source
    return None


def _channels_last(shape: Shape) -> tuple[int, ...] | None:
    """Return sizes with channels behind; None where there is nothing to reorder."""
    axes = [dim.axis for dim in shape[1:]]
    sizes = [dim.size for dim in shape[1:]]
    if axes[:1] != ["C"] or not _SPATIAL.issuperset(axes[1:]):
        return None
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) < len(sizes) or all(size == 1 for size in known[1:]):
        return None
    return (*known[1:], known[0])
