"""Handlers whose import never ends, as that of torch on a machine without a free core."""

from __future__ import annotations

import threading

HANDLERS: dict[str, object] = {}
threading.Event().wait()
