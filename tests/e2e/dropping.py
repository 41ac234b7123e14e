"""Dropping a file on the page, as the hand of a person does."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Page

READ_WITHIN_MS = 120_000
"""What a file of a network may take until it stands on the page, on a busy machine."""

_DROP = """([name, content, type, onto]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], name, { type }));
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        document.querySelector(onto).dispatchEvent(
            new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }),
        );
    }
}"""


def drop(page: Page, path: Path, name: str, *, kind: str = "", onto: str = "#main") -> None:
    """Drop a file.

    Args:
        name: What it is called there.
        kind: Its media type, as far as the system of the person knows it.
        onto: Selector of what is under the hand.
    """
    content = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(_DROP, [name, content, kind, onto])
