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
    budget = page.get_by_test_id("budget-parameters")
    budget.fill("a few")
    budget.press("Enter")
    expect(page.get_by_text("Type an amount, such as 50k or 1.2M.")).to_be_visible()
    budget.fill("1000")
    budget.press("Enter")
    expect(budget).to_have_value("1k")
    page.keyboard.press("Escape")
    panel = page.get_by_role("region", name="About the network")
    bar = panel.get_by_test_id("budget-bar-parameters")
    expect(bar).to_have_attribute("data-over", "true")
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

    offenders.first.click()
    expect(page.get_by_test_id("budget-marks")).to_contain_text("exceeded")

    page.get_by_test_id("designer-undo").click()
    expect(bar).to_have_count(0)
    expect(offenders).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_prints_light_with_everything_on_it(
    open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    designer = DesignerCanvas(open_context(color_scheme=scheme).new_page())
    page = designer.page
    network_id = new_network(page.context, "resnet18", f"Printed {scheme}")
    designer.open(network_id)
    designer.show("layers")
    with page.context.expect_page() as opened:
        page.get_by_test_id("layers-report").click()
    report = opened.value
    paper = report.get_by_test_id("network-report")
    expect(paper).to_contain_text(f"Printed {scheme}")
    served = page.request.get(f"/api/networks/{network_id}").json()
    expect(paper).to_contain_text(f"{served['analysis']['totals']['parameters']:,}")
    expect(paper).to_contain_text(f"Layers{served['analysis']['totals']['num_layers']}")
    expect(report.get_by_test_id("report-picture")).to_be_visible()
    expect(report.get_by_test_id("report-row")).to_have_count(len(served["analysis"]["nodes"]))
    report.emulate_media(media="print")
    expect(report.get_by_role("button", name="Print")).to_be_hidden()
    expect(report.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(paper).to_have_css("color", "rgb(27, 31, 36)")


def test_a_broken_connection_is_reached_and_repaired_by_keyboard(
    designer: DesignerCanvas,
) -> None:
    page = designer.page
    designer.open(new_network(page.context, "small_cnn", "By keys"))
    designer.select("image")
    designer.press("Control+ArrowRight")
    designer.press("ArrowRight")
    expect(page.get_by_test_id("property-name")).not_to_have_value("image")
    designer.select("classifier")
    designer.set_param("out_features", "7")
    designer.select("output")
    designer.press("Control+ArrowLeft")
    problem = page.get_by_test_id("edge-problem")
    expect(problem).to_contain_text("10 classes")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(problem).to_have_count(0)
    expect(designer.output_of("classifier")).to_have_text("B × 10")
