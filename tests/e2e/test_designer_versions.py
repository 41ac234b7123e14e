"""History on the canvas: what differs is drawn, conflicts are merged, layers are talked about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network
from tour.browser import choose

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]
MARKUP = "<img src=x onerror=document.title='broken'> wider?"


def open_designer(context: BrowserContext, network_id: str) -> DesignerCanvas:
    designer = DesignerCanvas(context.new_page())
    designer.open(network_id)
    return designer


def test_differences_are_drawn_and_walked_through(open_context: OpenContext) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "mlp", "Compared"))
    page = designer.page
    designer.press("Control+s")
    page.get_by_test_id("version-name").fill("first")
    page.get_by_test_id("version-save").click()
    row = page.get_by_test_id("version-row").filter(has_text="first")
    expect(row).to_be_visible()
    designer.select("linear")
    designer.set_param("out_features", "99")
    designer.select("relu_2")
    designer.press("Delete")
    designer.select("linear")
    designer.insert("dropout")
    designer.expect_saved()

    row.get_by_test_id("compare-now").click()
    expect(page.get_by_test_id("difference-linear")).to_contain_text("out_features 128 → 99")
    expect(page.get_by_test_id("difference-dropout")).to_contain_text("added")
    ghost = page.get_by_test_id("difference-relu_2")
    expect(ghost).to_contain_text("removed")
    expect(ghost).to_be_visible()
    expect(page.get_by_test_id("comparison-text")).to_contain_text(
        "+ dropout (Dropout) between linear and relu"
    )
    bar = page.get_by_test_id("comparison")
    bar.get_by_role("button", name="Next difference").click()
    expect(bar).to_contain_text("1 of 3")
    bar.get_by_role("button", name="Previous difference").click()
    expect(bar).to_contain_text("3 of 3")

    designer.press("Escape")
    if bar.is_visible():
        designer.press("Escape")
    expect(bar).to_be_hidden()
    expect(ghost).to_be_hidden()


def test_a_conflict_of_two_windows_is_merged_by_choice(open_context: OpenContext) -> None:
    near, away = open_context(), open_context()
    network_id = new_network(near, "mlp", "Merged")
    one, other = open_designer(near, network_id), open_designer(away, network_id)
    away.route("**/operations", lambda route: route.abort())
    other.select("relu")
    other.set_name("activation")
    other.select("linear_2")
    other.set_param("out_features", "77")
    expect(other.page.get_by_test_id("save-state")).to_contain_text("Offline")
    one.select("relu")
    one.press("Delete")
    one.select("linear")
    one.set_param("out_features", "96")
    one.expect_saved()

    away.unroute("**/operations")
    dialog = other.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Merge").click()
    conflict = dialog.get_by_test_id("merge-conflict")
    expect(conflict).to_have_count(1)
    expect(conflict).to_contain_text("activation")
    conflict.get_by_text("Mine: changed").click()
    dialog.get_by_role("button", name="Merge").click()
    expect(dialog).to_be_hidden()
    other.expect_saved()
    for designer in (one, other):
        expect(designer.node("activation")).to_be_visible()
        expect(designer.output_of("linear")).to_have_text("B × 96")
        expect(designer.output_of("linear_2")).to_have_text("B × 77")


def test_a_branch_is_made_and_merged_back(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Trunk")
    designer = open_designer(context, network_id)
    page = designer.page
    designer.select("linear")
    designer.set_param("out_features", "96")
    designer.expect_saved()
    designer.show("versions")
    page.get_by_test_id("revision-row").get_by_test_id("version-branch").click()
    page.get_by_label("Name of the branch").fill("Wider")
    page.get_by_role("button", name="Make the branch").click()
    expect(page.get_by_test_id("network-name")).to_have_value("Wider")
    designer.select("linear")
    designer.set_param("out_features", "120")
    designer.expect_saved()
    page.get_by_role("button", name="Merge back").click()
    dialog = page.get_by_role("dialog", name="Merge into Trunk")
    expect(dialog).to_contain_text("96 -> 120")
    page.get_by_test_id("merge-confirm").click()
    expect(page.get_by_test_id("designer-notice")).to_contain_text("Merged into Trunk")
    designer.open(network_id)
    expect(designer.output_of("linear")).to_have_text("B × 120")


def test_a_thread_on_a_layer_is_seen_live_and_outlives_it(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Talked about")
    one, other = (open_designer(context, network_id) for _ in range(2))
    one.select("relu")
    one.show("comments")
    one.page.get_by_test_id("comment-text").fill(MARKUP)
    one.page.get_by_test_id("comment-send").click()
    marker = other.page.get_by_test_id("comment-marker-relu")
    expect(marker).to_have_text("1")
    marker.click()
    thread = other.page.get_by_test_id("comment-thread")
    expect(thread).to_contain_text(MARKUP)
    thread.get_by_test_id("comment-text").fill("No, deeper.")
    thread.get_by_test_id("comment-send").click()
    expect(one.page.get_by_test_id("comment-marker-relu")).to_have_text("2")
    expect(one.page.get_by_test_id("comment-thread")).to_contain_text("No, deeper.")
    assert "broken" not in one.page.title()

    one.select("relu")
    one.press("Delete")
    one.expect_saved()
    expect(one.page.get_by_test_id("comment-thread")).to_contain_text("relu, a deleted layer")
    one.page.get_by_role("button", name="Resolve").click()
    expect(one.page.get_by_test_id("comment-thread")).to_be_hidden()
    one.page.get_by_text("Resolved 1").click()
    expect(one.page.get_by_test_id("comment-thread")).to_contain_text("No, deeper.")


def test_a_single_save_and_another_network_are_compared_with(open_context: OpenContext) -> None:
    context = open_context()
    other = new_network(context, "mlp", "The other one")
    designer = open_designer(context, new_network(context, "mlp", "Compared twice"))
    page = designer.page
    designer.select("linear")
    designer.set_param("out_features", "99")
    designer.expect_saved()
    designer.show("versions")
    page.get_by_test_id("revision-beginning").get_by_test_id("compare-now").click()
    difference = page.get_by_test_id("difference-linear")
    expect(difference).to_contain_text("out_features 128 → 99")
    bar = page.get_by_test_id("comparison")
    bar.get_by_role("button", name="Leave").click()
    expect(difference).to_be_hidden()
    choose(page, "compare-other", "The other one")
    expect(bar).to_contain_text("Compared with The other one")
    expect(difference).to_contain_text("out_features 128 → 99")
    expect(page.get_by_test_id("comparison-text")).to_contain_text("linear")
    assert other != designer.network_id


def test_a_comment_on_a_region_is_gone_to(open_context: OpenContext) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "mlp", "Region"))
    page = designer.page
    designer.select("linear")
    designer.node("relu").click(position={"x": 80, "y": 12}, modifiers=["Shift"])
    designer.show("comments")
    page.get_by_test_id("comment-text").fill("These two.")
    page.get_by_test_id("comment-send").click()
    thread = page.get_by_test_id("comment-thread")
    expect(thread).to_contain_text("a region")
    box = page.get_by_test_id("designer-canvas").bounding_box()
    assert box is not None
    designer.drag((box["x"] + 200, box["y"] + 20), (box["x"] + 200, box["y"] + box["height"] - 20))
    designer.drag((box["x"] + 200, box["y"] + 20), (box["x"] + 200, box["y"] + box["height"] - 20))
    expect(designer.node("linear")).not_to_be_in_viewport()
    thread.get_by_role("button", name="a region").click()
    expect(designer.node("linear")).to_be_in_viewport()
    expect(designer.node("relu")).to_be_in_viewport()
