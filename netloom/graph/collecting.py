"""Python's search for circular garbage, put off while much is made that is kept to the end."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Generator[None]:
    """Do without the search inside: it would go through everything made so far, again and again.

    For work that ends soon and whose size is limited. Other threads do without it as well.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
