"""A signed-in Chromium on a studio of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from bench.client import Client
from bench.registry import NotMeasurable
from tour.browser import WINDOW, chromium
from tour.studio import Studio

_STEP_TIMEOUT_MS = 60_000


@contextmanager
def signed_in_page(
    studio: Studio, client: Client, *, arguments: tuple[str, ...] = ()
) -> Iterator[Page]:
    """Open a page of the same person, before it has loaded anything."""
    cookies = [
        {"name": name, "value": value, "url": studio.url} for name, value in client.cookies.items()
    ]
    with bare_context(base_url=studio.url, arguments=arguments) as context:
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(_STEP_TIMEOUT_MS)
        expect.set_options(timeout=_STEP_TIMEOUT_MS)
        yield page


@contextmanager
def bare_context(
    *, base_url: str | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[BrowserContext]:
    """Start a Chromium in which nobody is signed in.

    Raises:
        NotMeasurable: There is none.
    """
    try:
        with chromium(arguments=arguments) as browser:
            yield browser.new_context(viewport=WINDOW, base_url=base_url)
    except PlaywrightError as error:
        if "Executable doesn't exist" in str(error):
            raise NotMeasurable("There is no Chromium here; `make test` installs one.") from error
        raise
