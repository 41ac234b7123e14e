"""Executing one attempt of a run: a thin parent of the training process; imports no torch."""
