"""The designer without a mouse, and read by machines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]
GRAVE = {"serious", "critical"}
UNTIL_NOTHING_MOVES = """() => Promise.allSettled(
    document.getAnimations().filter(({ effect }) =>
        effect.getComputedTiming().iterations !== Infinity).map(({ finished }) => finished),
)"""


@pytest.fixture
def designer(open_context: OpenContext) -> DesignerCanvas:
    context = open_context()
    opened = DesignerCanvas(context.new_page())
    opened.open(new_network(context, "small_cnn", "By keys"))
    return opened


def test_arrows_walk_and_enter_edits(designer: DesignerCanvas) -> None:
    page = designer.page
    properties = page.get_by_test_id("property-name")
    designer.press("ArrowRight")
    expect(properties).to_have_value("image")
    for name in ("conv", "bn", "relu"):
        page.keyboard.press("ArrowRight")
        expect(properties).to_have_value(name)
    page.keyboard.press("ArrowDown")
    expect(properties).to_have_value("maxpool_2")
    page.keyboard.press("ArrowLeft")
    expect(properties).to_have_value("relu_2")
    expect(page.get_by_role("status").filter(has_text="relu_2")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(properties).to_be_focused()
    page.keyboard.type("second_relu")
    page.keyboard.press("Enter")
    expect(designer.node("second_relu")).to_be_visible()
    expect(designer.canvas).to_be_focused()
    page.keyboard.press("Delete")
    expect(designer.node("second_relu")).to_be_hidden()
    designer.expect_no_problems()


def test_a_network_is_drawn_and_connected_by_keys_alone(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, None, "Keys alone"))
    page = designer.page
    designer.canvas.focus()
    for text in ("image input", "flatten", "linear", "output"):
        designer.insert(text)
    expect(designer.node("output")).to_be_visible()
    designer.expect_saved()
    graph = designer.served()["document"]["graph"]
    assert len(graph["nodes"]) == 4
    assert len(graph["edges"]) == 3
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("status").filter(has_text="Move down")).to_have_count(1)


def test_layers_tell_a_screen_reader_what_they_are(designer: DesignerCanvas) -> None:
    card = designer.page.get_by_role("group", name="conv, Conv2d, gives B × 16 × 8 × 8", exact=True)
    expect(card).to_be_visible()
    designer.select("classifier")
    designer.set_param("out_features", "7")
    wrong = designer.page.get_by_role("group", name="classifier, Linear, gives B × 7, selected")
    expect(wrong).to_be_visible()
    expect(
        designer.page.get_by_role("group", name="output, Output, gives B × 7, 1 problem")
    ).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(open_context: OpenContext, scheme: str) -> None:
    context = open_context(color_scheme=scheme)
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_resnet", f"Axe {scheme}"))
    page = designer.page
    expect(designer.output_of("output")).to_have_text("B × 10")
    assert grave(page) == []
    designer.node("residual").dblclick(position={"x": 80, "y": 12})
    designer.select("conv")
    page.get_by_role("button", name="More settings").click()
    designer.set_param("groups", "5")
    designer.show("problems")
    expect(page.get_by_test_id("problem-row").first).to_be_visible()
    assert grave(page) == []
    for tab in ("code", "versions", "outline"):
        designer.show(tab)
        assert grave(page) == [], tab
    designer.press("/")
    expect(page.get_by_test_id("insert-input")).to_be_focused()
    assert grave(page) == []


def grave(page: Page) -> list[str]:
    """Rule and first place of what axe holds for serious or critical."""
    page.evaluate(UNTIL_NOTHING_MOVES)
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in GRAVE
    ]
