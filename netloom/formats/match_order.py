"""Tensors that no name leads to, matched by their shape in the order of file and network.

Layers, not tensors, are matched: a layer takes another's tensors all together. Convolutions and
matrices come first, in order among those of the same shape; what follows one, such as a
normalization, takes what follows the other's in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from netloom.formats.match_names import variants
from netloom.formats.match_places import Found, Matches, Place
from netloom.formats.weight_file import FileTensor

COUNTER = "num_batches_tracked"
Name = tuple[str, ...]
_Signature = frozenset[tuple[str, tuple[int, ...]]]

_PARALLEL = "Layers side by side have this shape: check that they were not swapped."
_UNEVEN = "{own} in the network and {given} in the file: taken from the first on."


@dataclass(slots=True)
class _Layer:
    """A layer of the network, or of the file."""

    name: str
    index: int
    tensors: dict[str, Place | FileTensor] = field(default_factory=dict[str, "Place | FileTensor"])
    depth: int = 0
    path: str = ""
    before: str = ""

    @property
    def signature(self) -> _Signature:
        return frozenset((name, each.shape) for name, each in self.tensors.items())

    @property
    def is_follower(self) -> bool:
        """Whether it has vectors alone, as a normalization has."""
        return all(len(each.shape) < 2 for each in self.tensors.values())


def by_order(places: Sequence[Place], tensors: Sequence[FileTensor]) -> Matches:
    """Match by shape what names have left."""
    own = _layers((place.layer, place.name, place) for place in places)
    given = _layers((tensor.layer, tensor.name, tensor) for tensor in tensors)
    found = Matches()
    partners: dict[str, _Layer] = {}
    _match_in_order(
        [layer for layer in own if not layer.is_follower],
        [layer for layer in given if not layer.is_follower],
        found,
        partners,
    )
    followers = [layer for layer in given if layer.is_follower]
    taken = _match_followers(own, followers, found, partners)
    _match_in_order(
        [layer for layer in own if layer.is_follower and layer.path not in partners],
        [layer for layer in followers if layer.index not in taken],
        found,
        partners,
    )
    if found.of:
        found.notes.append(
            "Names did not say where all weights belong: some were matched by their shapes, in "
            "order. Look over those rows, and try the network before trusting it."
        )
    return found


def _layers(named: Iterable[tuple[str, str, Place | FileTensor]]) -> list[_Layer]:
    layers: dict[str, _Layer] = {}
    for name, tensor_name, tensor in named:
        if tensor_name == COUNTER:
            continue
        key = tensor.path if isinstance(tensor, Place) else name
        layer = layers.setdefault(key, _Layer(name, len(layers)))
        layer.tensors[tensor_name] = tensor
        if isinstance(tensor, Place):
            layer.depth, layer.path, layer.before = tensor.depth, tensor.path, tensor.before
    return list(layers.values())


def _by_signature(layers: Iterable[_Layer]) -> dict[_Signature, list[_Layer]]:
    groups: dict[_Signature, list[_Layer]] = {}
    for layer in layers:
        groups.setdefault(layer.signature, []).append(layer)
    return groups


def _match_in_order(
    own: Sequence[_Layer],
    given: Sequence[_Layer],
    found: Matches,
    partners: dict[str, _Layer],
) -> None:
    groups = _by_signature(given)
    for signature, layers in _by_signature(own).items():
        for each, others, name in _by_tail(layers, groups.get(signature, [])):
            note = _how(each, others, name)
            for layer, other in zip(each, others, strict=False):
                _take(layer, other, note, found, partners)


def _how(own: Sequence[_Layer], given: Sequence[_Layer], name: str) -> str:
    sentences = [f"Among those called “{name}”."] if name else []
    if len({layer.depth for layer in own}) < len(own):
        sentences.append(_PARALLEL)
    if len(own) != len(given):
        sentences.append(_UNEVEN.format(own=len(own), given=len(given)))
    return " ".join(sentences)


def _by_tail(
    own: list[_Layer], given: list[_Layer]
) -> list[tuple[list[_Layer], list[_Layer], str]]:
    """Divide layers of one shape by how their names end, where those of the file end alike."""
    for length in (2, 1):
        groups: dict[Name, list[_Layer]] = {}
        for layer in given:
            groups.setdefault(_split(layer.name)[-length:], []).append(layer)
        divided: dict[Name, list[_Layer]] = {}
        for layer in own:
            ends = variants(_split(layer.name)[-length:])
            tail = next((each for each in ends if each in groups), None)
            if tail is None:
                break
            divided.setdefault(tail, []).append(layer)
        else:
            if all(len(layers) <= len(groups[tail]) for tail, layers in divided.items()):
                return [(layers, groups[tail], ".".join(tail)) for tail, layers in divided.items()]
    return [(own, given, "")]


def _split(name: str) -> Name:
    return tuple(name.split("."))


def _match_followers(
    own: Sequence[_Layer],
    given: Sequence[_Layer],
    found: Matches,
    partners: dict[str, _Layer],
) -> set[int]:
    """Give what follows a matched layer what follows its partner in the file."""
    taken: set[int] = set()
    groups = _by_signature(given)
    for layer in own:
        partner = partners.get(layer.before)
        if not layer.is_follower or partner is None:
            continue
        free = [each for each in groups.get(layer.signature, []) if each.index not in taken]
        if not free:
            continue
        nearness = [_nearness(partner, each) for each in free]
        other = free[nearness.index(max(nearness))]
        taken.add(other.index)
        _take(layer, other, f"Follows “{partner.name}” in the file.", found, partners)
    return taken


def _nearness(partner: _Layer, candidate: _Layer) -> tuple[int, bool, int]:
    """Say how likely a layer of the file follows another: by its name, then by its place."""
    pairs = zip(partner.name, candidate.name, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    distance = candidate.index - partner.index
    return shared, distance > 0, -abs(distance)


def _take(
    layer: _Layer,
    other: _Layer,
    note: str,
    found: Matches,
    partners: dict[str, _Layer],
) -> None:
    partners[layer.path] = other
    given: Mapping[str, Place | FileTensor] = other.tensors
    for name, place in layer.tensors.items():
        tensor = given[name]
        if isinstance(place, Place) and isinstance(tensor, FileTensor):
            found.of[place.key] = Found(tensor, "shape in order", note)
