"""Where Redis is: named by the operator, or the private one of the running launcher."""

from __future__ import annotations

import json
from pathlib import Path

from config.environment import Environment

RUNTIME_FILE = "runtime.json"


def runtime_file(data_folder: Path) -> Path:
    """Written by the launcher while it runs, so that other commands find its Redis."""
    return data_folder / RUNTIME_FILE


def redis_url(env: Environment) -> str:
    """Address of Redis; empty when nothing runs, and then nobody needs waking."""
    if env.redis_url:
        return env.redis_url
    try:
        return str(json.loads(runtime_file(env.data).read_text())["redis_url"])
    except (OSError, ValueError, KeyError):
        return ""
