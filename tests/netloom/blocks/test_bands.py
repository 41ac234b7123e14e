"""Imported networks stand in columns, and long ones in bands that a canvas shows whole."""

from __future__ import annotations

from itertools import pairwise

from netloom.blocks.bands import ASPECT, MOST_IN_ONE_ROW, placed
from netloom.blocks.layout import COLUMN_PX, ROW_PX
from netloom.graph.document import Edge, Position
from tests.netloom.graph.build import edge


def chain_of(num: int) -> tuple[list[str], list[Edge]]:
    """Ids that sort the other way round, as nothing is to hang on them."""
    nodes = [f"n{9999 - at}" for at in range(num)]
    return nodes, [edge(*pair) for pair in pairwise(nodes)]


def shape_of(places: dict[str, Position]) -> float:
    width = COLUMN_PX + max(place.x for place in places.values())
    return width / (ROW_PX + max(place.y for place in places.values()))


def test_a_short_chain_is_one_row() -> None:
    places = placed(*chain_of(MOST_IN_ONE_ROW))
    assert [place.x for place in places.values()] == [
        COLUMN_PX * at for at in range(MOST_IN_ONE_ROW)
    ]
    assert {place.y for place in places.values()} == {0.0}


def test_a_long_chain_is_broken_into_the_shape_of_a_canvas() -> None:
    for num in (40, 169, 1000):
        places = placed(*chain_of(num))
        assert len({(place.x, place.y) for place in places.values()}) == num
        assert 0.6 * ASPECT < shape_of(places) < 1.6 * ASPECT
        read = sorted(places, key=lambda each: (places[each].y, places[each].x))
        assert read == sorted(places, reverse=True), "read line by line, it is in order"


def test_bands_end_between_groups_of_branches() -> None:
    """Four-layer residual groups: a band never ends where a branch is still open."""
    nodes, edges = chain_of(120)
    edges += [edge(nodes[at], nodes[at + 3]) for at in range(0, 116, 4)]
    places = placed(nodes, edges)
    height = {node_id: place.y for node_id, place in places.items()}
    starts = [at for at in range(1, 120) if places[nodes[at]].x == 0 and height[nodes[at]] > 0]
    assert starts
    assert {at % 4 for at in starts} == {0}


def test_sources_stand_next_to_their_use() -> None:
    nodes, edges = chain_of(6)
    places = placed([*nodes, "constant"], [*edges, edge("constant", nodes[4])])
    assert places["constant"].x == places[nodes[3]].x
    assert places["constant"].y > places[nodes[3]].y


def test_branches_stand_in_the_order_of_the_drawing() -> None:
    branches = ["z", "m", "a"]
    edges = [edge("start", each) for each in branches] + [edge(each, "end") for each in branches]
    places = placed(["start", *branches, "end"], edges)
    assert sorted(branches, key=lambda each: places[each].y) == branches
