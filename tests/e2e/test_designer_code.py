"""The code tab: edited by hand, read back, applied as one step of undo."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.designer_canvas import DesignerCanvas, new_network
from tour.studio import Studio

pytestmark = pytest.mark.e2e


def kernel_sizes(designer: DesignerCanvas) -> dict[str, Any]:
    nodes = designer.served()["document"]["graph"]["nodes"].values()
    return {node["name"]: node["params"].get("kernel_size") for node in nodes}


def containing(text: str) -> re.Pattern[str]:
    """A pattern that source with this text in it matches."""
    return re.compile(re.escape(text))


def test_code_that_is_edited_changes_the_canvas_and_back(
    open_context: Callable[..., BrowserContext],
) -> None:
    designer = DesignerCanvas(open_context().new_page())
    page = designer.page
    designer.open(new_network(page.context, "small_cnn", "Typed"))
    designer.show("code")
    field, state = page.get_by_test_id("code-editor"), page.get_by_test_id("code-state")
    expect(field).to_have_value(containing("nn.Conv2d(1, 16, kernel_size=3"), timeout=30_000)
    source = field.input_value()

    field.fill(source.replace("kernel_size=3, padding=1", "kernel_size=5, padding=2", 1))
    expect(state).to_contain_text("1 edit to the network")
    page.get_by_test_id("code-apply").click()
    expect(designer.node("conv")).to_contain_text("5")
    expect(state).to_be_hidden()
    designer.expect_saved()
    assert kernel_sizes(designer)["conv"] == 5
    page.get_by_test_id("designer-undo").click()
    expect(field).to_have_value(source)
    designer.expect_saved()
    assert kernel_sizes(designer)["conv"] != 5

    field.fill(source.replace("x = self.relu(x)", "x = mystery(x)", 1))
    problem = page.get_by_test_id("code-problem")
    expect(problem).to_contain_text("mystery")
    expect(state).to_contain_text("1 line cannot be read; nothing else changes.")
    expect(page.get_by_test_id("code-apply")).to_be_disabled()
    expect(page.locator("[data-problem='error']")).to_contain_text("mystery")
    problem.click()
    expect(field).to_be_focused()
    expect(page.locator("[data-problem='error']")).to_be_in_viewport()

    # The canvas changes meanwhile: what was typed waits, and nobody's edit is lost.
    designer.select("classifier")
    designer.set_param("out_features", "7")
    expect(state).to_contain_text("The canvas was changed while you typed.")
    page.get_by_test_id("code-discard").click()
    expect(field).to_have_value(containing(", 7)"))

    # A line and its node find each other.
    shown = page.get_by_test_id("code-view").locator("[data-selected]")
    designer.select("conv")
    expect(shown.first).to_contain_text("self.conv = nn.Conv2d")
    lines = field.input_value().split("\n")
    line = next(n for n, text in enumerate(lines) if "self.classifier = " in text)
    field.click(position={"x": 200, "y": 8 + 20 * line + 10})
    expect(designer.node("classifier")).to_have_attribute("data-selected", "true")
    expect(shown.first).to_contain_text("self.classifier = nn.Linear")


def test_a_notebook_is_downloaded(open_context: Callable[..., BrowserContext]) -> None:
    designer = DesignerCanvas(open_context().new_page())
    page = designer.page
    designer.open(new_network(page.context, "mlp", "Notebook"))
    designer.show("code")
    with page.expect_download() as started:
        page.get_by_test_id("code-notebook").click()
    assert started.value.suggested_filename == "notebook.ipynb"
    cells = json.loads(started.value.path().read_text())["cells"]
    source = "".join("".join(cell["source"]) for cell in cells)
    for part in ("class Notebook(nn.Module)", "loss.backward()", "accuracy"):
        assert part in source


def test_a_viewer_reads_the_code_only(
    open_context: Callable[..., BrowserContext], browser: Browser, studio: Studio
) -> None:
    owner = open_context()
    network_id = new_network(owner, "mlp", "Shown")
    session = owner.request.get("/api/session").json()
    network = owner.request.get(f"/api/networks/{network_id}").json()
    invited = owner.request.post(
        f"/api/projects/{network['project_id']}/invitations",
        data={"role": "viewer"},
        headers={"X-CSRFToken": session["csrf_token"]},
    ).json()
    with browser.new_context(base_url=studio.url) as guest:
        page = guest.new_page()
        page.goto("/")
        account = {"name": "Guest", "email": "guest@example.org", "password": "long-enough-7421"}
        token = invited["url"].partition("#token=")[2]
        csrf = guest.request.get("/api/session").json()["csrf_token"]
        joined = guest.request.post(
            "/api/invitations/accept",
            data={**account, "token": token},
            headers={"X-CSRFToken": csrf},
        )
        assert joined.ok, joined.text()
        designer = DesignerCanvas(page)
        designer.open(network_id)
        designer.show("code")
        field = page.get_by_test_id("code-editor")
        expect(field).to_have_value(containing("class Shown(nn.Module)"), timeout=30_000)
        expect(field).not_to_be_editable()
        source = field.input_value()
        field.press("Enter")
        field.press("x")
        expect(field).to_have_value(source)
        expect(page.get_by_test_id("code-state")).to_be_hidden()
