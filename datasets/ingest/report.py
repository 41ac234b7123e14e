"""What an import has done so far, counted while it runs and kept with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from datasets.models import Import

MAX_PROBLEMS = 1000


@dataclass(slots=True)
class Report:
    """Counts and problems; every candidate file ends in exactly one of the four numbers.

    Attributes:
        num_skipped: Files that are no usable images.
    """

    num_files: int = 0
    num_added: int = 0
    num_duplicates: int = 0
    num_conflicts: int = 0
    num_skipped: int = 0
    num_labeled_later: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    problems: list[dict[str, str]] = field(default_factory=list)
    problem_counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def problem(self, file: str, code: str, reason: str) -> None:
        """List a file; beyond a thousand they are only counted."""
        self.problem_counts[code] += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"file": file[:500], "code": code, "reason": reason[:500]})

    def skip(self, file: str, code: str, reason: str) -> None:
        """List a file that is no usable image."""
        self.num_skipped += 1
        self.problem(file, code, reason)

    @property
    def num_done(self) -> int:
        return self.num_added + self.num_duplicates + self.num_conflicts + self.num_skipped

    def save(self, report: Import, **fields: object) -> None:
        """Write the present state to the database."""
        Import.objects.filter(pk=report.pk).update(
            num_files=self.num_files,
            num_added=self.num_added,
            num_duplicates=self.num_duplicates,
            num_conflicts=self.num_conflicts,
            num_skipped=self.num_skipped,
            classes=dict(self.classes),
            problems=self.problems,
            problem_counts=dict(self.problem_counts),
            notes=self.notes,
            **fields,
        )
