"""The main job on real data: draw, bring in, train, watch, inspect, all by clicks and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.designer_canvas import DesignerCanvas
from tests.e2e.real_images import mnist_folders, photo_folders
from tour import steps
from tour.browser import LivePoints, choose
from tour.images import ImageFolder

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], tmp_path: Path) -> Iterator[Page]:
    page = open_context().new_page()
    page.set_default_timeout(30_000)
    yield page
    page.screenshot(path=tmp_path / "at-the-end.png")  # what a failed test has seen last
    page.close()


def draw_small_cnn(page: Page, dataset: str) -> None:
    """Draw, on an empty canvas and by keys, two convolutions and a classifier of 10 classes."""
    designer = DesignerCanvas(page)
    page.get_by_test_id("rail-networks").click()
    page.get_by_test_id("network-new").first.click()
    page.get_by_test_id("network-template-empty").click()
    page.get_by_test_id("network-new-name").fill(f"Drawn for {dataset}")
    page.get_by_test_id("network-create").click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    designer.bind(dataset)
    designer.canvas.focus()
    designer.insert("image input")
    for name, value in (("height", "28"), ("width", "28"), ("channels", "1")):
        designer.set_param(name, value)
    for filters in ("16", "32"):
        designer.canvas.focus()
        designer.insert("conv2d")
        designer.set_param("out_channels", filters)
        designer.canvas.focus()
        for layer in ("batch norm", "relu", "max pool"):
            designer.insert(layer)
    designer.insert("flatten")
    designer.insert("linear")
    designer.set_param("out_features", "10")
    designer.canvas.focus()
    designer.insert("output")
    designer.expect_no_problems()
    designer.expect_saved()


def test_drawn_cnn_reads_handwritten_digits(page: Page, shared_data: Path, tmp_path: Path) -> None:
    """8,000 digits to train on, 2,000 to test, 5 epochs, at least 97.5 %."""
    folder = mnist_folders(shared_data, tmp_path / "mnist")
    archive = ImageFolder.read(folder).pack(tmp_path / "mnist.zip")
    points = LivePoints(page)
    page.goto("/")
    assert steps.bring_in(page, "MNIST", archive) == 10_000
    draw_small_cnn(page, "MNIST")
    steps.start_training(page, epochs=5)
    steps.watch_first_epoch(page)
    page.reload()
    steps.wait_until_trained(page)
    assert points.count > 100
    page.reload()
    expect(page.get_by_test_id("run-curves").locator("canvas").first).to_be_visible()
    steps.open_inspect(page)
    assert steps.explain(page, "gradcam", tmp_path / "gradcam.png") > 0
    assert steps.evaluate_on_test(page) >= 0.975
    open_a_confusion(page)


def open_a_confusion(page: Page) -> None:
    """A cell of the confusion matrix shows its images; one of them opens to be explained."""
    page.get_by_test_id("confusion-cell").first.click()
    page.get_by_test_id("mistake-tile").first.click()
    expect(page.get_by_test_id("inspect-top-row").first).to_be_visible(timeout=60_000)


def test_sample_digits_reach_96_percent(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("network-card").filter(has_text="Digits CNN").click()
    page.get_by_test_id("designer-train").click()
    estimate = page.get_by_test_id("run-estimate")
    estimate.get_by_role("button").click(timeout=120_000)  # enabled when the digits are in
    expect(estimate).to_have_text(re.compile(r"\d.*[MG]B"), timeout=60_000)
    page.get_by_test_id("run-start").click()
    expect(page.get_by_test_id("run-state")).to_be_visible()
    steps.wait_until_trained(page)
    steps.open_inspect(page)
    assert steps.evaluate_on_test(page) >= 0.96


def test_photographs_of_many_sizes(page: Page, shared_data: Path, tmp_path: Path) -> None:
    folder = photo_folders(shared_data, tmp_path / "photos")
    count = len(list(folder.rglob("*.*")))
    archive = ImageFolder.read(folder).pack(tmp_path / "photos.zip")
    page.goto("/")
    assert steps.bring_in(page, "Photographs", archive) == count
    page.get_by_test_id("rail-networks").click()
    page.get_by_test_id("network-new").first.click()
    page.get_by_test_id("network-template-small_cnn").click()
    choose(page, "network-new-dataset", "Photographs")
    page.get_by_test_id("network-create").click()
    expect(page.get_by_test_id("designer-canvas")).to_be_visible()
    steps.start_training(page, epochs=2)
    steps.wait_until_trained(page)
    steps.open_inspect(page)
    assert steps.explain(page, "gradcam", tmp_path / "gradcam.png") > 0
    assert steps.explain(page, "lime", tmp_path / "lime.png") > 0
