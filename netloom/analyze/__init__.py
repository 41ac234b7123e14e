"""Shapes, parameters, FLOPs, memory and problems of a network, with quick fixes."""

from netloom.analyze.analyzer import analyze
from netloom.analyze.model import Analysis, Binding, NodeAnalysis, Totals

__all__ = ["Analysis", "Binding", "NodeAnalysis", "Totals", "analyze"]
