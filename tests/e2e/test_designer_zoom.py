"""Three levels of zoom: all of a card, what matters most of it, and the network from afar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from bench.networks import deep_residual
from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e
_CARD_WIDTH, _CARD_HEIGHT, _GAP = 176, 92, 40


def _place(card: Locator) -> str:
    return card.evaluate("card => card.closest('.react-flow__node').style.transform")


def test_cards_say_less_from_further_off_and_stay_where_they_are(
    open_context: Callable[..., BrowserContext],
) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_cnn", "Levels"))
    card = designer.node("conv")
    filters = card.get_by_text("filters")
    designer.press("0")
    expect(designer.canvas).to_have_attribute("data-level", "near")
    expect(filters).to_be_visible()
    place = _place(card)
    for _ in range(2):
        designer.press("-")
    expect(designer.canvas).to_have_attribute("data-level", "middle")
    expect(filters).to_be_hidden()
    expect(designer.output_of("conv")).to_be_visible()
    assert _place(card) == place
    count = designer.nodes().count()
    for _ in range(3):
        designer.press("-")
    expect(designer.canvas).to_have_attribute("data-level", "far")
    expect(designer.nodes()).to_have_count(0)
    for _ in range(3):
        designer.press("+")
    expect(designer.canvas).to_have_attribute("data-level", "middle")
    expect(designer.nodes()).to_have_count(count)
    expect(designer.edges().first).to_be_attached()
    assert _place(card) == place


def test_a_right_click_from_afar_opens_the_menu_of_what_lies_there(
    open_context: Callable[..., BrowserContext],
) -> None:
    context = open_context()
    document = deep_residual(1000).model_dump(mode="json")
    designer = DesignerCanvas(context.new_page())
    page = designer.page
    designer.open(new_network(context, None, "A thousand", document=document))
    expect(designer.nodes().first).to_be_visible()
    designer.fit()
    expect(designer.canvas).to_have_attribute("data-level", "far")
    pane = designer.canvas.bounding_box()
    assert pane is not None

    def right_click(x: float, y: float) -> None:
        """At a place of the document, as the view has it now."""
        at = page.locator(".react-flow__viewport").evaluate(
            """(view, [x, y]) => {
                const { a, e, f } = new DOMMatrix(getComputedStyle(view).transform);
                return [x * a + e, y * a + f];
            }""",
            [x, y],
        )
        page.mouse.click(pane["x"] + at[0], pane["y"] + at[1], button="right")

    nodes = document["graph"]["nodes"]
    places = document["view"]["positions"]
    node_id = list(nodes)[500]
    place = places[node_id]
    of_layer = page.get_by_role("menuitem", name="Freeze or thaw weights")
    of_canvas = page.get_by_role("menuitem", name="Save the picture as SVG")
    delete = page.get_by_role("menuitem", name="Delete Del")

    right_click(place["x"] + _CARD_WIDTH / 2, place["y"] + _CARD_HEIGHT / 2)
    expect(of_layer).to_be_visible()
    expect(of_canvas).to_be_hidden()
    expect(page.get_by_test_id("property-name")).to_have_value(nodes[node_id]["name"])
    page.keyboard.press("Escape")
    expect(of_layer).to_be_hidden()

    right_click(-120, -120)
    expect(of_canvas).to_be_visible()
    expect(of_layer).to_be_hidden()
    page.keyboard.press("Escape")
    expect(of_canvas).to_be_hidden()

    right_click(place["x"] + _CARD_WIDTH + _GAP / 2, place["y"] + _CARD_HEIGHT / 2)
    expect(delete).to_be_visible()
    expect(of_layer).to_be_hidden()
    expect(of_canvas).to_be_hidden()
    delete.click()
    designer.expect_saved()
    kept = designer.served()["document"]["graph"]
    assert len(kept["nodes"]) == len(nodes)
    assert len(kept["edges"]) == len(document["graph"]["edges"]) - 1
    gone = [
        edge["source"]["node"]
        for edge_id, edge in document["graph"]["edges"].items()
        if edge_id not in kept["edges"]
    ]
    assert gone == [node_id]


def test_a_connection_says_its_shape_from_near_where_that_hides_no_card(
    open_context: Callable[..., BrowserContext],
) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_resnet", "Near"))
    shapes = designer.page.get_by_test_id("edge-shape")
    designer.fit()
    expect(shapes).to_have_count(0)
    designer.press("0")
    for _ in range(2):
        designer.press("+")
    expect(shapes.first).to_be_visible()  # of a connection past other layers
    assert shapes.count() < designer.edges().count() / 2  # the others are between neighbours
    hidden = designer.page.evaluate(
        """() => {
          const box = (one) => one.getBoundingClientRect();
          const meet = (a, b) =>
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
          const cards = [...document.querySelectorAll('.react-flow__node')].map(box);
          const shapes = [...document.querySelectorAll('[data-testid=edge-shape]')];
          return shapes.filter((one) => cards.some((card) => meet(box(one), card))).length;
        }"""
    )
    assert hidden == 0
