"""A running studio and a signed-in Chromium for the tests that drive the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect

from tour.browser import WINDOW, chromium
from tour.studio import Studio, private_studio

STARTED_WITHIN_MS = 60_000
ANSWERED_WITHIN_MS = 30_000
SAMPLES_WITHIN_MS = 120_000
UNTIL_SAMPLES_ARE_THERE = """async (deadline_ms) => {
    const read = async (path) => (await fetch(path)).json();
    const { projects } = await read('/api/session');
    const isReady = async () => {
        const datasets = await read(`/api/projects/${projects[0].id}/datasets`);
        const jobs = await Promise.all(
            ['queued', 'running'].map((state) => read(`/api/jobs?state=${state}`)),
        );
        const isIdle = jobs.every(({ items }) => items.length === 0);
        return isIdle && datasets.length > 1 && datasets.every(({ num_items }) => num_items > 0);
    };
    const end = performance.now() + deadline_ms;
    while (!(await isReady())) {
        if (performance.now() > end) throw new Error('The sample data did not arrive.');
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}"""

expect.set_options(timeout=ANSWERED_WITHIN_MS)  # as patient as clicks are


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One studio for all browser tests of this process; every test makes what it changes."""
    with private_studio(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for a file of tests; while it is open, Django's ORM refuses to work here."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def signed_in(studio: Studio) -> StorageState:
    """What a browser keeps of somebody who followed the printed link, which works once."""
    with chromium() as browser, browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        page.goto(studio.signin_url)
        expect(page.get_by_test_id("rail-networks")).to_be_visible(timeout=STARTED_WITHIN_MS)
        page.evaluate(UNTIL_SAMPLES_ARE_THERE, SAMPLES_WITHIN_MS)
        return context.storage_state()


@pytest.fixture
def open_context(
    studio: Studio, browser: Browser, signed_in: StorageState
) -> Iterator[Callable[..., BrowserContext]]:
    """Open another signed-in window of the same person: `open_context(color_scheme="dark")`."""
    with ExitStack() as windows:

        def open_window(**options: object) -> BrowserContext:
            settings = {"viewport": WINDOW, "base_url": studio.url, **options}
            window = windows.enter_context(
                browser.new_context(storage_state=signed_in, **settings)  # type: ignore[arg-type]
            )
            window.set_default_timeout(ANSWERED_WITHIN_MS)
            return window

        yield open_window
