"""PyTorch source back into a network: parsed and looked at, never executed. No torch here."""

from netloom.readback.model import Reading, SourcePlace, SourceProblem
from netloom.readback.read import read_source

__all__ = ["Reading", "SourcePlace", "SourceProblem", "read_source"]
