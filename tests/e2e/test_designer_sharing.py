"""Weights shared between layers, as a person sees and sets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from netloom.blocks.layout import ScopeBuilder, finish_document
from netloom.graph.document import Document
from tests.e2e.designer_canvas import DesignerCanvas, new_network, open_designer
from tour.browser import choose

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


def run_command(page: Page, label: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_hidden()


def owners(designer: DesignerCanvas) -> dict[str, str]:
    """Names of the layers whose weights others use, by the names of these."""
    designer.expect_saved()
    nodes = designer.served()["document"]["graph"]["nodes"]
    return {
        node["name"]: nodes[node["weights_of"]]["name"]
        for node in nodes.values()
        if node.get("weights_of")
    }


def test_the_towers_of_a_siamese_network_are_divided_and_joined_again(
    open_context: OpenContext,
) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "siamese", "Towers"))
    page = designer.page
    left, right = (designer.node(f"{side}_tower") for side in ("left", "right"))
    for card, other in ((left, "right_tower"), (right, "left_tower")):
        expect(card.get_by_label(f"weights shared with {other}")).to_be_visible()
    designer.select("right_tower")
    field = page.get_by_test_id("weights-of")
    expect(field).to_have_value("of left_tower")
    choose(page, "weights-of", "own")
    expect(right.get_by_test_id("shared-weights")).to_be_hidden()
    assert owners(designer) == {}

    choose(page, "weights-of", "of left_tower")
    expect(right.get_by_test_id("shared-weights")).to_be_visible()
    assert owners(designer) == {"right_tower": "left_tower"}
    designer.press("Control+z")
    assert owners(designer) == {}


def _pair() -> Document:
    """Two convolutions of one form in a row, then classes."""
    same = {"out_channels": 8, "kernel_size": 3, "padding": "same"}
    scope = ScopeBuilder(columns_per_row=4)
    scope.add("ImageInput", channels=1, height=8, width=8)
    for name in ("stem", "one", "two"):
        scope.add("Conv2d", name, **same)
    scope.add("AdaptiveAvgPool2d", output_size=1)
    scope.add("Flatten")
    scope.add("Linear", "classifier", out_features=10)
    scope.add("Output")
    return finish_document(scope, "Pair")


def test_selected_layers_share_and_what_no_longer_fits_is_told(open_context: OpenContext) -> None:
    context = open_context()
    document = _pair().model_dump(mode="json", by_alias=True)
    designer = open_designer(context, new_network(context, None, "Shared", document=document))
    page = designer.page
    expect(designer.output_of("output")).to_have_text("B × 10")
    designer.select("one")
    designer.node("two").click(position={"x": 80, "y": 12}, modifiers=["Shift"])
    run_command(page, "Share weights of the selected layers")
    expect(designer.node("two").get_by_label("weights shared with one")).to_be_visible()
    designer.show("layers")
    expect(page.get_by_test_id("layers-row-two")).to_contain_text("shared with one")
    expect(page.get_by_test_id("layers-row-one")).to_contain_text("584")
    assert owners(designer) == {"two": "one"}
    designer.expect_no_problems()

    designer.press("Escape")
    designer.select("one")
    designer.set_param("kernel_size", "5")
    problem = page.get_by_text("two cannot use the weights of one: its weight has 8 × 8 × 3 × 3")
    expect(problem.first).to_be_visible()
    page.get_by_role("button", name="Set it as one is").first.click()
    expect(problem).to_have_count(0)
    designer.expect_no_problems()
    assert owners(designer) == {"two": "one"}

    designer.select("one")
    run_command(page, "Give own weights")
    expect(designer.node("one").get_by_test_id("shared-weights")).to_be_hidden()
    assert owners(designer) == {}
