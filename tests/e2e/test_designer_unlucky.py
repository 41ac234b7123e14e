"""Bad luck at the designer: a full browser, an hour without network, others at the same layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.designer_canvas import (
    UNTIL_DRAFT_IS_KEPT,
    kill,
    middle_of,
    new_network,
    open_designer,
)

pytestmark = pytest.mark.e2e

OpenContext = Callable[..., BrowserContext]

PASTE = """text => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true }));
}"""
REFUSE_TO_STORE = """() => {
    IDBObjectStore.prototype.put = () => {
        throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
}"""
NO_NETWORKS = {
    "prose": "Dear all, please find attached",
    "half": '{"format": "netloom.network", "schema": 1, "graph": {"nodes": {',
    "other json": '{"nodes": [{"type": "Conv2d"}], "edges": []}',
    "wrong inside": '{"format": "netloom.network", "schema": 1, "graph": {"nodes": {"a": 5}}}',
    "newer": '{"format": "netloom.network", "schema": 99, "graph": {"nodes": {}}}',
    "markup": "<img src=x onerror=\"document.title = 'pwned'\">",
    "deep": "[" * 20_000,
    "not a number": '{"format": "netloom.network", "schema": NaN}',
}


def notice(page: Page, text: str) -> None:
    expect(page.get_by_test_id("designer-notice")).to_contain_text(text)


def test_two_at_one_layer_keep_both_changes(open_context: OpenContext) -> None:
    near, away = open_context(), open_context()
    network_id = new_network(near, "mlp", "One layer, two people")
    one, other = open_designer(near, network_id), open_designer(away, network_id)
    away.route("**/operations", lambda route: route.abort())
    for designer in (one, other):
        designer.select("linear")
    other.set_name("hidden")
    expect(other.page.get_by_test_id("save-state")).to_contain_text("Offline")
    one.set_param("out_features", "96")
    one.expect_saved()
    away.unroute("**/operations")
    other.expect_saved()
    for designer in (one, other):
        expect(designer.output_of("hidden")).to_have_text("B × 96")


def test_undo_after_somebody_elses_change(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Undone late")
    one, other = (open_designer(context, network_id) for _ in range(2))
    one.select("linear")
    one.set_param("out_features", "96")
    expect(other.output_of("linear")).to_have_text("B × 96")
    other.select("linear_2")
    other.set_param("out_features", "20")
    expect(one.output_of("linear_2")).to_have_text("B × 20")
    one.press("Control+z")
    expect(other.output_of("linear")).to_have_text("B × 128")
    expect(one.output_of("linear_2")).to_have_text("B × 20")

    one.press("Control+Shift+z")
    expect(other.output_of("linear")).to_have_text("B × 96")
    other.select("linear")
    other.press("Delete")
    expect(one.node("linear")).to_be_hidden()
    one.press("Control+z")
    notice(one.page, "is not possible any more")
    one.expect_saved()
    expect(one.node("linear")).to_be_hidden()
    expect(one.output_of("linear_2")).to_have_text("B × 20")


def test_text_that_is_no_network_is_not_pasted(open_context: OpenContext) -> None:
    context = open_context()
    designer = open_designer(context, new_network(context, "mlp", "Pasted rubbish"))
    page = designer.page
    before = designer.nodes().count()
    for text in NO_NETWORKS.values():
        designer.canvas.focus()
        page.evaluate(PASTE, text)
        expect(page.get_by_test_id("designer-notice")).to_be_visible()
        page.get_by_role("button", name="Dismiss").click()
        expect(page.get_by_test_id("designer-notice")).to_be_hidden()
    expect(designer.nodes()).to_have_count(before)
    assert "pwned" not in page.title()
    designer.select("relu")
    designer.insert("dropout")
    expect(designer.node("dropout")).to_be_visible()


def test_an_hour_without_network_costs_nothing(open_context: OpenContext) -> None:
    near, away = open_context(), open_context()
    network_id = new_network(near, "mlp", "In the tunnel")
    one = open_designer(near, network_id)
    page = away.new_page()
    page.clock.install()
    other = type(one)(page)
    other.open(network_id)
    away.set_offline(True)
    other.select("relu")
    other.insert("dropout")
    other.set_param("p", "0.35")
    expect(page.get_by_test_id("save-state")).to_contain_text("kept in this browser")
    one.select("linear")
    one.set_param("out_features", "96")
    one.expect_saved()
    page.clock.fast_forward("01:00:00")
    other.select("relu_2")
    other.insert("dropout")
    expect(other.node("dropout_2")).to_be_visible()
    away.set_offline(False)
    other.expect_saved()
    expect(other.output_of("linear")).to_have_text("B × 96")
    expect(one.node("dropout")).to_contain_text("0.35")
    expect(one.node("dropout_2")).to_be_visible()


def test_a_full_browser_says_so_and_saves_all_the_same(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "No room")
    designer = open_designer(context, network_id)
    page = designer.page
    page.evaluate(REFUSE_TO_STORE)
    context.route("**/operations", lambda route: route.abort())
    designer.select("relu")
    designer.insert("dropout")
    notice(page, "no room left to keep edits")
    expect(page.get_by_test_id("save-state")).to_have_text("Not saved: keep this page open")
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    expect(designer.node("dropout")).to_be_visible()
    assert asked == ["beforeunload"]
    context.unroute("**/operations")
    designer.expect_saved()
    names = [node["name"] for node in designer.served()["document"]["graph"]["nodes"].values()]
    assert "dropout" in names


@pytest.mark.faults
def test_a_tab_killed_in_the_middle_of_a_drag(open_context: OpenContext) -> None:
    context = open_context()
    network_id = new_network(context, "mlp", "Killed while dragging")
    context.route("**/operations", lambda route: route.abort())
    killed = open_designer(context, network_id)
    killed.select("relu")
    killed.insert("dropout")
    killed.set_param("p", "0.35")
    x, y = middle_of(killed.node("linear"))
    killed.page.mouse.move(x, y)
    killed.page.mouse.down()
    killed.page.mouse.move(x + 40, y + 150, steps=5)
    killed.page.evaluate(UNTIL_DRAFT_IS_KEPT)
    kill(killed.page)
    context.unroute("**/operations")

    next_tab = open_designer(context, network_id)
    expect(next_tab.node("dropout")).to_contain_text("0.35")
    expect(next_tab.node("linear")).to_be_visible()
    next_tab.expect_saved()
    next_tab.expect_no_problems()
