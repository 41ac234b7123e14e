"""Quality for each class, out of counts. No torch. Legend: K classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netloom.explain.results import ClassReport


def class_reports(
    classes: Sequence[str], confusion_KK: Sequence[Sequence[int]]
) -> list[ClassReport]:
    """Return precision, recall and F1 of each class from counts (rows are true classes)."""
    counts_KK = np.array(confusion_KK, dtype=np.int64).reshape(len(classes), len(classes))
    right_K, support_K, claimed_K = (
        counts_KK.diagonal(),
        counts_KK.sum(axis=1),
        counts_KK.sum(axis=0),
    )
    return [
        ClassReport(
            name=name,
            precision=_ratio(int(right), int(claimed)),
            recall=_ratio(int(right), int(support)),
            f1=_ratio(2 * int(right), int(claimed + support)),
            support=int(support),
        )
        for name, right, support, claimed in zip(
            classes, right_K, support_K, claimed_K, strict=True
        )
    ]


def macro_f1(reports: Sequence[ClassReport]) -> float:
    """Return the mean F1 of the classes that occur, each counting the same."""
    found = [report.f1 for report in reports if report.f1 is not None]
    return sum(found) / len(found) if found else 0.0


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
