"""Editing comfort: own shortcuts, finding, the outline, guides, pictures and touch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, middle_of, new_network

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


def test_guides_show_while_dragging_and_alt_is_without(designer: DesignerCanvas) -> None:
    page = designer.page
    guides = page.get_by_test_id("alignment-guides")
    designer.select("residual_2")
    box = designer.node("residual_2").bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 40, steps=3)
    now = designer.node("residual_2").bounding_box()
    assert now is not None
    back = x + 30 - (now["x"] - box["x"])
    page.mouse.move(back, y + 40, steps=3)
    expect(guides.locator("line").first).to_be_attached()
    page.keyboard.down("Alt")
    page.mouse.move(back, y + 56, steps=3)
    expect(guides).to_have_count(0)
    page.keyboard.up("Alt")
    page.keyboard.press("Escape")
    page.mouse.move(back, y + 90, steps=3)
    page.mouse.up()
    expect(page.get_by_test_id("property-name")).to_have_value("residual_2")
    given_up = designer.node("residual_2").bounding_box()
    assert given_up == box


def test_the_picture_names_every_layer(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.canvas.click(button="right", position={"x": 20, "y": 20})
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Save the picture as SVG").click()
    picture = ElementTree.fromstring(Path(saved.value.path()).read_text("utf-8"))
    texts = {each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")}
    nodes = designer.served()["document"]["graph"]["nodes"].values()
    assert {node["name"] for node in nodes} <= texts
    assert "B × 16 × 8 × 8" in texts


def test_the_drawing_is_printed_and_the_page_comes_back(designer: DesignerCanvas) -> None:
    page = designer.page
    page.evaluate(
        """() => { window.print = () => {
            const drawing = document.querySelector('body[data-printing] > * > img');
            window.printed = drawing?.complete ? drawing.naturalWidth : 0;
        }; }"""
    )
    designer.canvas.click(position={"x": 20, "y": 20})
    page.keyboard.press("Control+p")
    page.wait_for_function("() => window.printed > 100")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("body[data-printing]")).to_have_count(0)


def test_fingers_select_drag_open_the_menu_and_insert(open_context: OpenContext) -> None:
    context = open_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_cnn", "Fingers"))
    page = designer.page
    fingers = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})

    x, y = middle_of(designer.node("image"))
    page.touchscreen.tap(x, y)
    expect(page.get_by_test_id("property-name")).to_have_value("image")
    touch("Start", (x, y))
    touch("Move", (x + 10, y + 20))
    touch("Move", (x + 20, y + 60))
    touch("End")
    designer.expect_saved()
    touch("Start", middle_of(designer.node("image")))
    menu = page.get_by_role("menuitem", name="Insert after")
    expect(menu).to_be_visible()
    touch("End")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    box = designer.canvas.bounding_box()
    assert box is not None
    left, top = box["x"] + 40, box["y"] + 12
    zoom = page.get_by_test_id("designer-zoom")
    before = zoom.inner_text()
    touch("Start", (left, top), (left + 40, top))
    touch("Move", (left, top), (left + 80, top))
    touch("Move", (left, top), (left + 160, top))
    touch("End")
    expect(zoom).not_to_have_text(before)
    page.touchscreen.tap(left, top)
    page.touchscreen.tap(left, top)
    expect(page.get_by_test_id("insert-input")).to_be_focused()
