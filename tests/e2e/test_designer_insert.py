"""Search-to-insert: what fits a port comes first, and templates are there to be taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Response, expect

from tests.e2e.designer_canvas import DesignerCanvas, middle_of, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


def test_a_port_dragged_into_the_void_offers_what_fits_first(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "mlp", "Fits"))
    page = designer.page
    expect(designer.output_of("linear")).to_have_text("B × 128")
    x, y = middle_of(designer.port("linear", "output"))
    designer.drag((x, y), (x + 30, y + 120))
    options = page.get_by_test_id("insert-menu").get_by_role("option")
    fitting = page.get_by_test_id("insert-Linear")
    expect(fitting).not_to_have_attribute("data-misfit", "true")
    image_only = page.get_by_test_id("insert-Conv2d")
    expect(image_only).to_have_attribute("data-misfit", "true")
    expect(image_only).to_contain_text("Takes B × C × H × W; here B × F arrives.")
    flags = options.evaluate_all("all => all.map((each) => 'misfit' in each.dataset)")
    assert flags == sorted(flags)
    page.get_by_test_id("insert-input").fill("dropout")
    page.keyboard.press("Enter")
    expect(designer.node("dropout")).to_be_visible()


def _saves(response: Response) -> bool:
    return response.url.endswith("/operations") and response.request.method == "POST"


def test_a_template_opens_on_an_empty_canvas_and_is_merged_into_another(
    open_context: OpenContext,
) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, None, "Templates"))
    page = designer.page
    with page.expect_response(_saves):
        designer.insert("unet")
    expect(designer.canvas).not_to_contain_text("Nothing is drawn yet")
    designer.expect_saved()
    whole = designer.served()["document"]["graph"]["nodes"]
    assert {node["type"] for node in whole.values()} >= {"ImageInput", "Output"}
    undo = page.get_by_test_id("designer-undo")
    designer.press("Control+z")
    expect(designer.canvas).to_contain_text("Nothing is drawn yet")
    expect(undo).to_be_disabled()

    designer.press("Control+y")
    designer.press("Escape")
    with page.expect_response(_saves):
        designer.insert("mlp")
    designer.expect_saved()
    merged = designer.served()["document"]["graph"]["nodes"]
    assert len(merged) > len(whole)
    designer.press("Control+z")
    designer.expect_saved()
    assert designer.served()["document"]["graph"]["nodes"] == whole
