"""What somebody new to the designer tripped over: nothing covers anything, and keys stay put."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, middle_of, new_network

pytestmark = pytest.mark.e2e

SELECTED_TEXT = "getSelection().toString()"


@pytest.fixture
def designer(open_context: Callable[..., BrowserContext]) -> DesignerCanvas:
    return DesignerCanvas(open_context().new_page())


def covered(designer: DesignerCanvas) -> list[tuple[str, str]]:
    """Layers of the top level, as saved, that lie on each other."""
    designer.expect_saved()
    document = designer.served()["document"]
    positions = document["view"]["positions"]
    placed = [(node["name"], positions[key]) for key, node in document["graph"]["nodes"].items()]
    return [
        (name, other)
        for index, (name, place) in enumerate(placed)
        for other, at in placed[index + 1 :]
        if abs(place["x"] - at["x"]) < 176 and abs(place["y"] - at["y"]) < 92
    ]


def test_what_is_inserted_or_dissolved_lies_on_nothing(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "resnet18", "Roomy"))
    for name in ("stage3", "stage4_down", "stage4"):
        designer.fit()
        designer.select(name)
        designer.insert("relu")
        expect(designer.page.get_by_test_id("property-name")).to_have_value(re.compile("^relu"))
        assert covered(designer) == []
        designer.press("Control+z")
    designer.fit()
    designer.select("stage4_down")
    designer.press("Control+Shift+g")
    expect(designer.node("stage4_down")).to_be_hidden()
    assert covered(designer) == []


def test_pointing_at_the_canvas_selects_no_text(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Pointed at"))
    designer.fit()
    designer.select("linear")
    page.keyboard.down("Shift")
    designer.select("linear_2")
    x, y = middle_of(designer.node("linear"))
    designer.drag((x - 40, y - 120), (x + 300, y + 120))
    page.keyboard.up("Shift")
    assert page.evaluate(SELECTED_TEXT) == ""


def test_keys_stay_in_the_shortcuts_after_a_change(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Rebound keys"))
    designer.select("linear")
    page.keyboard.press("?")
    row = page.get_by_test_id("shortcut-find")
    change = row.get_by_role("button", name="Change")
    change.click()
    page.keyboard.press("Control+Shift+Y")
    expect(row).to_contain_text("Ctrl Shift Y")
    expect(change).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("shortcuts-dialog")).to_be_hidden()
    expect(page.get_by_test_id("property-name")).to_have_value("linear")


def test_a_frame_keeps_its_layers_when_all_is_tidied(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "small_cnn", "Framed"))
    designer.fit()
    designer.select("flatten")
    designer.press("c")
    expect(page.locator(".frame-title")).to_be_visible()
    designer.select("flatten")
    for _ in range(3):
        designer.press("Alt+ArrowRight")
    designer.expect_saved()
    with page.expect_response(lambda each: "Tidy" in (each.request.post_data or "")):
        designer.press("t")
    designer.expect_saved()
    document = designer.served()["document"]
    key = next(k for k, node in document["graph"]["nodes"].items() if node["name"] == "flatten")
    place = document["view"]["positions"][key]
    (frame,) = document["view"]["frames"].values()
    assert frame["x"] <= place["x"] <= frame["x"] + frame["width_px"] - 176
    assert frame["y"] <= place["y"] <= frame["y"] + frame["height_px"] - 92


def test_a_block_says_which_use_is_open_and_shows_its_values(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "resnet18", "Opened"))
    designer.fit()
    designer.node("stage3_down").dblclick(position={"x": 80, "y": 12})
    facts = page.get_by_test_id("block-use")
    expect(facts).to_contain_text("those of stage3_down")
    expect(facts).to_contain_text("919,040")
    expect(designer.node("conv")).to_contain_text("256")
    expect(designer.node("conv")).not_to_contain_text("64")
