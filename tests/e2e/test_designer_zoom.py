"""Three levels of zoom: all of a card, what matters most of it, and the network from afar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e


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
