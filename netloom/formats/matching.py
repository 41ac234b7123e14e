"""Which tensor of a file belongs to which layer of a network: by name, by prefix, by shape.

The answer is a table, pure data, so that a person sees it before anything is loaded; each row says
how it came about. No torch: the web process makes it from names and shapes alone.

>>> matching = match_weights(document, file.facts)
>>> weights = apply_matching(matching, file.tensors)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from netloom.formats.match_names import by_names
from netloom.formats.match_order import by_order
from netloom.formats.match_places import Found, Matches, Place, places_of
from netloom.formats.weight_file import FileTensor
from netloom.graph.document import Document

if TYPE_CHECKING:
    from torch import Tensor

How = Literal["name", "prefix", "shape in order", "none"]
COUNTER = "num_batches_tracked"
"""What batch normalization counts; only training asks for it, and most files lack it."""

STAYS = "A constant: it stays as it is."

Text = Annotated[str, Field(max_length=4000)]


class MatchingModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MatchRow(MatchingModel):
    """A tensor of the file, a tensor of the network, or both where they belong together.

    Attributes:
        file_key: Empty where the file has nothing for the network's tensor.
        weight_key: Empty where the network has no place for the file's tensor.
        layer: Name path of the layer in the network.
        tensor: Name in the layer, e.g. `weight`.
        how: `none` where nothing is loaded; `note` says why.
        note: What a person should know of this row.
        reorder: Where inputs were counted height, width, channels in the file: those sizes.
        is_reversed: The file counts the channels of images from blue to red.
    """

    file_key: Text = ""
    file_shape: tuple[int, ...] = ()
    weight_key: Text = ""
    layer: Text = ""
    tensor: Text = ""
    shape: tuple[int, ...] = ()
    how: How
    note: Text = ""
    reorder: tuple[int, ...] | None = None
    is_reversed: bool = False

    def input_order(self, num_inputs: int) -> list[int] | None:
        """Return for each input its place in the file; None where the order is the same."""
        if self.is_reversed:
            return [*range(num_inputs)][::-1]
        if self.reorder is None:
            return None
        places = np.arange(num_inputs).reshape(*self.reorder)
        return [int(place) for place in np.moveaxis(places, -1, 0).reshape(-1)]


class Matching(MatchingModel):
    """The whole table.

    Attributes:
        rows: The network's tensors in computing order, then what is left of the file.
        num_matched: Tensors that are loaded.
        num_places: Tensors of the network, counters of batches left out.
        num_in_file: Tensors of the file, likewise.
        matched_values: Learned numbers that are loaded.
        num_values: Learned numbers of the network.
        layers: Layers with weights that are loaded whole.
        num_layers: Layers with weights.
        notes: What concerns more than one row.
        is_complete: False while shapes of the network are unknown: layers there take no part.
    """

    rows: list[MatchRow]
    num_matched: int
    num_places: int
    num_in_file: int
    matched_values: int
    num_values: int
    layers: int
    num_layers: int
    notes: list[Text] = Field(default_factory=list[str])
    is_complete: bool = True

    @property
    def share(self) -> float:
        """How much of the network's learned numbers is loaded, 0 to 1."""
        return self.matched_values / self.num_values if self.num_values else 0.0

    @property
    def num_unused(self) -> int:
        """How many tensors of the file found no place."""
        return sum(row.how == "none" and bool(row.file_key) for row in self.rows)

    def count(self, how: How) -> int:
        """Return how many tensors are loaded this way."""
        return sum(row.how == how and bool(row.file_key and row.weight_key) for row in self.rows)


def match_weights(
    document: Document, tensors: Sequence[FileTensor], *, is_bgr: bool = False
) -> Matching:
    """Find for every tensor of a network what a file holds for it.

    Names decide first, with or without what stands before them all (`module.`, `backbone.`).
    What no name leads to is matched by shape, in the order of file and network. Only tensors of
    equal shape are ever matched.

    Args:
        is_bgr: The weights were trained on images whose first channel is blue.
    """
    places, is_complete = places_of(document)
    found = by_names(places, tensors)
    rest = [place for place in places if place.key not in found.of]
    taken = {match.tensor.key for match in found.of.values()}
    left = [tensor for tensor in tensors if tensor.key not in taken]
    ordered = by_order(rest, left)
    if not found.of and _is_guess(places, ordered):
        ordered = Matches()
    alike = {**found.of, **ordered.of}
    other = [place for place in places
             if place.key in alike and not place.computes_as(alike[place.key].tensor)]  # fmt: skip
    matches = {key: match for key, match in alike.items() if key not in {p.key for p in other}}
    notes = [*ordered.notes, *_folded(places, tensors), *_other_gru(other)]
    table = _table(places, tensors, matches, found.other_shape, is_complete, notes)
    if not is_bgr:
        return table
    first = {place.key for place in places if place.sees_image and place.name == "weight"}
    rows = [_turned_round(row) if row.weight_key in first else row for row in table.rows]
    return table.model_copy(update={"rows": rows})


def _is_guess(places: Sequence[Place], ordered: Matches) -> bool:
    """Whether vectors alone were matched, though there is more: strangers share their lengths."""
    leading = [place for place in places if len(place.shape) > 1]
    return bool(leading) and not any(place.key in ordered.of for place in leading)


def _folded(places: Sequence[Place], tensors: Sequence[FileTensor]) -> list[str]:
    """Say that one side has normalizations and the other none, which explains what does not fit."""
    own = any(place.name == "running_mean" for place in places)
    given = any(tensor.name == "running_mean" for tensor in tensors)
    if own == given or not tensors:
        return []
    has, lacks = ("network", "file") if own else ("file", "network")
    return [
        f"The {has} has batch normalizations and the {lacks} has none: they were probably merged "
        "into its convolutions, whose numbers are others then. Take both from the same stage."
    ]


def _other_gru(places: Sequence[Place]) -> list[str]:
    """Say which layers start new because theirs is the other kind of GRU."""
    if not places:
        return []
    names = ", ".join(dict.fromkeys(place.layer for place in places))
    where = "before the product" if places[0].resets_after else "behind the product"
    return [
        f"In the file the reset gate acts {where}, other than in {names[:1000]}: the same numbers "
        "would compute something else. Change “Reset after the product” there, and match again."
    ]


def _turned_round(row: MatchRow) -> MatchRow:
    if row.how == "none" or len(row.shape) < 3 or row.shape[1] != 3:
        return row
    note = f"{row.note} Its inputs are turned round: the file has blue first.".strip()
    return row.model_copy(update={"is_reversed": True, "note": note})


def apply_matching(matching: Matching, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a file by weight key.

    Args:
        tensors: By the file's key, as `read_weight_file` gives them.
    """
    weights: dict[str, Tensor] = {}
    for row in matching.rows:
        if row.how == "none":
            continue
        tensor = tensors[row.file_key]
        order = row.input_order(tensor.shape[1]) if tensor.ndim > 1 else None
        weights[row.weight_key] = (tensor if order is None else tensor[:, order]).contiguous()
    return weights


@dataclass(frozen=True, slots=True)
class _Counts:
    matched: int = 0
    places: int = 0
    matched_values: int = 0
    values: int = 0


def _table(
    places: Sequence[Place],
    tensors: Sequence[FileTensor],
    matches: Mapping[str, Found],
    other_shape: Mapping[str, FileTensor],
    is_complete: bool,
    notes: Sequence[str],
) -> Matching:
    rows: list[MatchRow] = []
    counts = _Counts()
    layers: dict[str, bool] = {}
    shown = {match.tensor.key for match in matches.values()}
    for place in places:
        row, counts = _row(place, matches.get(place.key), other_shape.get(place.key), counts)
        if place.name == COUNTER and row.how == "none":
            continue
        shown.add(row.file_key)
        rows.append(row)
        if place.name != COUNTER:
            layers[place.path] = layers.get(place.path, True) and row.how != "none"
    of_file = [tensor for tensor in tensors if tensor.name != COUNTER]
    rows += [
        MatchRow(
            file_key=tensor.key,
            file_shape=tensor.shape_in_file or tensor.shape,
            how="none",
            note="The network has no place for it.",
        )
        for tensor in of_file
        if tensor.key not in shown
    ]
    return Matching(
        rows=rows,
        num_matched=counts.matched,
        num_places=counts.places,
        num_in_file=len(of_file),
        matched_values=counts.matched_values,
        num_values=counts.values,
        layers=sum(layers.values()),
        num_layers=len(layers),
        notes=list(notes),
        is_complete=is_complete,
    )


def _row(
    place: Place, match: Found | None, other: FileTensor | None, counts: _Counts
) -> tuple[MatchRow, _Counts]:
    values = place.num_values if place.is_learned else 0
    is_counted = place.name != COUNTER
    counts = replace(counts, places=counts.places + is_counted, values=counts.values + values)
    row = MatchRow(
        weight_key=place.key,
        layer=place.layer,
        tensor=place.name,
        shape=place.shape,
        how="none",
        note=STAYS if place.type == "Constant" else "The file has nothing for it: it starts new.",
    )
    if match is not None:
        tensor = match.tensor
        reorder = place.flattened if tensor.is_channels_last and len(tensor.shape) == 2 else None
        note = match.note
        if reorder is not None:
            words = "Its inputs are reordered: the file counts channels last."
            note = f"{note} {words}".strip()
        update = {"file_key": tensor.key, "how": match.how, "note": note, "reorder": reorder}
        update["file_shape"] = tensor.shape_in_file or tensor.shape
        counts = replace(
            counts,
            matched=counts.matched + is_counted,
            matched_values=counts.matched_values + values,
        )
        return row.model_copy(update=update), counts
    if other is not None:
        note = "It has another shape in the file: it starts new."
        shape = other.shape_in_file or other.shape
        update = {"file_key": other.key, "file_shape": shape, "note": note}
        return row.model_copy(update=update), counts
    return row, counts
