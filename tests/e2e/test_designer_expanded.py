"""Blocks expanded in place: their content is edited where it stands, and all uses follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.e2e.designer_canvas import DesignerCanvas, middle_of, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


def _box(locator: Locator) -> dict[str, float]:
    box: Any = locator.bounding_box()
    assert box is not None
    return box


def _place(card: Locator) -> str:
    """Where a card is on the canvas, wherever the view is."""
    return card.evaluate("card => card.closest('.react-flow__node').style.transform")


def test_a_block_is_edited_where_it_stands(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "resnet18", "Expanded"))
    page = designer.page
    place = _place(designer.node("stage1"))
    before = designer.served()["document"]["view"]
    designer.select("stage1")
    designer.press("e")
    frame = page.get_by_test_id("expanded-stage1")
    expect(frame).to_contain_text("Residual")
    expect(frame).to_contain_text("× 2")
    expect(frame).to_contain_text("edits change all 4 instances")
    conv, outer = _box(designer.node("conv")), _box(frame)
    assert outer["x"] < conv["x"]
    assert outer["y"] < conv["y"] < outer["y"] + outer["height"]
    expect(designer.output_of("conv")).to_have_text("B × 64 × 8 × 8")

    # An edit within is one of the definition, and undone like any other.
    designer.select("conv_2")
    expect(page.get_by_test_id("designer-breadcrumb")).to_contain_text("Residual")
    designer.set_name("second")
    expect(designer.node("second")).to_be_visible()
    designer.expect_saved()
    blocks = designer.served()["document"]["graph"]["blocks"].values()
    residual = next(block for block in blocks if block["name"] == "Residual")
    assert "second" in {node["name"] for node in residual["nodes"].values()}
    designer.press("Control+z")
    expect(designer.node("conv_2")).to_be_visible()
    x, y = middle_of(designer.node("conv"))
    designer.drag((x, y), (x, y + 40))
    expect(page.get_by_test_id("designer-undo")).to_be_enabled()
    assert _box(designer.node("conv"))["y"] > y - conv["height"] / 2 + 16
    designer.press("Control+z")

    # By keys: along the block, out to its use, and to where the card was.
    designer.press("ArrowRight")
    designer.press("Escape")
    designer.press("Escape")
    expect(page.get_by_test_id("property-name")).to_have_value("stage1")
    designer.press("Enter")
    expect(page.get_by_test_id("property-name")).to_have_value("input")
    page.reload()
    expect(frame).to_be_visible()
    frame.get_by_test_id("block-collapse").click()
    expect(frame).to_be_hidden()
    assert _place(designer.node("stage1")) == place
    designer.expect_saved()
    assert designer.served()["document"]["view"]["positions"] == before["positions"]


def test_blocks_within_blocks_expand_and_the_outline_finds_them(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "resnet18", "Nested"))
    page = designer.page
    designer.select("stage4_down")
    designer.press("Control+g")
    outer = page.locator("[data-block='true'][data-selected='true']")
    expect(outer).to_have_count(1)
    designer.press("e")
    designer.select("stage4_down")
    designer.press("e")
    inner = page.get_by_test_id("expanded-stage4_down")
    expect(inner).to_be_visible()
    expect(page.locator("[data-testid^='expanded-']")).to_have_count(2)
    designer.show("outline")
    page.get_by_test_id("outline-row-stage4_down").click()
    page.keyboard.press("ArrowRight")
    page.get_by_test_id("outline-row-conv").click()
    expect(page.locator("[data-testid^='expanded-']")).to_have_count(2)
    expect(designer.node("conv")).to_have_attribute("data-selected", "true")
    expect(page.get_by_test_id("designer-breadcrumb")).to_contain_text("ResidualDown")


def test_what_a_block_reveals_is_brought_into_view(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "resnet18", "Revealed"))
    page, canvas = designer.page, _box(designer.canvas)
    border = canvas["x"] + canvas["width"]

    def put_at_the_border() -> None:
        designer.press("0")
        expect(page.get_by_test_id("designer-zoom")).to_have_text("100 %")
        designer.rest()
        designer.pan(border - 200 - _box(designer.node("stage1"))["x"], 0)
        designer.select("stage1")

    # Wider than the canvas at a size that can be read: it is seen from its beginning.
    put_at_the_border()
    designer.press("e")
    frame = page.get_by_test_id("expanded-stage1")
    expect(frame).to_be_visible()
    designer.rest()
    assert 0 <= _box(frame)["x"] - canvas["x"] < 40
    designer.press("e")
    expect(frame).to_be_hidden()

    put_at_the_border()
    designer.press("Control+Shift+g")
    expect(designer.node("stage1")).to_have_count(0)
    designer.rest()
    selected = page.locator("[data-testid^='node-'][data-selected]")
    first = min(_box(selected.nth(at))["x"] for at in range(selected.count()))
    assert 0 <= first - canvas["x"] < 40
