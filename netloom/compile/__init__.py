"""A document as a `torch.fx.GraphModule`, and as readable PyTorch source.

`generate_source` needs no torch; importing this package does not load it either.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from netloom.compile.errors import CompileError, node_of_exception
from netloom.compile.source import generate_source

if TYPE_CHECKING:
    from netloom.compile.module import Network, build_module, thaw_modules
    from netloom.compile.weights import LoadReport, Mismatch, load_weights, state_weights

__all__ = [
    "CompileError",
    "LoadReport",
    "Mismatch",
    "Network",
    "build_module",
    "generate_source",
    "load_weights",
    "node_of_exception",
    "state_weights",
    "thaw_modules",
]

_NEEDS_TORCH = {
    "Network": "module",
    "build_module": "module",
    "thaw_modules": "module",
    "LoadReport": "weights",
    "Mismatch": "weights",
    "load_weights": "weights",
    "state_weights": "weights",
}


def __getattr__(name: str) -> object:
    """Load what needs torch when it is first asked for."""
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NEEDS_TORCH[name]}"), name)
