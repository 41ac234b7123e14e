"""A network of 5,000 nodes costs what is in view, in exact counts, whatever is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bench.frames import acts, drag
from bench.networks import deep_residual
from tests.e2e.counted import Counter, Counts
from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]
_NUM_NODES = 5000
_MOVES, _LONG_MOVES = 22, 46
# What is near is looked up again every 32 pixels: the drag goes 240 across and 160 down.
_STEPS = 240 // 32 + 160 // 32 + 2
_FLIGHT_FRAMES = 24
_PANE, _VIEW = ".react-flow__pane", ".react-flow__viewport"
_EDGE = (0.5, 0.015)
_FIT = {"click": "[data-testid='designer-fit']"}
_FULL_SIZE = {"key": {"on": "[data-testid='designer-canvas']", "key": "0"}}
_MIDDLE = """() => {
    const pane = document.querySelector('.react-flow__pane').getBoundingClientRect();
    const at = [pane.x + pane.width / 2, pane.y + pane.height / 2];
    const away = (node) => {
        const { x, y, width, height } = node.getBoundingClientRect();
        return Math.hypot(x + width / 2 - at[0], y + height / 2 - at[1]);
    };
    const nodes = [...document.querySelectorAll('.react-flow__node')];
    return nodes.reduce((best, node) => (away(node) < away(best) ? node : best)).dataset.id;
}"""
# The pane's size and what the viewport's transform makes of it, in the document's pixels.
_IN_VIEW = """() => {
    const pane = document.querySelector('.react-flow').getBoundingClientRect();
    const view = document.querySelector('.react-flow__viewport');
    const { a, e, f } = new DOMMatrix(getComputedStyle(view).transform);
    return [-e / a, -f / a, pane.width / a, pane.height / a];
}"""
_MOUNTED = """() => [...document.querySelectorAll('.react-flow__node')].map((n) => n.dataset.id)"""
_CARD_WIDTH, _CARD_HEIGHT = 176, 92
# Of the screen: no card farther from the view than this is mounted.
_AROUND = 384 + 32
_UNTIL_MOUNTED = """() => new Promise((done) => {
    const nodes = document.getElementsByClassName('react-flow__node');
    let [count, rested] = [-1, 0];
    const look = () => {
        rested = nodes.length === count ? rested + 1 : 0;
        count = nodes.length;
        if (rested === 5) done();
        else requestAnimationFrame(look);
    };
    look();
})"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return deep_residual(_NUM_NODES).model_dump(mode="json")


@pytest.fixture
def opened(open_context: OpenContext, document: dict[str, Any]) -> tuple[DesignerCanvas, Counter]:
    context = open_context()
    network_id = new_network(context, None, "Five thousand", document=document)
    designer = DesignerCanvas(context.new_page())
    counter = Counter(designer.page)
    designer.open(network_id)
    expect(designer.nodes().first.get_by_test_id("layer-shape")).to_have_text("B × 3 × 32 × 32")
    return designer, counter


_UNTIL_TABLE_RESTS = """() => new Promise((done) => {
    const table = document.querySelector("[data-testid='layers-table']").parentElement;
    let moved = performance.now();
    table.addEventListener('scroll', () => { moved = performance.now(); });
    const look = () => {
        if (performance.now() - moved > 500) done();
        else requestAnimationFrame(look);
    };
    look();
})"""


def settle(page: Page) -> None:
    """Let what was put off until the next frames happen, and the last analysis arrive."""
    expect(page.locator("[data-stale]")).to_have_count(0, timeout=60_000)
    expect(page.get_by_test_id("save-state")).to_have_text("Saved", timeout=60_000)
    acts(page, {"click": "body"}, steps=4)


def near(designer: DesignerCanvas) -> None:
    acts(designer.page, _FULL_SIZE, steps=_FLIGHT_FRAMES)
    expect(designer.page.get_by_test_id("designer-zoom")).to_have_text("100 %")
    expect(designer.nodes().first).to_be_visible()
    designer.page.evaluate(_UNTIL_MOUNTED)
    settle(designer.page)


def far(designer: DesignerCanvas) -> None:
    acts(designer.page, _FIT, steps=_FLIGHT_FRAMES)
    expect(designer.page.locator("[data-level=far]")).to_be_visible()
    expect(designer.nodes()).to_have_count(0)
    settle(designer.page)


def test_only_what_is_in_view_is_mounted(
    opened: tuple[DesignerCanvas, Counter], document: dict[str, Any]
) -> None:
    designer, counter = opened
    near(designer)
    seen, around = (_layers_in_view(designer, document, margin) for margin in (0, _AROUND))
    mounted = set(designer.page.evaluate(_MOUNTED))
    assert 10 < len(seen) < len(around) < 110
    assert seen <= mounted <= around
    counter.take()

    acts(designer.page, _FIT, steps=_FLIGHT_FRAMES)
    expect(designer.nodes()).to_have_count(0)
    there = counter.take()
    assert (there.mounted, there.panels) == (0, {})
    assert 1 <= there.drawn["far"] <= _FLIGHT_FRAMES

    acts(designer.page, _FULL_SIZE, steps=_FLIGHT_FRAMES)
    expect(designer.nodes()).not_to_have_count(0)
    designer.page.evaluate(_UNTIL_MOUNTED)
    back = counter.take()
    assert (back.mounted, back.panels) == (designer.nodes().count(), {})


def _layers_in_view(designer: DesignerCanvas, document: dict[str, Any], margin: float) -> set[str]:
    """Layers that the view shows, or that lie so far from it at most."""
    left, top, width, height = designer.page.evaluate(_IN_VIEW)
    return {
        node
        for node, place in document["view"]["positions"].items()
        if left - _CARD_WIDTH - margin < place["x"] < left + width + margin
        and top - _CARD_HEIGHT - margin < place["y"] < top + height + margin
    }


def test_panning_draws_once_a_frame_and_renders_no_panel(
    opened: tuple[DesignerCanvas, Counter],
) -> None:
    designer, counter = opened
    near(designer)
    counter.take()
    drag(designer.page, _PANE, moved=_VIEW, steps=_MOVES, at=_EDGE)
    settle(designer.page)
    panned = counter.take()
    assert panned.panels == {}
    assert panned.mounted < designer.nodes().count()
    # One for each frame, one for each card that came near, and one where connections did.
    assert panned.commits <= _MOVES + panned.mounted + _STEPS
    assert panned.drawn["far"] == 0
    assert panned.drawn["minimap"] <= _MOVES + 1

    far(designer)
    counter.take()
    drag(designer.page, _PANE, moved=_VIEW, steps=_MOVES, at=_EDGE)
    settle(designer.page)
    panned = counter.take()
    assert (panned.mounted, panned.panels) == (0, {})
    # React takes part in the beginning and in the end.
    assert panned.commits <= 2
    assert 1 <= panned.drawn["far"] <= _MOVES + 1
    # What is seen while it moves is a copy; the rest was painted when the view came to rest.
    assert panned.painted <= 1
    assert panned.drawn["minimap"] <= _MOVES + 1
    assert panned.operations == []
    assert panned.num_analyses == 0


def test_a_drag_is_one_operation_and_its_moves_render_no_panel(
    opened: tuple[DesignerCanvas, Counter],
) -> None:
    designer, counter = opened
    near(designer)
    node_id = designer.page.evaluate(_MIDDLE)
    grip = f'.react-flow__node[data-id="{node_id}"]'
    designer.page.locator(grip).click(position={"x": 80, "y": 12})
    settle(designer.page)
    # Choosing a layer shows its row, once; dragging it does not.
    expect(designer.page.locator("tr[data-selected]")).to_be_in_viewport()
    designer.page.evaluate(_UNTIL_TABLE_RESTS)
    counter.take()
    short, long = (_drag(designer, counter, grip, moves) for moves in (_MOVES, _LONG_MOVES))
    for dragged in (short, long):
        assert dragged.operations == [["move_nodes"]]
        assert dragged.num_analyses == 0
        assert dragged.mounted == 0
        assert "palette" not in dragged.panels
    # When the layer is taken and when it is let go; the longer drag reaches the edge, and pans.
    assert short.drawn["minimap"] <= 2
    # What the panels render, they render when the layer is let go.
    for panel, rendered in long.panels.items():
        assert abs(rendered - short.panels[panel]) < _MOVES, panel
    # Where the layer is, React Flow's own nodes, and what follows from them.
    assert short.commits <= 3 * _MOVES
    # At the edge the canvas moves along, frame by frame: a move more each, and one draw of the
    # minimap.
    assert long.commits <= 3 * (_LONG_MOVES + long.drawn["minimap"])

    designer.press("Control+z")
    designer.expect_saved()
    undone = counter.take()
    assert undone.operations == [["move_nodes"]]
    assert (undone.num_analyses, undone.mounted) == (0, 0)
    # Nothing that is computed changed: no row of the table is rendered again.
    assert undone.panels.get("bottom", 0) <= 4
    assert "palette" not in undone.panels


def _drag(designer: DesignerCanvas, counter: Counter, grip: str, moves: int) -> Counts:
    drag(designer.page, grip, moved=grip, steps=moves, at=(0.5, 0.2))
    designer.expect_saved()
    settle(designer.page)
    return counter.take()


def test_an_edit_is_one_operation_and_one_analysis(
    opened: tuple[DesignerCanvas, Counter],
) -> None:
    designer, counter = opened
    designer.select("conv2d_2")
    counter.take()
    designer.set_param("padding", "2")
    expect(designer.output_of("conv2d_2")).to_have_text("B × 16 × 34 × 34")
    designer.expect_saved()
    edited = counter.take()
    assert (edited.operations, edited.num_analyses, edited.mounted) == ([["set_param"]], 1, 0)
    assert "palette" not in edited.panels

    designer.press("Control+z")
    expect(designer.output_of("conv2d_2")).to_have_text("B × 16 × 32 × 32")
    designer.expect_saved()
    undone = counter.take()
    assert (undone.operations, undone.num_analyses, undone.mounted) == ([["set_param"]], 1, 0)
