"""Editing comfort: own shortcuts, finding, the outline, guides, pictures and touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def designer(open_context: OpenContext) -> DesignerCanvas:
    context = open_context()
    opened = DesignerCanvas(context.new_page())
    opened.open(new_network(context, "small_resnet", "Comfort"))
    return opened


def test_a_shortcut_is_changed_used_and_kept(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.press("?")
    page.get_by_test_id("shortcuts-search").fill("duplicate")
    page.get_by_role("button", name="Change the keys of Duplicate").click()
    page.keyboard.press("Control+g")
    expect(page.get_by_test_id("shortcut-duplicate")).to_contain_text("Make a block")
    page.get_by_test_id("shortcut-take").click()
    expect(page.get_by_test_id("shortcut-duplicate")).to_contain_text("Ctrl G")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("shortcuts-dialog")).to_be_hidden()
    page.reload()
    designer.select("stem")
    page.keyboard.press("Control+g")
    expect(designer.node("stem_2")).to_be_visible()
    designer.press("?")
    page.get_by_role("button", name="Reset all").click()
    expect(page.get_by_test_id("shortcut-duplicate")).to_contain_text("Ctrl D")


def test_find_jumps_into_blocks(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.press("Control+f")
    page.get_by_test_id("find-input").fill("kernel_size=3")
    for place in ("1 of 5", "2 of 5"):
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("find-count")).to_have_text(place)
    expect(page.get_by_test_id("designer-breadcrumb")).to_contain_text("Residual")
    expect(page.get_by_test_id("property-name")).to_have_value("conv")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_test_id("property-name")).to_have_value("stem")
    page.keyboard.press("Escape")
    expect(designer.canvas).to_be_focused()


def test_the_outline_edits_by_keyboard_alone(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_cnn", "Outline"))
    page = designer.page
    outline = page.get_by_test_id("outline")
    said = page.get_by_role("status")
    designer.show("outline")
    outline.focus()
    page.keyboard.press("Home")
    for name in ("conv", "bn"):
        page.keyboard.press("ArrowDown")
        expect(page.get_by_test_id("property-name")).to_have_value(name)
    page.keyboard.press("a")
    page.get_by_test_id("insert-input").fill("gelu")
    page.keyboard.press("Enter")
    expect(outline).to_be_focused()
    row = page.get_by_test_id("outline-row-gelu")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(row).to_contain_text("takes bn")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("l")
    page.get_by_test_id("connect-input").fill("relu")
    page.get_by_role("option", name="bn → relu in place of gelu", exact=True).wait_for()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("outline-row-relu")).to_contain_text("takes bn")
    expect(said.filter(has_text="Replaced the connection from gelu.")).to_have_count(1)
    expect(outline).to_be_focused()
    page.keyboard.press("Home")
    while page.get_by_test_id("property-name").input_value() != "gelu":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("F2")
    page.keyboard.type("spare")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("outline-row-spare")).to_be_visible()
    expect(outline).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_test_id("outline-row-spare")).to_be_hidden()
    expect(outline).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("outline-row-spare")).to_be_visible()
    violations = Axe().run(page).response["violations"]
    assert [each["id"] for each in violations if each["impact"] in {"serious", "critical"}] == []
