"""Weights of a file put into a network, with a report of how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.formats.bundle import BundleMeta, make_meta
from netloom.formats.imported import MAX_REPORTED_WEIGHTS, ImportedNetwork, ImportReport
from netloom.formats.matching import COUNTER, STAYS, Matching, apply_matching, match_weights
from netloom.formats.normalisations import NORMALISATIONS, NormalisationName, with_normalisation
from netloom.formats.weight_file import WeightFile, read_weight_file
from netloom.graph.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class LoadedWeights:
    """A network with the weights of a file, and which tensor went where."""

    network: ImportedNetwork
    matching: Matching


def load_weight_file(
    document: Document,
    file: WeightFile | Path,
    *,
    normalisation: NormalisationName | None = None,
    meta: BundleMeta | None = None,
) -> LoadedWeights:
    """Match a file of weights to a network and take over what fits.

    Args:
        normalisation: How images were given where the weights were trained; None leaves the
            network's own.
        meta: What is known of the network, such as its classes.

    Raises:
        FormatError: The file cannot be read, or holds no weights.
    """
    found = read_weight_file(file) if isinstance(file, Path) else file
    is_bgr = normalisation is not None and NORMALISATIONS[normalisation].is_bgr
    matching = match_weights(document, found.facts, is_bgr=is_bgr)
    if normalisation is not None:
        document = with_normalisation(document, normalisation)
    given = meta or BundleMeta()
    described = make_meta(
        document,
        classes=given.classes,
        licence=given.licence,
        description=given.description,
    )
    report = matching_report(matching, found.format, normalisation)
    weights = apply_matching(matching, found.tensors)
    weights.update(_counters(matching, weights))
    return LoadedWeights(ImportedNetwork(document, report, weights, described), matching)


def _counters(matching: Matching, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return counts of batches, which other tools leave out, for statistics that were loaded."""
    import torch

    keys = counters_of(matching)
    return {key: torch.zeros((), dtype=torch.int64) for key in keys if key not in weights}


def counters_of(matching: Matching) -> list[str]:
    """Return the weight keys of counters beside statistics that are loaded."""
    return [
        f"{row.weight_key.removesuffix('running_mean')}{COUNTER}"
        for row in matching.rows
        if row.how != "none" and row.tensor == "running_mean"
    ]


def matching_report(
    matching: Matching, file_format: str, normalisation: NormalisationName | None
) -> ImportReport:
    """Return what a person should know of weights that were matched to a network."""
    unused = [row.file_key for row in matching.rows if row.file_key and row.how == "none"]
    missing = [
        row.weight_key
        for row in matching.rows
        if row.weight_key and row.how == "none" and row.note != STAYS
    ]
    return ImportReport(
        format=file_format,
        unused_weights=unused[:MAX_REPORTED_WEIGHTS],
        num_unused_weights=len(unused),
        missing_weights=missing[:MAX_REPORTED_WEIGHTS],
        num_missing_weights=len(missing),
        notes=[*matching_words(matching), *_given_as(normalisation)],
    )


def matching_words(matching: Matching) -> Sequence[str]:
    """Say in sentences how much of a file found its place."""
    words = [
        f"{matching.num_matched:,} of the network's {matching.num_places:,} tensors are in the "
        f"file: {matching.share:.1%} of its learned numbers.",
        f"{matching.layers:,} of {matching.num_layers:,} layers with weights are filled. "
        + _unused_words(matching),
    ]
    if not matching.is_complete:
        words.append(
            "Shapes of the network are unknown somewhere: layers there took no part. Solve its "
            "problems first."
        )
    return [*words, *matching.notes]


def _unused_words(matching: Matching) -> str:
    num = matching.num_unused
    if not num:
        return "Every tensor of the file found its place."
    return f"{num:,} {'tensor' if num == 1 else 'tensors'} of the file found no place."


def _given_as(normalisation: NormalisationName | None) -> list[str]:
    if normalisation is None:
        return ["Files of weights do not say how images were normalised: compare the image input."]
    return [f"Images are given as {NORMALISATIONS[normalisation].title}."]
