"""A file of another tool, dropped on the app: it opens with its weights and says how it came in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect
from torch import nn

from netloom import from_module, push
from netloom.pushing import PushError
from tests.e2e.dropping import READ_WITHIN_MS, drop
from tests.netloom.formats.torchscript.programs import Digits, saved
from tour.studio import Studio

pytestmark = pytest.mark.e2e

MAKE_TOKEN = """async () => {
    const session = await (await fetch('/api/session')).json();
    const made = await fetch('/api/tokens', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': session.csrf_token },
        body: JSON.stringify({ name: 'push' }),
    });
    return [(await made.json()).token, session.projects[0].id];
}"""


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def test_a_dropped_file_opens_with_a_report_that_leads_to_layers(
    page: Page, shared_data: Path
) -> None:
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, shared_data / "models-keras3-mnist" / "mnist_model.keras", "digits.keras")
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("written by Keras 3.1.1. 8 layers.", timeout=READ_WITHIN_MS)
    pieces = page.get_by_test_id("import-piece")
    expect(pieces).to_have_count(8)
    pieces.nth(1).get_by_role("button", name="conv2d_relu").click()
    expect(page.get_by_test_id("property-name")).to_have_value("conv2d_relu")


def test_a_dropped_torchscript_file_opens_with_a_report_of_how_it_was_read(
    page: Page, tmp_path: Path
) -> None:
    saved(Digits(), torch.rand(2, 1, 28, 28), tmp_path / "net.pt", "scripted")
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, tmp_path / "net.pt", "scripted_digits.pt")
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("TorchScript", timeout=READ_WITHIN_MS)
    expect(report).to_contain_text("torch.jit.load, which would run it, was not called")
    expect(report).to_contain_text("1 x 28 x 28 a sample were tried, and fit")
    expect(page.get_by_test_id("network-name")).to_have_value("scripted digits")
    page.get_by_test_id("import-piece").first.get_by_role("button", name="conv1").click()
    expect(page.get_by_test_id("property-name")).to_have_value("conv1")
    expect(page.locator("[data-standing=pretrained]").first).to_be_visible(timeout=READ_WITHIN_MS)


def test_a_file_that_cannot_be_opened_says_what_it_is(page: Page, shared_data: Path) -> None:
    page.goto("/networks")
    page.get_by_test_id("network-import").click()
    path = shared_data / "models-basic-pitch" / "nmp.tflite"
    page.get_by_test_id("network-import-file").set_input_files(path)
    refused = page.get_by_role("dialog").get_by_role("alert")
    expect(refused).to_contain_text("nmp.tflite is: TensorFlow Lite", timeout=READ_WITHIN_MS)
    expect(page.get_by_test_id("network-import-drop")).to_be_visible()


def test_a_module_is_pushed_with_a_token(page: Page, studio: Studio) -> None:
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    token, project_id = page.evaluate(MAKE_TOKEN)
    network = from_module(nn.Sequential(nn.Linear(6, 3), nn.Tanh()), torch.randn(1, 6))
    pushed = push(network, studio.url, token=token, project=project_id, name="Pushed")
    page.goto(f"/networks/{pushed.network_id}")
    expect(page.get_by_test_id("network-name")).to_have_value("Pushed")
    with pytest.raises(PushError, match="does not know this token"):
        push(network, studio.url, token="another", project=project_id)
