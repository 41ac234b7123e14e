"""Model surgery in the browser: what survives is said before, and undo takes one step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from netloom.templates import make_template
from tests.e2e.designer_canvas import DesignerCanvas, new_network
from tour.browser import choose

pytestmark = pytest.mark.e2e
SOON_MS = 60_000


@pytest.fixture
def designer(open_context: Callable[..., BrowserContext]) -> DesignerCanvas:
    """A network for four classes, bound to the digits, which have ten."""
    page = open_context().new_page()
    document = make_template("small_cnn", channels=1, height=8, width=8, num_classes=4)
    opened = DesignerCanvas(page)
    made = document.model_dump(mode="json", by_alias=True)
    opened.open(new_network(page.context, None, "Surgery", document=made))
    return opened


def test_a_head_for_the_bound_data_in_one_step_of_undo(designer: DesignerCanvas) -> None:
    page = designer.page
    before = designer.served()["document"]["graph"]
    expect(designer.output_of("output")).to_have_text("B × 4")
    designer.node("classifier").click(button="right", position={"x": 80, "y": 12})
    page.get_by_test_id("surgery-menu").click()
    page.get_by_role("menuitem", name="Replace the head…").click()

    dialog = page.get_by_role("dialog", name="Replace the head")
    expect(dialog.get_by_test_id("surgery-field-num_classes")).to_have_value("10")
    report = dialog.get_by_test_id("surgery-survival")
    expect(report.get_by_test_id("surgery-kept")).to_contain_text("kept")
    expect(report.get_by_test_id("surgery-new")).to_contain_text("start anew")
    expect(report.get_by_label("Layers whose weights change")).to_contain_text("classifier")
    expect(dialog).to_contain_text("problem")  # Four classes for ten: it is solved.
    page.get_by_test_id("surgery-apply").click()

    expect(dialog).to_be_hidden()
    expect(designer.output_of("output")).to_have_text("B × 10")
    designer.expect_saved()
    designer.expect_no_problems()
    designer.press("Control+z")
    expect(designer.output_of("output")).to_have_text("B × 4")
    designer.expect_saved()
    assert designer.served()["document"]["graph"] == before


def test_the_new_head_is_brought_into_view(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.press("0")
    expect(designer.canvas).to_have_attribute("data-level", "near")
    designer.pan(0, 2000)
    expect(designer.nodes()).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("replace the head")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("surgery-apply")).to_be_enabled(timeout=SOON_MS)
    page.get_by_test_id("surgery-apply").click()
    expect(designer.node("classifier")).to_be_in_viewport(ratio=1)
    expect(designer.canvas).to_have_attribute("data-level", "near")
    expect(page.get_by_test_id("property-name")).to_have_value("classifier")


def test_freezing_by_the_keyboard_alone(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.select("relu")
    page.keyboard.press("Control+k")
    page.keyboard.type("freeze up to here")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Freeze up to here")
    expect(page.get_by_test_id("surgery-apply")).to_be_focused()
    expect(dialog.get_by_label("What changes", exact=True)).to_contain_text("frozen")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    designer.expect_saved()
    nodes = designer.served()["document"]["graph"]["nodes"].values()
    assert {node["name"] for node in nodes if node["is_frozen"]} >= {"conv"}
    assert not next(node for node in nodes if node["name"] == "classifier")["is_frozen"]


def test_a_classifier_becomes_a_detector_whose_boxes_are_drawn(designer: DesignerCanvas) -> None:
    page = designer.page
    before = designer.served()["document"]["graph"]
    designer.select("relu")
    page.keyboard.press("Control+k")
    page.keyboard.type("attach a feature pyramid")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Attach a feature pyramid")
    expect(dialog.get_by_test_id("surgery-field-layers")).not_to_have_value("", timeout=SOON_MS)
    report = dialog.get_by_test_id("surgery-survival")
    expect(report.get_by_label("Layers whose weights change")).to_contain_text("pyramid")
    expect(page.get_by_test_id("surgery-apply")).to_be_enabled(timeout=SOON_MS)
    page.get_by_test_id("surgery-apply").click()
    expect(dialog).to_be_hidden()
    designer.fit()
    expect(designer.output_of("detections")).to_have_text("B × 100 × 6")

    designer.select("detections")
    designer.set_param("score_threshold", "0.01")
    page.get_by_test_id("designer-preview").click()
    drawn = page.get_by_test_id("preview-boxes")
    expect(drawn).to_be_visible(timeout=SOON_MS)
    expect(drawn.locator("image")).to_have_count(1)
    expect(drawn.locator("[data-box]")).not_to_have_count(0)
    listed = page.get_by_role("list", name="Boxes, the best first")
    expect(listed.get_by_role("listitem")).not_to_have_count(0)
    page.get_by_test_id("designer-preview").click()
    designer.press("Control+z")
    designer.press("Control+z")
    designer.expect_saved()
    assert designer.served()["document"]["graph"] == before


def test_a_merged_network_stands_beside_and_its_frozen_layers_are_told(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context().new_page()
    page.goto("/networks")
    drawn = DesignerCanvas(page)
    host = ""
    for name, template, channels, size in (
        ("Guest", "small_cnn", 3, 32),
        ("Host", "resnet18", 1, 64),
    ):
        document = make_template(
            template, channels=channels, height=size, width=size, num_classes=10
        )
        made = document.model_dump(mode="json", by_alias=True)
        for node in made["graph"]["nodes"].values():
            node["is_frozen"] = name == "Guest" and node["type"] == "Conv2d"
        host = new_network(page.context, None, name, document=made)
    drawn.open(host)
    before = drawn.served()["document"]

    drawn.press("Control+k")
    page.keyboard.type("merge two networks")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Merge another network")
    choose(page, "surgery-field-network", "Guest")
    dialog.get_by_test_id("surgery-field-how").get_by_text("add", exact=True).click()
    expect(dialog).to_contain_text("Guest was made for (B, C=3, H=32, W=32)")
    expect(dialog).to_contain_text("both take this one input")
    expect(dialog.get_by_test_id("surgery-survival").first).to_contain_text("alone")
    expect(dialog).not_to_contain_text("No layer has weights")
    page.get_by_test_id("surgery-apply").click()
    expect(dialog).to_be_hidden()
    drawn.expect_saved()

    after = drawn.served()["document"]
    places = after["view"]["positions"]
    own, new = before["graph"]["nodes"], after["graph"]["nodes"].keys() - before["graph"]["nodes"]
    right = max(
        place["x"] for key, place in places.items() if key in own and own[key]["type"] != "Output"
    )
    assert all(places[key]["x"] > right for key in new)
    drawn.fit()

    drawn.press("Control+k")
    page.keyboard.type("train this network")
    page.keyboard.press("Enter")
    problems = page.get_by_test_id("run-problems")
    expect(problems).to_contain_text("frozen layers start at random")
    problems.get_by_role("button", name="Unfreeze").click()
    expect(problems).to_be_hidden()
    assert not any(
        node["is_frozen"] for node in drawn.served()["document"]["graph"]["nodes"].values()
    )
