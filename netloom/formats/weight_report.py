"""What became of the tensors of a file: which the network has no place for, which it lacks."""

from __future__ import annotations

from dataclasses import replace

from netloom.formats.imported import MAX_REPORTED_WEIGHTS, ImportedNetwork
from netloom.surgery.expand import expand

_COUNTER = "num_batches_tracked"


def with_weight_report(imported: ImportedNetwork) -> ImportedNetwork:
    """Keep the tensors that fit a layer, and name the others and what is missing.

    What a reader has found unused itself, by the names of its file, stays named.
    """
    if not imported.weights:
        return imported
    expansion = expand(imported.document)
    specs = {t.key: t for use in expansion.uses for t in (*use.parameters, *use.buffers)}
    if not expansion.is_complete:
        return imported
    fitting = {
        key: tensor
        for key, tensor in imported.weights.items()
        if key in specs and tuple(tensor.shape) == specs[key].shape
    }
    unused = [*imported.report.unused_weights, *(set(imported.weights) - set(fitting))]
    # Only training counts batches, and most other tools keep no such number.
    missing = [key for key, spec in specs.items() if key not in fitting and spec.name != _COUNTER]
    report = imported.report.model_copy(
        update={
            "unused_weights": sorted(unused)[:MAX_REPORTED_WEIGHTS],
            "num_unused_weights": max(len(unused), imported.report.num_unused_weights),
            "missing_weights": missing[:MAX_REPORTED_WEIGHTS],
            "num_missing_weights": len(missing),
        }
    )
    return replace(imported, report=report, weights=fitting)
