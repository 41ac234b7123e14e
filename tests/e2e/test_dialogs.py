"""Dialogs in a small window: their buttons are in sight, however much they say above them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network
from tour.browser import choose

pytestmark = pytest.mark.e2e
PLANNED_WITHIN_MS = 60_000
SMALL = {"width": 1024, "height": 768}


@pytest.fixture
def designer(open_context: Callable[..., BrowserContext]) -> DesignerCanvas:
    context = open_context(viewport=SMALL)
    new_network(context, "resnet18", "To merge")
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_cnn", "In a small window"))
    return designer


def perform(page: Page, words: str) -> Locator:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible()
    return dialog


def expect_at_hand(dialog: Locator, button: Locator) -> None:
    """The dialog goes on below the window; its button is seen whole, with nothing over it."""
    expect(button).to_be_in_viewport(ratio=1)
    height, shown, scrolled = dialog.evaluate(
        "each => [each.scrollHeight, each.clientHeight, each.scrollTop]"
    )
    assert height > shown
    assert scrolled == 0
    assert button.evaluate(
        """button => {
            const { x, y, width, height } = button.getBoundingClientRect();
            return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }"""
    )


def test_the_buttons_of_a_long_plan_stay_in_sight(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.select("relu")
    dialog = perform(page, "merge another network")
    choose(page, "surgery-field-network", "To merge")
    apply = page.get_by_test_id("surgery-apply")
    expect(apply).to_be_enabled(timeout=PLANNED_WITHIN_MS)
    expect_at_hand(dialog, apply)


def test_the_buttons_of_an_export_stay_in_sight(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.select("relu")
    page.set_viewport_size({"width": 1024, "height": 560})
    dialog = perform(page, "export…")
    start = page.get_by_test_id("export-start")
    expect(start).to_be_enabled()
    expect_at_hand(dialog, start)
