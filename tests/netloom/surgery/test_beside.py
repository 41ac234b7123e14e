"""A network that is merged in is drawn as it stood, beside the one it joins."""

from __future__ import annotations

from itertools import combinations

import pytest

from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, Frame, Position, View
from netloom.surgery import plan_act
from netloom.surgery.edit import CARD_HEIGHT_PX, CARD_WIDTH_PX
from netloom.surgery.renaming import find_merged
from tests.netloom.surgery.networks import template

ENDS = {"ImageInput", "Output"}


def merged(document: Document, other: Document, how: str, *, as_block: bool = False) -> Document:
    values = {"how": how, "as_block": as_block}
    plan = plan_act(document, "merge_network", values=values, other=other)
    assert plan.refusal == ""
    return apply_operations(document, plan.operations)[0]


def new_ids(other: Document, changed: Document) -> list[tuple[str, str]]:
    """The ids of the other's layers, and those under which they were brought in."""
    part = find_merged(other, changed)
    assert part is not None
    nodes = other.graph.nodes
    return [(key, part.ids[key]) for key, node in nodes.items() if node.type not in ENDS]


def in_one_row(document: Document) -> Document:
    positions = {key: Position(x=216.0 * at, y=0) for at, key in enumerate(document.graph.nodes)}
    return document.model_copy(update={"view": View(positions=positions)})


def id_of(document: Document, kind: str) -> str:
    return next(key for key, node in document.graph.nodes.items() if node.type == kind)


def lying_on_another(document: Document) -> list[tuple[str, str]]:
    places = {key: document.view.positions[key] for key in document.graph.nodes}
    return [
        (one, other)
        for one, other in combinations(places, 2)
        if abs(places[one].x - places[other].x) < CARD_WIDTH_PX
        and abs(places[one].y - places[other].y) < CARD_HEIGHT_PX
    ]


@pytest.mark.parametrize("as_block", [False, True])
@pytest.mark.parametrize("how", ["after", "add"])
@pytest.mark.parametrize("names", [("resnet18", "small_cnn"), ("small_cnn", "unet"), ("mlp",) * 2])
def test_what_was_drawn_stays_and_no_card_lies_on_another(
    names: tuple[str, str], how: str, *, as_block: bool
) -> None:
    document, other = template(names[0]), template(names[1])
    changed = merged(document, other, how, as_block=as_block)
    assert lying_on_another(changed) == []
    after = changed.view.positions
    for key, node in document.graph.nodes.items():
        assert (after[key] == document.view.positions[key]) or node.type == "Output"


def test_the_other_moves_as_a_whole_and_the_join_stands_behind_both() -> None:
    document, other = template("resnet18"), template("small_cnn")
    changed = merged(document, other, "concatenate")
    after, theirs = changed.view.positions, other.view.positions
    ids = new_ids(other, changed)
    shifts = {(after[new].x - theirs[old].x, after[new].y - theirs[old].y) for old, new in ids}
    assert len(shifts) == 1
    joint, output = id_of(changed, "Concatenate"), id_of(changed, "Output")
    own = [key for key in document.graph.nodes if key != output]
    assert min(after[new].x for _, new in ids) > max(after[key].x for key in own) + CARD_WIDTH_PX
    sources = {e.source.node for e in changed.graph.edges.values() if e.target.node == joint}
    assert len(sources) == 2
    assert after[output].x > after[joint].x > max(after[key].x for key in sources)


def test_two_long_rows_stand_below_each_other() -> None:
    row = in_one_row(template("small_cnn"))
    after = merged(row, row, "add").view.positions
    assert max(place.x for place in after.values()) < 1.2 * max(
        place.x for place in row.view.positions.values()
    )
    assert len({place.y for place in after.values()}) == 2


@pytest.mark.parametrize("view", ["none", "all in one place"])
def test_a_network_without_places_is_laid_out_first(view: str) -> None:
    document, other = template("resnet18"), template("small_cnn")
    nodes = other.graph.nodes
    piled = {} if view == "none" else {key: Position(x=0, y=0) for key in nodes}
    other = other.model_copy(update={"view": View(positions=piled)})
    for changed in (merged(document, other, "add"), merged(other, document, "add")):
        assert changed.graph.nodes.keys() <= changed.view.positions.keys()
    changed = merged(document, other, "add")
    assert lying_on_another(changed) == []
    rows = {changed.view.positions[new].y for _, new in new_ids(other, changed)}
    assert len(rows) > 1  # A row of 23 layers would be a thin line.


def test_comments_are_kept_clear_of() -> None:
    document, other = template("mlp"), template("mlp")
    frame = Frame(x=-50, y=-50, width_px=4000, height_px=3000)
    view = document.view.model_copy(update={"frames": {"note": frame}})
    changed = merged(document.model_copy(update={"view": view}), other, "add")
    new = changed.graph.nodes.keys() - document.graph.nodes.keys()
    places = [changed.view.positions[key] for key in new]
    assert all(place.x >= 3950 or place.y >= 2950 for place in places)
