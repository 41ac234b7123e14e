"""The analyzer in a real browser: budgets, offenders, the table and its export."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network

pytestmark = pytest.mark.e2e


@pytest.fixture
def designer(open_context: Callable[..., BrowserContext]) -> DesignerCanvas:
    return DesignerCanvas(open_context().new_page())


def test_a_budget_marks_its_offender_and_the_table_is_exported(
    designer: DesignerCanvas, tmp_path: Path
) -> None:
    page = designer.page
    network_id = new_network(page.context, "small_cnn", "Budgeted")
    designer.open(network_id)
    page.get_by_test_id("bottom-layers").click()
    expect(page.get_by_test_id("layers-table")).to_be_visible()

    page.get_by_test_id("budgets").click()
    page.get_by_test_id("budget-parameters").fill("0.001")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("budget-bar-parameters")).to_have_attribute("data-over", "true")
    offenders = page.locator("tr[data-offender]")
    expect(offenders.first).to_be_visible()
    expect(page.locator("[data-over-budget]").first).to_be_visible()
    designer.expect_saved()

    with page.expect_download() as given:
        page.get_by_test_id("layers-csv").click()
    given.value.save_as(tmp_path / "layers.csv")
    rows = list(csv.DictReader((tmp_path / "layers.csv").read_text().splitlines()))
    served = page.request.get(f"/api/networks/{network_id}").json()
    assert served["document"]["view"]["budgets"] == {"parameters": 1000}
    totals = served["analysis"]["totals"]
    assert sum(int(row["parameters"]) for row in rows) == totals["parameters"]
    named = {row["name"] for row in rows if row["over_budget"] == "yes"}
    (use,) = served["analysis"]["budgets"]
    nodes = served["document"]["graph"]["nodes"]
    assert named == {nodes[node_id]["name"] for node_id in use["offenders"]}

    page.get_by_test_id("designer-undo").click()
    expect(page.get_by_test_id("budget-bar-parameters")).to_have_count(0)
    expect(offenders).to_have_count(0)
