"""Netloom's library: networks as documents, analysed, compiled, trained and explained.

Nothing in this package knows of Django; everything works from a notebook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netloom.formats.estimator import from_estimator
    from netloom.formats.traced import from_module
    from netloom.pushing import push
    from netloom.transfer_learning import transfer

__all__ = ["__version__", "from_estimator", "from_module", "push", "transfer"]

__version__ = "0.1.0"
_DOORS = {
    "from_estimator": "netloom.formats.estimator",
    "from_module": "netloom.formats.traced",
    "push": "netloom.pushing",
    "transfer": "netloom.transfer_learning",
}


def __getattr__(name: str) -> object:
    """Load what needs torch when it is first asked for."""
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_DOORS[name]), name)
