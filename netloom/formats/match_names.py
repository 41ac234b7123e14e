"""Tensors matched by their names, with or without what stands before all of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from netloom.formats.match_places import Found, Matches, Place
from netloom.formats.weight_file import FileTensor

_MOST_ROUNDS = 3
_LEAST_SHARE = 0.2
"""Of the names that a prefix stands before, and nearly all where both sides have one."""
_NEARLY_ALL = 0.95
_LEAST_AGREEMENT = 0.5
"""Of the names behind a prefix: fewer are a coincidence, such as blocks that number differently."""
_LONGEST_PREFIX = 3
_NO_WORD = re.compile(r"\W")
_NUMBERED = re.compile(r".*\D(\d+)")

Name = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Prefixes:
    """What is taken off the names of the file, and off those of the network."""

    file: Name = ()
    network: Name = ()

    @property
    def words(self) -> str:
        """Say it for people."""
        parts: list[str] = []
        if self.file:
            parts.append(f"Without “{'.'.join(self.file)}.” of the file.")
        if self.network:
            parts.append(f"Inside “{'.'.join(self.network)}” of the network.")
        return " ".join(parts)


def by_names(places: Sequence[Place], tensors: Sequence[FileTensor]) -> Matches:
    """Match what has the same name; several rounds, as a file may hold several parts."""
    found = Matches()
    taken: set[str] = set()
    for number in range(_MOST_ROUNDS):
        rest = [place for place in places if place.key not in found.of]
        left = [tensor for tensor in tensors if tensor.key not in taken]
        best = _best(rest, left)
        if best is None:
            break
        prefixes, pairs = best
        how = "prefix" if prefixes.file or prefixes.network else "name"
        for place, tensor in pairs:
            if place.shape == tensor.shape:
                found.of[place.key] = Found(tensor, how, prefixes.words)
                found.other_shape.pop(place.key, None)
                taken.add(tensor.key)
            elif number == 0:
                found.other_shape[place.key] = tensor
    return found


def _best(
    places: Sequence[Place], tensors: Sequence[FileTensor]
) -> tuple[_Prefixes, list[tuple[Place, FileTensor]]] | None:
    """Return the prefixes under which most tensors fit; None where no two of one name do."""
    file_names = [(_split(tensor.layer), tensor) for tensor in tensors]
    own_names = [(_split(place.layer), place) for place in places]
    best: tuple[_Prefixes, list[tuple[Place, FileTensor]]] | None = None
    most = 0
    for file_prefix, file_share in _prefixes([name for name, _ in file_names]):
        for own_prefix, _ in _prefixes([name for name, _ in own_names]):
            if file_prefix and own_prefix and file_share < _NEARLY_ALL:
                continue
            own, given = _behind(own_names, own_prefix), _behind(file_names, file_prefix)
            pairs = _pairs(own, given)
            count = sum(place.shape == tensor.shape for place, tensor in pairs)
            is_exact = not (file_prefix or own_prefix)
            if count > most and (is_exact or count >= _LEAST_AGREEMENT * min(len(own), len(given))):
                best, most = (_Prefixes(file_prefix, own_prefix), pairs), count
    return best


def _split(layer: str) -> Name:
    """Return the parts of a name, `fire2/squeeze` as it is written here: `fire2_squeeze`."""
    return tuple(_NO_WORD.sub("_", part) for part in layer.split(".")) if layer else ()


def _prefixes(names: Sequence[Name]) -> list[tuple[Name, float]]:
    """Return what stands before a good part of the names and its share, nothing first."""
    counts: Counter[Name] = Counter()
    for name in names:
        # The last word is the layer itself.
        counts.update(name[:length] for length in range(1, min(_LONGEST_PREFIX, len(name) - 1) + 1))
    shares = [(prefix, count / len(names)) for prefix, count in counts.items()]
    common = [each for each in shares if each[1] >= _LEAST_SHARE]
    return [((), 1.0), *sorted(common, key=lambda each: (len(each[0]), each[0]))]


def _behind(names: Sequence[tuple[Name, _T]], prefix: Name) -> list[tuple[Name, _T]]:
    size = len(prefix)
    return [(name[size:], item) for name, item in names if name[:size] == prefix]


def _pairs(
    places: Sequence[tuple[Name, Place]], tensors: Sequence[tuple[Name, FileTensor]]
) -> list[tuple[Place, FileTensor]]:
    """Pair what has the same name, and `features.0` with `features.conv_0`.

    A layer that is only numbered in the file has a word before its number in the network, as
    names begin with a letter here.
    """
    by_mask: dict[tuple[bool, ...], dict[tuple[Name, str], Place | None]] = {}
    pairs: list[tuple[Place, FileTensor]] = []
    for name, tensor in tensors:
        mask = tuple(part.isdigit() for part in name)
        if mask not in by_mask:
            by_mask[mask] = _index(places, mask)
        place = by_mask[mask].get((name, tensor.name))
        if place is not None:
            pairs.append((place, tensor))
    return pairs


def _index(
    places: Sequence[tuple[Name, Place]], mask: tuple[bool, ...]
) -> dict[tuple[Name, str], Place | None]:
    """Return places by what a file would call them; None where several have one name."""
    index: dict[tuple[Name, str], Place | None] = {}
    for name, place in places:
        if len(name) != len(mask):
            continue
        key = (tuple(_as_numbered(name, mask)), place.name)
        index[key] = place if key not in index else None
    return index


def _as_numbered(name: Name, mask: Sequence[bool]) -> Iterator[str]:
    for part, is_number in zip(name, mask, strict=True):
        found = _NUMBERED.fullmatch(part) if is_number else None
        yield part if found is None else found[1]


def variants(name: Name) -> Iterator[Name]:
    """Yield what a file may call a short name: as it is, and with words before numbers left out."""
    choices = [
        (part, found[1]) if (found := _NUMBERED.fullmatch(part)) else (part,) for part in name
    ]
    yield from product(*choices)
