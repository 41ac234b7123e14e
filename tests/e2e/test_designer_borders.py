"""Layers dragged into an expanded block and out of it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from netloom.blocks.layout import (
    BlockShelf,
    BuiltBlock,
    ScopeBuilder,
    finish_block,
    finish_document,
)
from netloom.graph.document import Document
from tests.e2e.designer_canvas import DesignerCanvas, middle_of, new_network, open_designer

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]
SAME = {"out_channels": 8, "kernel_size": 3, "padding": "same"}


def _stage(_: BlockShelf) -> BuiltBlock:
    scope = ScopeBuilder()
    scope.add("BlockInput", "input")
    scope.add("Conv2d", "inner", **SAME)
    scope.add("BlockOutput", "output")
    return finish_block(scope, "Stage", {})


def _network() -> Document:
    scope, shelf = ScopeBuilder(columns_per_row=3), BlockShelf()
    scope.add("ImageInput", channels=1, height=8, width=8)
    scope.add("Conv2d", "before", **SAME)
    scope.add_block(shelf.take(_stage), "stage", {})
    scope.add("AdaptiveAvgPool2d", "pool", output_size=1)
    scope.add("Flatten")
    scope.add("Linear", "classifier", out_features=10)
    scope.start_row()
    scope.add("Output", "logits")
    return finish_document(scope, "Borders", shelf)


def _names(designer: DesignerCanvas) -> tuple[set[str], set[str]]:
    """Layers on the top level, and in the block."""
    designer.expect_saved()
    graph = designer.served()["document"]["graph"]
    (block,) = graph["blocks"].values()
    top, inner = ({node["name"] for node in each["nodes"].values()} for each in (graph, block))
    return top, inner


def test_a_layer_is_dragged_into_a_block_and_out_again(open_context: OpenContext) -> None:
    context = open_context()
    document = _network().model_dump(mode="json", by_alias=True)
    designer = open_designer(context, new_network(context, None, "Borders", document=document))
    page = designer.page
    expect(designer.output_of("logits")).to_have_text("B × 10")
    designer.select("stage")
    designer.press("e")
    frame = page.get_by_test_id("expanded-stage")
    expect(frame).to_be_visible()
    designer.fit()

    x, y = middle_of(designer.node("inner"))
    designer.drag(middle_of(designer.node("image")), (x, y + 30))
    expect(page.get_by_text("Inputs and outputs stay where they are").first).to_be_visible()
    page.mouse.move(*middle_of(designer.node("before")))
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=6)
    expect(frame).to_have_attribute("data-crossed", "true")
    page.mouse.move(x, y + 30, steps=2)
    page.mouse.up()
    expect(frame).not_to_have_attribute("data-crossed", "true")
    expect(page.get_by_test_id("designer-breadcrumb")).to_contain_text("Stage")
    expect(designer.output_of("logits")).to_have_text("B × 10")
    top, inner = _names(designer)
    assert "before" not in top
    assert inner == {"input", "before", "inner", "output"}

    designer.fit()
    right, bottom = middle_of(designer.node("logits"))
    designer.drag(middle_of(designer.node("before")), (right + 200, bottom))
    expect(designer.output_of("classifier")).to_have_text("B × 10")
    top, inner = _names(designer)
    assert "before" in top
    assert inner == {"input", "inner", "output"}
    designer.press("Control+z")
    designer.press("Control+z")
    assert "before" in _names(designer)[0]
    designer.expect_no_problems()


def test_a_layer_dragged_into_a_frozen_block_says_that_it_freezes(
    open_context: OpenContext,
) -> None:
    document = _network().model_dump(mode="json", by_alias=True)
    nodes = document["graph"]["nodes"].values()
    (stage,) = (node for node in nodes if node["name"] == "stage")
    stage["is_frozen"] = True
    context = open_context()
    designer = open_designer(context, new_network(context, None, "Frozen", document=document))
    expect(designer.output_of("logits")).to_have_text("B × 10")
    designer.select("stage")
    designer.press("e")
    expect(designer.page.get_by_test_id("expanded-stage")).to_be_visible()
    designer.fit()
    x, y = middle_of(designer.node("inner"))
    designer.drag(middle_of(designer.node("before")), (x, y + 30))
    said = designer.page.get_by_text("Stage is frozen, and so is before now.")
    expect(said.first).to_be_visible()
    designer.expect_no_problems()
