"""The palette takes every letter, however soon after Ctrl+K it is typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network, open_designer

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]
FIELD = "Search or run a command"
FOCUSED_AFTER_THE_KEYS = """() => {
    const keys = { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', keys));
    return document.activeElement.getAttribute('aria-label');
}"""


@pytest.fixture
def designer(open_context: OpenContext) -> DesignerCanvas:
    context = open_context()
    return open_designer(context, new_network(context, "small_resnet", "Commands"))


def run_at_once(page: Page, label: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_hidden()


def test_the_field_has_the_keyboard_before_the_next_key(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.select("stem")
    assert page.evaluate(FOCUSED_AFTER_THE_KEYS) == FIELD
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_hidden()
    expect(designer.canvas).to_be_focused()


def test_commands_typed_one_right_after_the_other_are_all_run(designer: DesignerCanvas) -> None:
    page = designer.page
    root = page.locator("html")
    for scheme in ("dark", "light") * 4:
        run_at_once(page, f"appearance: {scheme}")
        expect(root).to_have_attribute("data-mantine-color-scheme", scheme)
    expect(page.get_by_test_id("insert-menu")).to_be_hidden()
    designer.expect_saved()


def test_the_palette_opens_over_a_field_and_starts_empty(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.select("stem")
    page.get_by_test_id("property-name").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("appearance")
    field = page.get_by_label(FIELD)
    expect(field).to_have_value("appearance")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("property-name")).to_be_focused()
    page.get_by_test_id("open-palette").click()
    expect(field).to_have_value("")
    expect(field).to_be_focused()
