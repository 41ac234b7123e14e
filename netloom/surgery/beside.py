"""Where a network that is merged in is drawn: as it stood, beside the one it joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netloom.blocks.bands import placed
from netloom.graph.document import Document, Position
from netloom.graph.operations import MoveNodes
from netloom.surgery.edit import CARD_HEIGHT_PX, CARD_WIDTH_PX, STEP_PX, GraphEdit

_GAP_PX = 120.0
"""Wider than between two cards, so that the networks are seen to be two."""
_WIDEST = 5
"""Width over height from which a drawing is a strip that no screen shows whole."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the canvas."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width_px(self) -> float:
        return self.right - self.left

    @property
    def height_px(self) -> float:
        return self.bottom - self.top


def area_of(places: Iterable[Position]) -> Area | None:
    """Return what cards cover; None without any."""
    listed = list(places)
    if not listed:
        return None
    return Area(
        min(place.x for place in listed),
        min(place.y for place in listed),
        max(place.x for place in listed) + CARD_WIDTH_PX,
        max(place.y for place in listed) + CARD_HEIGHT_PX,
    )


def drawn_places(document: Document) -> dict[str, Position]:
    """Return where the top level is drawn; laid out anew where that says too little.

    Places say too little when a layer has none, or lies right on another.
    """
    graph = document.graph
    known = {key: document.view.positions[key] for key in graph.nodes if _has(document, key)}
    if len({(place.x, place.y) for place in known.values()}) == len(graph.nodes):
        return known
    return placed(list(graph.nodes), graph.edges.values())


def moved_beside(edit: GraphEdit, theirs: Mapping[str, Position]) -> dict[str, Position]:
    """Move places as a whole to the right of the network; below it where that is one long strip."""
    own, other = _own_area(edit), area_of(theirs.values())
    if own is None or other is None:
        return dict(theirs)
    left, top = own.right + _GAP_PX, own.top
    width_px = own.width_px + _GAP_PX + other.width_px
    if width_px > _WIDEST * max(own.height_px, other.height_px):
        left, top = own.left, own.bottom + _GAP_PX
    dx, dy = left - other.left, top - other.top
    return {key: Position(x=place.x + dx, y=place.y + dy) for key, place in theirs.items()}


def place_all(edit: GraphEdit) -> None:
    """Lay out a network of which no layer has a place, so that something can stand beside it."""
    document = edit.document
    if document.graph.nodes and not any(_has(document, key) for key in document.graph.nodes):
        edit.do([MoveNodes(positions=dict(drawn_places(document)))])


def behind(edit: GraphEdit, sources: Iterable[str]) -> Position | None:
    """Return the place to the right of layers, in the row of the last of them."""
    places = [place for key in sources if (place := edit.place(key)) is not None]
    if not places:
        return None
    return Position(x=max(place.x for place in places) + STEP_PX, y=places[-1].y)


def _own_area(edit: GraphEdit) -> Area | None:
    """Return what the network covers with its comments."""
    own = area_of(place for key in edit.scope.nodes if (place := edit.place(key)) is not None)
    frames = [each for each in edit.document.view.frames.values() if each.scope is None]
    if own is None:
        return None
    return Area(
        min([own.left, *(frame.x for frame in frames)]),
        min([own.top, *(frame.y for frame in frames)]),
        max([own.right, *(frame.x + frame.width_px for frame in frames)]),
        max([own.bottom, *(frame.y + frame.height_px for frame in frames)]),
    )


def _has(document: Document, node_id: str) -> bool:
    return node_id in document.view.positions
