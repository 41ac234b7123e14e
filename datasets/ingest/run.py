"""One import from its source to its report.

Walk twice: first the names, which say what the folders mean; then the contents, in batches that
flow through the decoding processes into the database. What the dataset has already is passed over
by content before it is decoded, so that an import that starts again goes on where it was.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from datasets.ingest.layout import (
    GroupPattern,
    Layout,
    Parts,
    is_document,
    is_junk,
    natural_order,
    read_layout,
)
from datasets.ingest.pictures import Candidate, Picture, Refusal
from datasets.ingest.pool import PicturePool
from datasets.ingest.report import Report
from datasets.ingest.sources import Entry, Source, Unreadable, empty_import
from datasets.ingest.table import Table
from datasets.ingest.writer import Arrival, Writer
from datasets.log import lock
from datasets.models import Dataset, Import, Split
from datasets.originals import picture_workplace
from datasets.schemas import ImportOptions
from datasets.services import close_ranks
from datasets.splits import SplitShares
from datasets.stats import refresh_overview

DECODE_FILES = 32
DECODE_BYTES = 4 * 1024 * 1024
# A batch is one transaction, which must not keep others from writing for long, and one message to
# the pages. It is also what shows that something happens, so that slow sources write sooner.
WRITE_FILES = 500
WRITE_BYTES = 64 * 1024 * 1024
WRITE_S = 1.0
TELL_S = 0.5

Progress = Callable[[float | None, str], None]


def tell_nobody(share: float | None, text: str) -> None:
    """Progress that nobody waits for."""
    del share, text


@dataclass(slots=True)
class Survey:
    """What the names of a source say."""

    layout: Layout = field(default_factory=Layout)
    num_candidates: int = 0
    documents: list[str] = field(default_factory=list)
    num_documents: int = 0
    num_unlisted: int = 0
    splits: set[Split] = field(default_factory=set)
    classes: list[str] = field(default_factory=list)


class ImportRun:
    """Carries one import through.

    Args:
        progress: Called often with (share done, sentence); may raise to end the import.
        fixed_splits: Splits by path, for data whose split is part of what it is.
    """

    def __init__(
        self,
        report: Import,
        source: Source,
        *,
        person: Person | None,
        table: Table | None = None,
        progress: Progress = tell_nobody,
        fixed_splits: Callable[[Parts], Split | None] | None = None,
    ) -> None:
        self.dataset: Dataset = report.dataset
        self.report = report
        self.counts = Report()
        self._source = source
        self._person = person
        self._table = table
        self._progress = progress
        self._fixed_splits = fixed_splits
        self._options = ImportOptions.model_validate(report.options)
        pattern = self._options.group_pattern
        self._groups = GroupPattern(pattern) if pattern else None
        self._started = time.monotonic()
        self._last_told = -TELL_S
        self._num_seen = 0

    def run(self) -> Report:
        """Do it.

        Raises:
            Problem: `import_empty` when nothing can be used; nothing was changed then.
        """
        self._progress(None, "Looking at the files")
        survey = self._survey()
        counts = self.counts
        counts.num_files = survey.num_candidates + len(self._source.refused)
        for path, reason in self._source.refused:
            counts.skip(path, "refused", reason)
        if survey.num_candidates == 0:
            raise self._nothing_to_read(survey)
        with picture_workplace() as folder, PicturePool(folder) as pool:
            writer = self._writer(survey, folder)
            batches = self._unknown(survey, writer)
            self._write_all(survey, writer, pool.map(batches))
        self._progress(0.99, "Counting")
        self._finish(survey)
        return counts

    def _survey(self) -> Survey:
        survey = Survey()
        folders: set[Parts] = set()
        for entry in self._source.entries():
            if self._is_passed_over(entry, survey):
                continue
            survey.num_candidates += 1
            folders.add(entry.parts[:-1])
            if survey.num_candidates % 1000 == 0:
                self._progress(None, f"Looking at the files · {survey.num_candidates:,}")
        has_labels = self._options.label_from == "folder" and self._table is None
        layout = read_layout(folders, has_labels=has_labels)
        survey.layout = layout
        named = {layout.split_of((*folder, "")) for folder in folders}
        survey.splits = {split for split in named if split is not None}
        labels = {layout.class_of((*folder, "")) for folder in folders}
        if self._table is not None:
            labels = self._table.labels
            survey.splits |= self._table.splits
        survey.classes = sorted((name for name in labels if name), key=natural_order)
        return survey

    def _is_passed_over(self, entry: Entry, survey: Survey | None = None) -> bool:
        """Junk silently, documents with a note, files that a table does not name with a count."""
        if is_junk(entry.parts):
            return True
        if is_document(entry.parts):
            if survey is not None:
                survey.num_documents += 1
                survey.documents[3:] = []
                survey.documents.append(entry.parts[-1])
            return True
        if self._table is not None and self._table.find(entry.parts) is None:
            if survey is not None:
                survey.num_unlisted += 1
            return True
        return False

    def _writer(self, survey: Survey, pictures: Path) -> Writer:
        ratio = self._options.split_ratio
        shares = SplitShares(ratio.validation, ratio.test) if ratio else None
        train_shares = None
        if ratio and ratio.validation and Split.VALIDATION not in survey.splits:
            train_shares = SplitShares(ratio.validation, 0.0)
        return Writer(
            self.dataset,
            self.report,
            self.counts,
            person=self._person,
            shares=shares,
            train_shares=None if self._fixed_splits else train_shares,
            class_order=survey.classes,
            pictures=pictures,
        )

    def _arrivals(self, layout: Layout) -> Iterator[Arrival]:
        """Read and place the files; what cannot be read goes into the report."""
        for entry in self._source.entries():
            if self._is_passed_over(entry):
                continue
            try:
                data = entry.read()
            except Unreadable as error:
                self.counts.skip(entry.path, "unreadable", str(error))
                self._num_seen += 1
                continue
            digest = hashlib.sha256(data).hexdigest()
            yield self._place(entry, Candidate(entry.parts[-1], digest, data), layout)

    def _place(self, entry: Entry, candidate: Candidate, layout: Layout) -> Arrival:
        line = self._table.find(entry.parts) if self._table is not None else None
        group = self._groups.group_of(entry.parts) if self._groups else ""
        label, split = layout.class_of(entry.parts), layout.split_of(entry.parts)
        if line is not None:
            label, split, group = line.label, line.split or split, line.group or group
        if self._fixed_splits is not None:
            split = self._fixed_splits(entry.parts)
        return Arrival(entry.parts, candidate, entry.reference, label, split, group)

    def _unknown(self, survey: Survey, writer: Writer) -> Iterator[list[Arrival]]:
        """Batches of what the dataset does not have yet; the rest is accounted for at once."""
        for batch in _batched(self._arrivals(survey.layout), DECODE_FILES, DECODE_BYTES):
            self._tell(survey)
            known = writer.known([arrival.candidate.sha256 for arrival in batch])
            unknown: list[Arrival] = []
            for arrival in batch:
                item = known.get(arrival.candidate.sha256)
                if item is None or item.is_removed:
                    unknown.append(arrival)
                else:
                    writer.meet(arrival, item)
                    self._num_seen += 1
            if unknown:
                yield unknown

    def _write_all(
        self,
        survey: Survey,
        writer: Writer,
        decoded: Iterator[list[tuple[Arrival, Picture | Refusal]]],
    ) -> None:
        pending: list[tuple[Arrival, Picture]] = []
        num_bytes, last_written = 0, time.monotonic()
        for batch in decoded:
            self._num_seen += len(batch)
            self._tell(survey)
            for arrival, outcome in batch:
                if isinstance(outcome, Refusal):
                    self.counts.skip(arrival.path, outcome.code, outcome.reason)
                    continue
                pending.append((arrival, outcome))
                num_bytes += len(arrival.candidate.data)
            is_full = len(pending) >= WRITE_FILES or num_bytes >= WRITE_BYTES
            if is_full or (pending and time.monotonic() - last_written >= WRITE_S):
                writer.write(pending)
                pending, num_bytes, last_written = [], 0, time.monotonic()
        if pending:
            writer.write(pending)

    def _tell(self, survey: Survey) -> None:
        now = time.monotonic()
        if now - self._last_told < TELL_S:
            return
        self._last_told = now
        seconds = now - self._started
        rate = self._num_seen / seconds if seconds > 0.5 else 0.0
        text = f"{self._num_seen:,} of {survey.num_candidates:,} files"
        if rate:
            left_s = (survey.num_candidates - self._num_seen) / rate
            text += f" · {rate:,.0f}/s · {_duration(left_s)} left"
        self._progress(min(0.99, self._num_seen / survey.num_candidates), text)

    def _finish(self, survey: Survey) -> None:
        counts = self.counts
        if counts.num_done == counts.num_skipped:
            counts.save(self.report)
            most = ", ".join(f"{count} {code}" for code, count in counts.problem_counts.items())
            raise empty_import(
                f"Nothing could be read as an image: {_files(counts.num_files)} ({most}).",
                "The report lists them with the reason of each.",
                report_id=self.report.pk,
            )
        if self._table is not None:
            for file, reason in self._table.problems:
                counts.problem(file, "table", reason)
            more = self._table.num_problems - len(self._table.problems)
            if more:
                counts.problem_counts["table"] += more
            for line in self._table.missing():
                counts.problem(
                    line.file, "missing_file", f"Line {line.number} names it; it did not come."
                )
        counts.notes += self._notes(survey)
        with transaction.atomic():
            close_ranks(lock(self.dataset))
        refresh_overview(self.dataset)

    def _notes(self, survey: Survey) -> Iterator[str]:
        counts = self.counts
        if survey.num_documents:
            names = ", ".join(survey.documents[:3])
            more = ", …" if survey.num_documents > len(survey.documents) else ""
            yield f"Passed over, not an image: {_files(survey.num_documents)} ({names}{more})."
        if survey.num_unlisted:
            yield f"Passed over, not named in the CSV: {_files(survey.num_unlisted)}."
        if counts.num_labeled_later:
            yield f"Labeled now, though there before: {_images(counts.num_labeled_later)}."
        unlabeled = counts.num_added - counts.classes.total()
        if unlabeled and counts.classes:
            yield f"Without a label, outside of class folders: {_images(unlabeled)}."
        for name in _lonely(counts.classes):
            yield f"Class {name} has a single image: it cannot be both learned and checked."

    def _nothing_to_read(self, survey: Survey) -> Exception:
        self.counts.save(self.report)
        what = "There is no file in it"
        if survey.num_documents or survey.num_unlisted or self.counts.num_skipped:
            what = "There is no image in it"
        return empty_import(
            f"{what}; nothing was brought in.",
            "Choose a zip of class folders, image files, or a folder that holds them.",
            report_id=self.report.pk,
        )


def mark_started(report: Import) -> None:
    """The worker has begun."""
    Import.objects.filter(pk=report.pk).update(state="running", started_at=timezone.now())


def _batched(
    arrivals: Iterator[Arrival], max_files: int, max_bytes: int
) -> Iterator[list[Arrival]]:
    batch: list[Arrival] = []
    num_bytes = 0
    for arrival in arrivals:
        batch.append(arrival)
        num_bytes += len(arrival.candidate.data)
        if len(batch) >= max_files or num_bytes >= max_bytes:
            yield batch
            batch, num_bytes = [], 0
    if batch:
        yield batch


def _lonely(classes: Counter[str]) -> list[str]:
    return sorted(name for name, count in classes.items() if count == 1)[:20]


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
