"""Answering about trained checkpoints: predictions, explanations, evaluations, bundles.

`python -m netloom.serve` is the warm child of the interactive lane. It knows nothing of the studio;
it reads files that it is told of and writes files where it is told.
"""
