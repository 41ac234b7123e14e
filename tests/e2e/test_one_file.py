"""One file from another tool: imported, changed by surgery, trained again, and taken away."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.e2e.dropping import READ_WITHIN_MS, drop
from tour import steps
from tour.browser import choose

pytestmark = pytest.mark.e2e

WRITTEN_WITHIN_MS = 240_000
PERCENT_SHOWN = 0.001
"""The page shows shares of a class with one digit behind the point."""


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context().new_page()


def first_digit(shared_data: Path) -> np.ndarray:
    """The first test image of MNIST, 28 x 28, 0 to 255."""
    (file,) = (shared_data / "mnist-t10k").glob("*images*.gz")
    pixels = np.frombuffer(gzip.decompress(file.read_bytes())[16 : 16 + 28 * 28], np.uint8)
    return pixels.reshape(28, 28)


def png_of(image_HW: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image_HW).save(buffer, "PNG")
    return buffer.getvalue()


def narrow(page: Page, layer: str, width: int) -> None:
    """Surgery by the palette: fewer channels, and what follows keeps what it knows of them."""
    page.get_by_test_id("import-piece").get_by_role("button", name=layer, exact=False).first.click()
    page.keyboard.press("Control+k")
    page.keyboard.type("widen or narrow")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Widen or narrow")
    dialog.get_by_test_id("surgery-field-width").fill(str(width))
    report = dialog.get_by_test_id("surgery-survival")
    expect(report.get_by_label("Layers whose weights change")).to_contain_text(layer)
    expect(page.get_by_test_id("surgery-apply")).to_be_enabled()
    page.get_by_test_id("surgery-apply").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")


def export_onnx(page: Page, path: Path) -> None:
    page.get_by_test_id("run-export").click()
    dialog = page.get_by_test_id("export-dialog")
    dialog.get_by_test_id("export-format-onnx").click()
    dialog.get_by_test_id("export-start").click()
    expect(dialog.get_by_test_id("export-outcome")).to_be_visible(timeout=WRITTEN_WITHIN_MS)
    with page.expect_download() as waiting:
        dialog.get_by_test_id("export-download").click()
    waiting.value.save_as(path)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def read_by_onnx(path: Path, image_HW: np.ndarray) -> np.ndarray:
    """Return the share of each class, as the file says without the studio."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    image_1CHW = (image_HW.astype(np.float32) / 255)[None, None]
    scores_K = np.asarray(session.run(None, {given.name: image_1CHW})[0])[0]
    if np.isclose(scores_K.sum(), 1, atol=1e-4) and scores_K.min() >= 0:
        return scores_K
    raised = np.exp(scores_K - scores_K.max())
    return raised / raised.sum()


def test_one_file_comes_in_is_changed_trained_and_taken_away(
    page: Page, shared_data: Path, tmp_path: Path
) -> None:
    digit = first_digit(shared_data)
    page.goto("/networks")
    expect(page.get_by_test_id("network-import")).to_be_visible()
    drop(page, shared_data / "models-keras3-mnist" / "mnist_model.keras", "narrowed.keras")
    expect(page.get_by_test_id("import-report")).to_be_visible(timeout=READ_WITHIN_MS)
    expect(page.locator("[data-standing=pretrained]").first).to_be_visible()

    narrow(page, "conv2d", 16)
    expect(page.locator("[data-standing=changed]").first).to_be_visible()

    page.get_by_test_id("designer-train").click()
    choose(page, "run-dataset", "Handwritten digits")
    expect(page.get_by_test_id("run-start-from")).to_have_value("narrowed.keras")
    page.get_by_test_id("run-epochs").fill("1")
    expect(page.get_by_test_id("run-start")).to_be_enabled()
    page.get_by_test_id("run-start").click()
    expect(page.get_by_test_id("run-state")).to_be_visible()
    steps.wait_until_trained(page)

    export_onnx(page, tmp_path / "digits.onnx")
    shares_K = read_by_onnx(tmp_path / "digits.onnx", digit)
    assert shares_K.shape == (10,)

    page.get_by_test_id("run-inspect").click()
    image: FilePayload = {"name": "seven.png", "mimeType": "image/png", "buffer": png_of(digit)}
    page.get_by_test_id("inspect-upload").set_input_files(image)
    expect(page.get_by_text("seven.png").first).to_be_visible()
    top = page.get_by_test_id("inspect-top-row").first
    best = int(shares_K.argmax())
    expect(top).to_have_attribute("data-class", str(best))
    share = (top.locator(".mono").text_content() or "").removesuffix(" %")
    assert float(share) / 100 == pytest.approx(float(shares_K[best]), abs=PERCENT_SHOWN)
