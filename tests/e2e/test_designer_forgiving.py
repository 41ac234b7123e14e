"""What a newcomer to the designer does by accident, and what must not follow from it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DIGITS, DesignerCanvas, middle_of, new_network
from tour.browser import choose

pytestmark = pytest.mark.e2e

PARTS = "Visual inspection"


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    return open_context()


@pytest.fixture
def designer(context: BrowserContext) -> DesignerCanvas:
    return DesignerCanvas(context.new_page())


def test_train_follows_the_data_box_each_time_it_opens(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "small_cnn", "Rebound"))
    page.get_by_test_id("designer-train").click()
    chosen = page.get_by_test_id("run-dataset")
    expect(chosen).to_have_value(DIGITS)
    page.keyboard.press("Escape")
    expect(chosen).to_be_hidden()
    choose(page, "dataset-picker", PARTS)
    expect(page.get_by_test_id("dataset-picker")).to_have_value(PARTS)
    page.get_by_test_id("problem-fix").filter(has_text="outputs").first.click()
    designer.expect_saved()
    page.get_by_test_id("designer-train").click()
    expect(chosen).to_have_value(PARTS)


def test_a_number_that_cannot_be_used_blocks_the_start(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Mistyped"))
    page.get_by_test_id("designer-train").click()
    start = page.get_by_test_id("run-start")
    expect(start).to_be_enabled(timeout=30_000)
    epochs, rate = page.get_by_test_id("run-epochs"), page.get_by_test_id("run-learning-rate")
    epochs.fill("0")
    epochs.blur()
    expect(epochs).to_have_value("0")
    expect(page.get_by_text("At least 1.")).to_be_visible()
    expect(start).to_be_disabled()
    epochs.fill("2")
    expect(start).to_be_enabled()
    rate.fill("abc")
    rate.blur()
    expect(rate).to_have_value("abc")
    expect(page.get_by_text("Type a number.")).to_be_visible()
    expect(start).to_be_disabled()


def test_choosing_the_chosen_data_again_keeps_it(designer: DesignerCanvas) -> None:
    page = designer.page
    page.goto("/networks")
    page.get_by_test_id("network-new").first.click()
    field = page.get_by_test_id("network-new-dataset")
    expect(field).to_have_value(re.compile(r"classes\)$"), timeout=30_000)
    before = field.input_value()
    field.click()
    page.get_by_role("option", selected=True).click()
    expect(field).to_have_value(before)


def test_shift_and_control_add_to_the_selection(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Added"))
    selected = designer.page.locator("[data-type][data-selected]")
    head = {"x": 80, "y": 12}
    designer.select("linear")
    designer.node("relu").click(modifiers=["Shift"], position=head)  # type: ignore[arg-type]
    expect(selected).to_have_count(2)
    designer.node("linear_2").click(modifiers=["Control"], position=head)  # type: ignore[arg-type]
    expect(selected).to_have_count(3)
    designer.node("relu").click(modifiers=["Shift"], position=head)  # type: ignore[arg-type]
    expect(selected).to_have_count(2)
    first = designer.node("linear").bounding_box()
    second = designer.node("relu").bounding_box()
    assert first is not None
    assert second is not None
    designer.page.keyboard.down("Shift")
    designer.drag(
        (first["x"] - 12, first["y"] - 30),
        (second["x"] + second["width"] + 12, second["y"] + second["height"] + 30),
    )
    designer.page.keyboard.up("Shift")
    expect(selected).to_have_count(2)
    expect(designer.node("relu")).to_have_attribute("data-selected", "true")


def test_a_paste_is_selected_and_covers_nothing(designer: DesignerCanvas) -> None:
    designer.open(new_network(designer.page.context, "mlp", "Pasted"))
    designer.select("linear")
    designer.press("Control+c")
    designer.press("Control+v")
    pasted = designer.page.locator("[data-type='Linear'][data-selected]")
    expect(pasted).to_have_count(1)
    box = pasted.bounding_box()
    assert box is not None
    for node in designer.nodes().all():
        other = node.bounding_box()
        assert other is not None
        is_itself = (other["x"], other["y"]) == (box["x"], box["y"])
        is_apart = (
            abs(other["x"] - box["x"]) >= box["width"]
            or abs(other["y"] - box["y"]) >= box["height"]
        )
        assert is_itself or is_apart


def test_a_connection_onto_an_occupied_input_replaces_the_old_one(
    designer: DesignerCanvas,
) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Replaced"))
    source = page.get_by_role("combobox", name="What feeds input")
    designer.connect("linear", "linear_2")
    notice = page.get_by_test_id("designer-notice")
    expect(notice).to_contain_text("Replaced the connection from relu.")
    designer.select("linear_2")
    expect(source).to_have_value("linear")
    notice.get_by_role("button", name="Undo").click()
    expect(notice).to_be_hidden()
    expect(source).to_have_value("relu")
    designer.expect_no_problems()


def test_add_takes_its_free_input_first(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Joined"))
    designer.select("relu")
    designer.insert("add")
    designer.fit()
    taken, free = designer.port("add", "input_1"), designer.port("add", "input_2")
    expect(free).to_be_visible()
    designer.drag(middle_of(designer.port("linear", "output")), middle_of(taken))
    expect(page.get_by_test_id("designer-notice")).to_be_hidden()
    designer.expect_no_problems()


def test_an_open_input_is_connected_by_its_quick_fix(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Opened"))
    designer.point_at_edge(3)
    page.mouse.down()
    page.mouse.up()
    designer.press("Delete")
    expect(designer.edges()).to_have_count(6)
    designer.show("problems")
    fix = page.get_by_test_id("problem-fix").filter(has_text="Connect ").first
    fix.click()
    expect(designer.edges()).to_have_count(7)
    designer.expect_no_problems()


def test_a_tab_that_is_open_stays_open(designer: DesignerCanvas) -> None:
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Tabs"))
    tab = page.get_by_test_id("bottom-layers")
    for _ in range(2):
        tab.click()
        expect(page.get_by_test_id("layers-table")).to_be_visible()
    page.get_by_role("button", name="Fold the lower panel").click()
    expect(page.get_by_test_id("layers-table")).to_be_hidden()
