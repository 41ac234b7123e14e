"""Nothing drawn is lost: autosave, two windows, a killed tab, named versions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.e2e.designer_canvas import (
    UNTIL_DRAFT_IS_KEPT,
    kill,
    new_network,
    open_designer,
)

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]


def test_a_reload_shows_what_was_drawn(open_context: OpenContext) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "mlp", "Reloaded"))
    designer.select("relu")
    designer.insert("dropout")
    designer.set_param("p", "0.35")
    designer.expect_saved()
    designer.page.reload()
    expect(designer.node("dropout")).to_contain_text("0.35")


def test_edits_appear_in_another_window(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Watched")
    one, other = (open_designer(context, network_id) for _ in range(2))
    one.select("linear")
    one.set_param("out_features", "96")
    expect(other.output_of("linear")).to_have_text("B × 96")
    other.select("relu_2")
    other.press("Delete")
    expect(one.node("relu_2")).to_be_hidden()
    one.expect_saved()
    other.expect_saved()


@pytest.mark.faults
def test_edits_that_do_not_fit_together_are_asked_about(open_context: OpenContext) -> None:
    near, away = open_context(), open_context()
    network_id = new_network(near, "mlp", "Fought over")
    one, other = open_designer(near, network_id), open_designer(away, network_id)
    away.route("**/operations", lambda route: route.abort())
    other.select("relu")
    other.set_name("activation")
    expect(other.page.get_by_test_id("save-state")).to_contain_text("Offline")
    one.select("relu")
    one.press("Delete")
    one.expect_saved()

    away.unroute("**/operations")
    dialog = other.page.get_by_role("dialog")
    expect(dialog).to_contain_text("changed the same things")
    dialog.get_by_role("button", name="Keep mine as a copy").click()
    expect(dialog).to_be_hidden()
    expect(other.node("activation")).to_be_visible()
    assert other.network_id != network_id
    expect(one.node("relu")).to_be_hidden()


@pytest.mark.faults
def test_a_killed_tab_leaves_its_edits_to_the_next(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "small_cnn", "Killed")
    context.route("**/operations", lambda route: route.abort())
    killed = open_designer(context, network_id)
    killed.select("conv_2")
    killed.set_param("out_channels", "48")
    killed.select("relu_2")
    killed.insert("dropout")
    expect(killed.node("dropout_2")).to_be_visible()
    killed.page.evaluate(UNTIL_DRAFT_IS_KEPT)
    kill(killed.page)
    context.unroute("**/operations")

    next_tab = open_designer(context, network_id)
    expect(next_tab.page.get_by_test_id("designer-notice")).to_contain_text("are back")
    expect(next_tab.node("dropout_2")).to_be_visible()
    expect(next_tab.output_of("conv_2")).to_have_text("B × 48 × 4 × 4")
    next_tab.expect_saved()
    nodes = next_tab.served()["document"]["graph"]["nodes"].values()
    assert {"dropout_2", "conv_2"} <= {node["name"] for node in nodes}
    assert [node["params"]["out_channels"] for node in nodes if node["name"] == "conv_2"] == [48]


def test_a_named_version_is_restored(open_context: OpenContext) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "mlp", "Versions"))
    page = designer.page
    designer.press("Control+s")
    name = page.get_by_test_id("version-name")
    expect(name).to_be_focused()
    name.fill("two hidden layers")
    page.get_by_test_id("version-save").click()
    row = page.get_by_test_id("version-row").filter(has_text="two hidden layers")
    expect(row).to_be_visible()
    designer.select("linear_2")
    designer.press("Delete")
    expect(designer.node("linear_2")).to_be_hidden()
    row.get_by_test_id("version-restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(designer.node("linear_2")).to_be_visible()
    designer.expect_saved()
    names = [node["name"] for node in designer.served()["document"]["graph"]["nodes"].values()]
    assert "linear_2" in names


def test_typing_goes_on_while_the_server_thinks(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Slow server")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    context.route("**/api/analysis", hold)
    designer = open_designer(context, network_id)
    designer.select("linear")
    field = designer.page.get_by_test_id("param-out_features")
    for value in ("5", "50", "500"):
        field.fill(value)
        field.press("ArrowUp")
    expect(field).to_have_value("501")
    expect(designer.node("linear")).to_contain_text("501")
    designer.select("relu")
    designer.insert("dropout")
    expect(designer.node("dropout")).to_be_visible()
    designer.expect_saved()
    assert held
