"""Shapes, parameters, FLOPs, memory and problems of a network, with quick fixes."""

from netloom.analyze.analyzer import analyze
from netloom.analyze.model import Analysis, Binding, NodeAnalysis, Totals
from netloom.analyze.training_memory import TrainingMemory, training_memory

__all__ = [
    "Analysis",
    "Binding",
    "NodeAnalysis",
    "Totals",
    "TrainingMemory",
    "analyze",
    "training_memory",
]
