"""Blocks of the library and templates, as a person takes them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


def blocks_of_this_network(page: Page) -> Locator:
    section = page.get_by_role("region", name="Blocks of this network")
    return section.get_by_role("button")


def test_a_library_block_is_typed_set_and_taken_back(open_context: OpenContext) -> None:
    context = open_context()
    designer = DesignerCanvas(context.new_page())
    designer.open(new_network(context, "small_cnn", "Blocks"))
    page = designer.page
    designer.select("relu")
    designer.insert("residual")
    expect(designer.node("residual")).to_be_visible()
    # The definition has 64 filters; behind 16 channels it takes 16, or it could not be added.
    expect(page.get_by_test_id("param-filters")).to_have_value("16")
    designer.expect_no_problems()
    expect(blocks_of_this_network(page)).to_have_count(1)

    designer.insert("residual")
    expect(designer.node("residual_2")).to_be_visible()
    expect(blocks_of_this_network(page)).to_have_count(1)

    designer.insert("se block")
    expect(designer.node("squeeze_excite")).to_be_visible()
    designer.set_param("reduced_filters", "3")
    expect(designer.node("squeeze_excite")).to_contain_text("reduced filters")
    designer.expect_no_problems()
    for kept in (2, 1):
        designer.press("Control+z")
        expect(blocks_of_this_network(page)).to_have_count(kept)
    expect(designer.node("squeeze_excite")).to_be_hidden()
    designer.press("Control+z")
    expect(designer.node("residual_2")).to_be_hidden()
    expect(blocks_of_this_network(page)).to_have_count(1)
    designer.press("Control+z")
    expect(designer.node("residual")).to_be_hidden()
    expect(blocks_of_this_network(page)).to_have_count(0)


def test_a_network_begins_with_a_template_by_keys(open_context: OpenContext) -> None:
    page = open_context().new_page()
    page.goto("/networks")
    new = page.get_by_test_id("network-new").first
    expect(new).to_be_visible()
    new.press("Enter")
    search = page.get_by_test_id("network-template-search")
    expect(search).to_be_focused()
    page.keyboard.type("unet")
    preview = page.get_by_test_id("network-template-preview")
    # The studio may still be busy with what the tests before have left.
    expect(preview).to_contain_text("Netloom cannot train image segmentation yet", timeout=60_000)
    expect(preview).to_contain_text(re.compile(r"gives\s*B × \d+ × \d+ × \d+"), timeout=60_000)
    expect(preview.locator("svg rect").first).to_be_visible()
    search.fill("")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("network-template-autoencoder")).to_be_checked()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_test_id("network-template-unet")).to_be_checked()
    page.keyboard.press("Enter")
    designer = DesignerCanvas(page)
    expect(designer.canvas).to_be_visible()
    expect(designer.node("bottom")).to_be_visible()
    expect(page.get_by_text("Netloom cannot train image segmentation yet").first).to_be_visible()
