"""Modules of PyTorch as networks: recorded while they run, then drawn."""

from netloom.formats.traced.importing import from_module

__all__ = ["from_module"]
