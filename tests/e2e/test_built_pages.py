"""How the built pages reach a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext


@pytest.mark.e2e
def test_scripts_come_compressed_and_may_be_kept(
    open_context: Callable[..., BrowserContext],
) -> None:
    request = open_context().request
    [script, *_] = re.findall(r'src="(/assets/[^"]+\.js)"', request.get("/").text())
    answer = request.get(script)
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
